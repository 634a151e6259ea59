"""The official MD5 hash of NAS-Bench-101 cells, for many cells at once.

Source: Ying et al. 2019, appendix on isomorphism (after Ying 2019,
"Enumerating unique computational graphs via an iterative graph invariant"),
and `hash_module` of the official project. The benchmark's files are keyed by
this hash.

Dimensions: `n` cells of `V` vertices.
"""

import hashlib
import io
from collections.abc import Iterable

import numpy as np

from nasjax import progress as progress_lib
from nasjax.spaces import nb101_modelspec as modelspec

_CHUNK = 8192
_HEX = 32


def module_hash(
  adjacency: np.ndarray, ops: np.ndarray, progress: bool = False
) -> np.ndarray:
  """Hashes pruned cells.

  Args:
    adjacency: `[n, 7, 7]`, as `nb101_modelspec.to_matrix` gives it.
    ops: `[n, 7]`, likewise.
    progress: whether to show progress.

  Returns:
    Hexadecimal MD5 hashes, `[n]` of dtype `S32`.
  """
  hashes = np.empty(len(ops), f"S{_HEX}")
  sizes = (ops != modelspec.PADDING).sum(1)
  stream = None if progress else io.StringIO()
  bar = progress_lib.Progress(
    "NB101 hashes", len(ops), unit="cells", stream=stream
  )
  with bar:
    for size in np.unique(sizes):
      cells = np.flatnonzero(sizes == size)
      for rows in np.split(cells, range(_CHUNK, len(cells), _CHUNK)):
        hashes[rows] = _hash(adjacency[rows, :size, :size], ops[rows, :size])
        bar.update(len(rows))
  return hashes


def _hash(adjacency: np.ndarray, ops: np.ndarray) -> np.ndarray:
  """Hashes cells `[n, V, V]`, `[n, V]` without padding, `[n]` S32."""
  adjacency, names = adjacency != 0, _first_names(adjacency, ops)
  for _ in range(ops.shape[1]):
    adjacency, names = _in_name_order(adjacency, names)
    names = _next_names(adjacency, names)
  names = np.sort(names, axis=1).astype(f"U{_HEX}")
  return _md5(str(row).encode() for row in names.tolist())


def _md5(messages: Iterable[bytes]) -> np.ndarray:
  # The flag lets machines that forbid MD5 for security (FIPS) run this.
  digests = b"".join(
    [hashlib.md5(m, usedforsecurity=False).digest() for m in messages]
  )
  return np.frombuffer(digests.hex().encode(), f"S{_HEX}")


def _first_names(adjacency: np.ndarray, ops: np.ndarray) -> np.ndarray:
  """Names vertices by out-degree, in-degree and operation, `[n, V]` S32."""
  out_degree = adjacency.sum(2, dtype=int)
  in_degree = adjacency.sum(1, dtype=int)
  triples = np.stack([out_degree, in_degree, ops], -1).reshape(-1, 3)
  kinds, inverse = np.unique(triples, axis=0, return_inverse=True)
  names = _md5(str(tuple(kind)).encode() for kind in kinds.tolist())
  return names[inverse].reshape(ops.shape)


def _in_name_order(adjacency, names):
  """Renumbers vertices so that the names of each cell ascend."""
  order = np.argsort(names, axis=1)
  rows = np.arange(len(names))[:, None]
  adjacency = adjacency[rows[..., None], order[:, :, None], order[:, None]]
  return adjacency, names[rows, order]


def _next_names(adjacency: np.ndarray, names: np.ndarray) -> np.ndarray:
  """Hashes `predecessors|successors|own` of vertices in name order."""
  result = np.empty_like(names)
  in_degree, out_degree = adjacency.sum(1), adjacency.sum(2)
  kinds = in_degree * names.shape[1] + out_degree
  for kind in np.unique(kinds):
    cells, vertices = np.nonzero(kinds == kind)
    before = np.nonzero(adjacency[cells, :, vertices])[1]
    after = np.nonzero(adjacency[cells, vertices])[1]
    parts = [
      _text(names, cells, before),
      np.full((len(cells), 1), ord("|"), np.uint8),
      _text(names, cells, after),
      np.full((len(cells), 1), ord("|"), np.uint8),
      _text(names, cells, vertices),
    ]
    text = np.concatenate(parts, 1)
    data, step = text.tobytes(), text.shape[1]
    starts = range(0, len(data), step)
    result[cells, vertices] = _md5(data[i : i + step] for i in starts)
  return result


def _text(names, cells, vertices):
  """Joins the names of equally many vertices of each cell, `[m, 32k]` uint8."""
  vertices = vertices.reshape(len(cells), len(vertices) // len(cells))
  joined = names[cells[:, None], vertices]
  width = vertices.shape[1] * _HEX
  return np.ascontiguousarray(joined).view(np.uint8).reshape(len(cells), width)
