"""One code and one hash for all isomorphic cells of the DARTS space."""

import itertools

import numpy as np


def hash_cells(cells: np.ndarray) -> np.ndarray:
  """Hashes `[n, 2, 8, 2]`; equal where `canonical_codes` are, `[n]` uint64."""
  codes = canonical_codes(cells)
  return _mix(codes[:, 0] + _mix(codes[:, 1]))


def canonical_codes(cells: np.ndarray) -> np.ndarray:
  """Writes each cell in the one way that all isomorphic cells share.

  Dead edges are dropped first: an edge is dead if its operation is `none` or
  if it reads an intermediate node without a live edge. A cell is then four
  sets of at most two (input, operation) pairs; the code is the smallest one
  over all 24 renamings of the intermediate nodes, 6 bits an edge. Two cells
  share a code exactly if they are isomorphic.

  Args:
    cells: valid genotypes, `[n, 2, 8, 2]`.

  Returns:
    The codes of the normal and the reduction cell, `[n, 2]` uint64.
  """
  inputs, ops = np.moveaxis(cells.astype(np.uint64), -1, 0)
  alive = np.ones((len(inputs), 2, 6), bool)
  for node in range(2, 6):
    edges = slice(2 * node - 4, 2 * node - 2)
    source = np.take_along_axis(alive, inputs[..., edges].astype(int), 2)
    ops[..., edges] *= source
    alive[..., node] = ops[..., edges].any(-1)
  smallest = None
  for order in itertools.permutations(range(4)):
    code = _code(inputs, ops, np.array(order))
    smallest = code if smallest is None else np.minimum(smallest, code)
  assert smallest is not None
  return smallest


def _code(inputs: np.ndarray, ops: np.ndarray, order: np.ndarray) -> np.ndarray:
  """Packs cells whose intermediate node k is called `order[k]`."""
  names = np.array([0, 1, *(order + 2)], np.uint64)
  edges = np.where(ops > 0, names[inputs.astype(int)] * 8 + ops, 0)
  nodes = np.sort(edges.reshape(*edges.shape[:2], 4, 2), axis=-1)
  packed = nodes[..., 0] * 64 + nodes[..., 1]
  shift = (12 * order).astype(np.uint64)
  return (packed << shift).sum(-1, dtype=np.uint64)


def _mix(values: np.ndarray) -> np.ndarray:
  """Spreads `[n]` uint64 one to one: the finaliser of splitmix64."""
  values = (values ^ (values >> 30)) * np.uint64(0xBF58476D1CE4E5B9)
  values = (values ^ (values >> 27)) * np.uint64(0x94D049BB133111EB)
  return values ^ (values >> 31)
