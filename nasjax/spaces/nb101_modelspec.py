"""NAS-Bench-101 cells as matrices: genotype layout, pruning, validity.

Source: Ying et al. 2019, "NAS-Bench-101: Towards Reproducible Neural
Architecture Search", section 2.1, and the ModelSpec of the official project.

Dimensions: `n` cells, `N` vertices of a padded matrix, `V <= N` real ones.
Vertices are in topological order: edges run from lower to higher numbers.
"""

from typing import Any

import numpy as np

MAX_VERTICES = 7
MAX_EDGES = 9
NUM_EDGE_BITS = 21
MAX_INNER = MAX_VERTICES - 2
GENOTYPE_LENGTH = NUM_EDGE_BITS + MAX_INNER
INPUT, OUTPUT, PADDING = -1, -2, -9
OP_NAMES = ("conv3x3-bn-relu", "conv1x1-bn-relu", "maxpool3x3")
CONV3X3, CONV1X1, MAXPOOL3X3 = range(3)

TARGETS, SOURCES = np.tril_indices(MAX_VERTICES, -1)
"""Ends of the edge behind each edge bit, `[21]`: bit `x + y(y-1)/2`."""

_BIT_OF_PAIR = np.full((MAX_VERTICES, MAX_VERTICES), NUM_EDGE_BITS)
_BIT_OF_PAIR[SOURCES, TARGETS] = np.arange(NUM_EDGE_BITS)


def to_matrix(genotypes: Any, xp: Any = np) -> tuple[Any, Any]:
  """Unpacks genotypes.

  Args:
    genotypes: `[n, 26]` integers, numpy or traced.
    xp: the array module, `numpy` or `jax.numpy`.

  Returns:
    The adjacency `[n, 7, 7]` and the operations `[n, 7]` of the vertices (a
    code of `OP_NAMES`, or `INPUT`, `OUTPUT`, `PADDING`), both in the dtype of
    the genotypes. The output is vertex `V - 1`, padding comes behind it.
  """
  bits, codes = genotypes[:, :NUM_EDGE_BITS], genotypes[:, NUM_EDGE_BITS:]
  place = xp.arange(MAX_VERTICES)[None]
  last = (codes >= 0).sum(1)[:, None] + 1
  end = xp.zeros_like(codes[:, :1])
  ops = xp.concatenate([end, codes, end], 1)
  ops = xp.where(place < last, ops, PADDING)
  ops = xp.where(place == last, OUTPUT, ops)
  ops = xp.where(place == 0, INPUT, ops)
  bits = xp.concatenate([bits, end], 1)[:, _BIT_OF_PAIR.reshape(-1)]
  return bits.reshape(-1, MAX_VERTICES, MAX_VERTICES), ops


def from_matrix(adjacency: np.ndarray, ops: np.ndarray) -> np.ndarray:
  """Packs what `to_matrix` returns into genotypes `[n, 26]` int8."""
  codes = np.where(ops[:, 1:-1] >= 0, ops[:, 1:-1], -1)
  bits = adjacency[:, SOURCES, TARGETS]
  return np.concatenate([bits, codes], 1).astype(np.int8)


def on_path(adjacency: np.ndarray, ops: np.ndarray) -> np.ndarray:
  """Says which vertices lie on a path from input to output.

  Args:
    adjacency: upper triangular, `[n, N, N]`.
    ops: `[n, N]`; vertex 0 is the input, `OUTPUT` marks the output.

  Returns:
    `[n, N]` bool; all False where the output cannot be reached.
  """
  edges = adjacency != 0
  forward, backward = np.zeros(ops.shape, bool), ops == OUTPUT
  forward[:, 0] = True
  for v in range(1, ops.shape[1]):
    forward[:, v] |= (edges[:, :v, v] & forward[:, :v]).any(1)
  for v in reversed(range(ops.shape[1] - 1)):
    backward[:, v] |= (edges[:, v, v + 1 :] & backward[:, v + 1 :]).any(1)
  return forward & backward


def prune(
  adjacency: np.ndarray, ops: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
  """Removes vertices that no path from input to output visits.

  As in the official ModelSpec: the others keep their order, and unconnected
  cells lose every vertex.

  Args:
    adjacency: upper triangular, `[n, N, N]`.
    ops: `[n, N]`, as `to_matrix` gives them.

  Returns:
    Adjacency and operations of the same shapes, real vertices in front.
  """
  keep = on_path(adjacency, ops)
  order = np.argsort(~keep, axis=1, kind="stable")
  rows = np.arange(len(ops))[:, None]
  keep, ops = keep[rows, order], ops[rows, order]
  adjacency = adjacency[rows[..., None], order[:, :, None], order[:, None]]
  adjacency = adjacency * (keep[:, :, None] & keep[:, None])
  return adjacency, np.where(keep, ops, PADDING).astype(ops.dtype)


def in_domain(adjacency: np.ndarray, ops: np.ndarray) -> np.ndarray:
  """Says which pruned cells `[n, 7, 7]`, `[n, 7]` the benchmark has."""
  connected = (ops == OUTPUT).any(1)
  return connected & (adjacency.sum((1, 2), dtype=int) <= MAX_EDGES)


def is_valid(genotypes: np.ndarray) -> np.ndarray:
  """Says which rows `[n, 26]` are pruned cells of the space, `[n]` bool."""
  bits, codes = genotypes[:, :NUM_EDGE_BITS], genotypes[:, NUM_EDGE_BITS:]
  well = ((bits == 0) | (bits == 1)).all(1)
  well &= ((codes >= -1) & (codes < len(OP_NAMES))).all(1)
  well &= ((codes[:, 1:] < 0) | (codes[:, :-1] >= 0)).all(1)
  adjacency, ops = to_matrix(np.where(well[:, None], genotypes, 0))
  real = ops != PADDING
  inside = real[:, :, None] & real[:, None]
  well &= ((adjacency == 0) | inside).all((1, 2))
  well &= (on_path(adjacency, ops) == real).all(1)
  return well & in_domain(adjacency, ops)
