"""The official MD5 hash of NAS-Bench-101 cells, for many cells at once.

Source: Ying et al. 2019, appendix on isomorphism (after Ying 2019,
"Enumerating unique computational graphs via an iterative graph invariant"),
and `hash_module` of the official project. The benchmark's files are keyed by
this hash.

Dimensions: `n` cells of `V` vertices.
"""

import io

import numpy as np

from nasjax import progress as progress_lib
from nasjax.spaces import md5
from nasjax.spaces import nb101_modelspec as modelspec

_CHUNK = 1 << 15
_HEX = 32
_CODES = len(modelspec.OP_NAMES) - modelspec.PADDING


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
    names = _next_names(adjacency, md5.to_hex(names))
  _, names = _in_name_order(adjacency, names)
  return md5.to_hex(md5.digests(_printed_list(md5.to_hex(names))))


def _printed_list(names: np.ndarray) -> np.ndarray:
  """Prints each row of names `[n, V]` S32 as Python prints a list, uint8."""
  count, vertices = names.shape
  step = len("'', ") + _HEX
  text = np.full((count, 1 + vertices * step), ord("'"), np.uint8)
  text[:, 0], text[:, step - 1 :: step] = ord("["), ord(",")
  text[:, step::step] = ord(" ")
  text[:, -2] = ord("]")
  for vertex in range(vertices):
    start = 2 + vertex * step
    text[:, start : start + _HEX] = _octets(names[:, vertex])
  return text[:, :-1]


def _octets(texts: np.ndarray) -> np.ndarray:
  """The bytes of texts `[n]` S32, `[n, 32]` uint8."""
  return np.ascontiguousarray(texts).view(np.uint8).reshape(len(texts), _HEX)


def _first_names(adjacency: np.ndarray, ops: np.ndarray) -> np.ndarray:
  """Names vertices by out-degree, in-degree and operation, `[n, V, 2]`."""
  out_degree = adjacency.sum(2, dtype=int)
  in_degree = adjacency.sum(1, dtype=int)
  shape = (modelspec.MAX_VERTICES, modelspec.MAX_VERTICES, _CODES)
  triples = (out_degree, in_degree, ops - modelspec.PADDING)
  kinds, inverse = np.unique(
    np.ravel_multi_index(triples, shape), return_inverse=True
  )
  texts = [
    str((leaves, enters, code + modelspec.PADDING)).encode()
    for leaves, enters, code in np.stack(
      np.unravel_index(kinds, shape), axis=1
    ).tolist()
  ]
  names = [md5.digests(np.frombuffer(text, np.uint8)[None]) for text in texts]
  return np.concatenate(names)[inverse.reshape(ops.shape)]


def _in_name_order(adjacency, names):
  """Renumbers vertices so that the names `[n, V, 2]` of each cell ascend."""
  order = np.lexsort((names[..., 1], names[..., 0]), axis=1)
  rows = np.arange(len(names))[:, None]
  adjacency = adjacency[rows[..., None], order[:, :, None], order[:, None]]
  return adjacency, names[rows, order]


def _next_names(adjacency: np.ndarray, names: np.ndarray) -> np.ndarray:
  """Hashes `predecessors|successors|own` of vertices in name order.

  Args:
    adjacency: `[n, V, V]` bool.
    names: `[n, V]` S32, ascending in each cell.

  Returns:
    The next names, `[n, V, 2]` uint64.
  """
  result = np.empty((*names.shape, 2), np.uint64)
  in_degree, out_degree = adjacency.sum(1), adjacency.sum(2)
  kinds = in_degree * names.shape[1] + out_degree
  for kind in np.unique(kinds):
    cells, vertices = np.nonzero(kinds == kind)
    before = np.nonzero(adjacency[cells, :, vertices])[1]
    after = np.nonzero(adjacency[cells, vertices])[1]
    bar = np.full((len(cells), 1), ord("|"), np.uint8)
    parts = [_text(names, cells, before), bar, _text(names, cells, after), bar]
    text = np.concatenate([*parts, _text(names, cells, vertices)], 1)
    result[cells, vertices] = md5.digests(text)
  return result


def _text(names, cells, vertices):
  """Joins the names of equally many vertices of each cell, `[m, 32k]` uint8."""
  vertices = vertices.reshape(len(cells), len(vertices) // len(cells))
  joined = names[cells[:, None], vertices]
  width = vertices.shape[1] * _HEX
  return np.ascontiguousarray(joined).view(np.uint8).reshape(len(cells), width)
