"""A small space with known optima: 4 operations on 5 edges."""

import jax.numpy as jnp
import numpy as np

from nasjax import operators
from nasjax.spaces import base

_SOURCES, _TARGETS = (0, 0, 1, 5, 2, 4, 3), (1, 5, 2, 4, 3, 3, 6)
_PLACES = 4 ** np.arange(4, -1, -1)
WEIGHTS = np.array(
  [
    [0.0, 1.0, 2.0, 4.0],
    [3.0, 0.0, 1.0, 2.0],
    [0.0, 5.0, 1.0, 2.0],
    [1.0, 2.0, 7.0, 0.0],
    [0.0, 1.0, 2.0, 3.0],
  ]
)
BEST = np.array([3, 0, 1, 2, 3], np.int8)
BEST_SCORE = 4.0 + 3.0 + 5.0 + 7.0 + 3.0


class Toy(base.Space):
  """All but the cell 00000; mirrored cells are isomorphic.

  Edges 0 and 1 are one branch, 4 and 3 the other; both end in edge 2.
  """

  name = "toy"
  genotype_length = 5
  num_nodes = 7
  op_names = ("a", "b", "c", "d")
  operator_names = ("skip_connect", "conv_1x1", "conv_3x3", "avg_pool_3x3")
  max_hops = 4

  def __init__(self, enumerable=True):
    self.size = 4**5 - 1 if enumerable else None

  def parse(self, archs):
    codes = [[self.op_names.index(op) for op in arch] for arch in archs]
    return np.array(codes, np.int8).reshape(-1, 5)

  def format(self, genotypes):
    return ["".join(row) for row in np.array(self.op_names)[genotypes]]

  def is_valid(self, genotypes):
    in_range = (genotypes >= 0) & (genotypes < 4)
    return in_range.all(axis=1) & (genotypes != 0).any(axis=1)

  def enumerate(self):
    if self.size is None:
      return super().enumerate()
    index = np.arange(1, 4**5)
    return (index[:, None] // _PLACES % 4).astype(np.int8)

  def sample(self, num, rng):
    index = rng.integers(1, 4**5, size=num)
    return (index[:, None] // _PLACES % 4).astype(np.int8)

  def mutate(self, genotypes, rng):
    children = genotypes.copy()
    rows, edges = np.arange(len(children)), rng.integers(5, size=len(children))
    shift = rng.integers(1, 4, size=len(children))
    children[rows, edges] = (children[rows, edges] + shift) % 4
    return np.where(self.is_valid(children)[:, None], children, genotypes)

  def crossover(self, first, second, rng):
    mixed = np.where(rng.random(first.shape) < 0.5, first, second)
    return np.where(self.is_valid(mixed)[:, None], mixed, first)

  def neighbours(self, genotype):
    edges, shift = np.divmod(np.arange(15), 3)
    children = np.tile(genotype, (15, 1))
    children[np.arange(15), edges] = (genotype[edges] + shift + 1) % 4
    return children[self.is_valid(children)]

  def fingerprint(self, genotypes):
    keys = self.lookup_keys(genotypes)
    return np.minimum(keys, self.lookup_keys(genotypes[:, ::-1]))

  def lookup_keys(self, genotypes):
    return (genotypes.astype(np.int64) @ _PLACES).astype(np.uint64)

  def num_params(self, genotypes):
    return genotypes.sum(axis=1, dtype=np.int64)

  def flops(self, genotypes):
    return self.num_params(genotypes)

  def encode(self, genotypes):
    batch = genotypes.shape[0]
    ids = jnp.asarray(operators.operator_ids(self.operator_names))
    ends = jnp.array([[operators.INPUT], [operators.OUTPUT]], jnp.int32)
    first, last = (jnp.broadcast_to(end, (batch, 1)) for end in ends)
    adjacency = np.zeros((7, 7), np.float32)
    adjacency[_SOURCES, _TARGETS] = 1
    return base.EncodedCells(
      ops=jnp.concatenate([first, ids[genotypes], last], axis=1),
      channels=jnp.zeros((batch, 7, 2)),
      cell_type=jnp.zeros((batch, 7)),
      adjacency=jnp.broadcast_to(jnp.asarray(adjacency), (batch, 7, 7)),
      mask=jnp.ones((batch, 7)),
    )


def additive(genotypes):
  """Sums a weight per edge: one optimum, `BEST`, and no other local one."""
  return WEIGHTS[np.arange(5), genotypes].sum(axis=1)


def trap(genotypes):
  """Counts ones; five threes beat them all but no path leads there."""
  ones = (genotypes == 1).sum(axis=1)
  return np.where((genotypes == 3).all(axis=1), 9.0, ones)
