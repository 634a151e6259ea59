"""All 423,624 cells of NAS-Bench-101, and the file that remembers them.

Source: Ying et al. 2019, section 2.1: cells of up to 7 vertices and 9 edges
that differ as labelled graphs from input to output.
"""

import functools
import itertools
import logging
import pathlib

import numpy as np

from nasjax import errors, files
from nasjax.spaces import nb101_md5, wl_hash
from nasjax.spaces import nb101_modelspec as modelspec

NUM_CELLS = 423_624
ORDER = pathlib.Path(__file__).parent / "nb101_order.npz"
"""`order` `[423624]` uint32: the cells of `distinct_cells` by their hashes."""
_INNER_LABEL = 0


def fingerprint(adjacency: np.ndarray, ops: np.ndarray) -> np.ndarray:
  """Hashes pruned cells `[n, 7, 7]`, `[n, 7]` up to isomorphism, `[n]`."""
  return wl_hash.dag_hash(adjacency, ops, ops != modelspec.PADDING)


def distinct_cells(max_vertices: int = modelspec.MAX_VERTICES) -> np.ndarray:
  """Enumerates the cells anew, by number of vertices.

  Unlabelled graphs are told apart first, one of each kind is labelled in all
  ways, and the labelled graphs are told apart again. The least edge bits, then
  the least operations stand for a class, as in the official enumeration: the
  numbering matters, since channels and parameters depend on it.

  Args:
    max_vertices: 2 to 7; at most so many vertices.

  Returns:
    Genotypes, `[n, 26]` int8: n is 91, 2,532, 64,542 and 423,624 for up to 4,
    5, 6 and 7 vertices.
  """
  sizes = range(2, max_vertices + 1)
  return np.concatenate([_labelled(_graphs(size)) for size in sizes])


def enumerate_cells(
  max_vertices: int = modelspec.MAX_VERTICES, progress: bool = False
) -> np.ndarray:
  """Enumerates the cells anew, in ascending order of the official MD5 hash.

  Args:
    max_vertices: 2 to 7; at most so many vertices.
    progress: whether to show progress.

  Returns:
    Genotypes, `[n, 26]` int8.
  """
  genotypes = distinct_cells(max_vertices)
  return genotypes[hash_order(genotypes, progress)]


def hash_order(genotypes: np.ndarray, progress: bool = False) -> np.ndarray:
  """Rows of cells `[n, 26]` by their official MD5 hash, `[n]` uint32."""
  hashes = nb101_md5.module_hash(*modelspec.to_matrix(genotypes), progress)
  return np.argsort(hashes).astype(np.uint32)


def sorted_cells() -> np.ndarray:
  """Enumerates the whole space; the order of its hashes is known.

  Hashing takes 20 seconds of CPU time, all else two. `ORDER` is what
  `python -m nasjax.spaces.nb101_order` found by hashing.

  Returns:
    As `enumerate_cells()`, `[423624, 26]` int8.
  """
  return distinct_cells()[files.load_npz(ORDER)["order"]]


@functools.cache
def all_cells() -> np.ndarray:
  """Returns the whole space, from the cache file where there is one.

  Returns:
    Genotypes in ascending order of the official MD5 hash, `[423624, 26]` int8,
    read-only.
  """
  genotypes = _load(cache_path())
  if genotypes is None:
    genotypes = sorted_cells()
    _save(cache_path(), genotypes)
  genotypes.setflags(write=False)
  return genotypes


def cache_path() -> pathlib.Path:
  """Returns the name of the cache file."""
  return files.cache_dir() / "nb101_cells_v1.npz"


def _load(path: pathlib.Path) -> np.ndarray | None:
  if not path.exists():
    return None
  try:
    genotypes = files.load_npz(path)["genotypes"]
    if genotypes.shape == (NUM_CELLS, modelspec.GENOTYPE_LENGTH):
      return genotypes
    reason = f"shape {genotypes.shape}"
  except (errors.UserError, KeyError) as error:
    reason = str(error)
  _warn(f"enumerating NAS-Bench-101 again, its cache is unusable: {reason}")
  return None


def _save(path: pathlib.Path, genotypes: np.ndarray) -> None:
  try:
    files.save_npz(path, genotypes=genotypes)
  except errors.UserError as error:
    _warn(f"NAS-Bench-101 will be enumerated again next time: {error}")


def _warn(message: str) -> None:
  logging.getLogger(__name__).warning(message)


def _graphs(size: int) -> np.ndarray:
  """Returns one unlabelled graph per isomorphism class, `[m, 26]` int8.

  Every vertex lies on a path from input to output, because all but the input
  have an edge in and all but the output have one out. The least number made
  of the edge bits stands for its class.
  """
  num_bits = size * (size - 1) // 2
  numbers = np.arange(1, 1 << num_bits, dtype=np.uint32)
  numbers = numbers[np.bitwise_count(numbers) <= modelspec.MAX_EDGES]
  powers = 1 << np.arange(num_bits)
  sources, targets = modelspec.SOURCES[:num_bits], modelspec.TARGETS[:num_bits]
  for vertex in range(size - 1):
    numbers = numbers[numbers & powers[sources == vertex].sum() != 0]
    numbers = numbers[numbers & powers[targets == vertex + 1].sum() != 0]
  genotypes = np.full((len(numbers), modelspec.GENOTYPE_LENGTH), -1, np.int8)
  genotypes[:, : modelspec.NUM_EDGE_BITS] = 0
  genotypes[:, :num_bits] = (numbers[:, None] & powers) != 0
  genotypes[:, modelspec.NUM_EDGE_BITS :][:, : size - 2] = _INNER_LABEL
  return _distinct(genotypes)


def _labelled(graphs: np.ndarray) -> np.ndarray:
  """Gives graphs `[m, 26]` of one size all operations; distinct ones only."""
  inner = int((graphs[0, modelspec.NUM_EDGE_BITS :] >= 0).sum())
  codes = range(len(modelspec.OP_NAMES))
  labels = np.array(list(itertools.product(codes, repeat=inner)), np.int8)
  genotypes = np.repeat(graphs, len(labels), axis=0)
  first = modelspec.NUM_EDGE_BITS
  genotypes[:, first : first + inner] = np.tile(labels, (len(graphs), 1))
  return _distinct(genotypes)


def _distinct(genotypes: np.ndarray) -> np.ndarray:
  """Keeps the first genotype of each isomorphism class."""
  hashes = fingerprint(*modelspec.to_matrix(genotypes))
  return genotypes[np.sort(np.unique(hashes, return_index=True)[1])]
