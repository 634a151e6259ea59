"""Adjacency encoding: which operator stands where, as numbers of 0 and 1.

Dimensions: `n` cells, `G` integers of a genotype, `N` nodes of the op-on-node
graph, `O` operators of the space, `F` numbers of an encoding.
"""

import functools
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from nasjax import compiler, graphs, operators
from nasjax.spaces import base

_LEAST, _AT_ONCE = 256, 8192  # cells of a compiled call: powers of two


class Drawn(NamedTuple):
  """Cells as op-on-node graphs; all of 0 and 1, float32.

  Attributes:
    ops: which operator a node has; zeros on inputs, outputs and absent nodes,
      `[n, N, O]`.
    adjacency: which node feeds which, `[n, N, N]`.
    is_output: where paths end, `[n, N]`.
  """

  ops: np.ndarray
  adjacency: np.ndarray
  is_output: np.ndarray


def draw(space: base.Space, genotypes: np.ndarray, *, prune: bool) -> Drawn:
  """Draws cells `[n, G]`; compiles once for a power of two.

  Args:
    space: the space of the cells.
    genotypes: the cells.
    prune: whether nodes on no path from an input to an output are removed.
  """
  space = space.whole
  found = []
  for start in range(0, max(len(genotypes), 1), _AT_ONCE):
    rows = genotypes[start : start + _AT_ONCE]
    size = max(_LEAST, 1 << (len(rows) - 1).bit_length())
    padding = np.repeat(any_cell(space), size - len(rows), axis=0)
    padded = np.concatenate([rows, padding]).astype(np.int8)
    drawn = _program(space, prune)(jnp.asarray(padded))
    found.append([np.asarray(part)[: len(rows)] for part in drawn])
  return Drawn(*(np.concatenate(part) for part in zip(*found, strict=True)))


@functools.lru_cache(maxsize=8)
def any_cell(space: base.Space) -> np.ndarray:
  """A cell of a space, `[1, G]`."""
  return space.sample(1, np.random.default_rng(0))


@functools.lru_cache(maxsize=8)
def _program(space: base.Space, prune: bool) -> compiler.Program:
  ids = jnp.array(operators.operator_ids(space.operator_names))

  def compute(rows: jax.Array) -> tuple[jax.Array, jax.Array, jax.Array]:
    cells = graphs.build(space.encode(rows), prune=prune)
    mask = cells.mask
    ops = (cells.ops[..., None] == ids[None, None]) * mask[..., None]
    adjacency = cells.adjacency * mask[:, :, None] * mask[:, None, :]
    is_output = (cells.ops == operators.OUTPUT) * mask
    return ops, adjacency, is_output

  return compiler.jit(compute)


def onehot(space: base.Space, genotypes: np.ndarray) -> np.ndarray:
  """Adjacency encoding, categorical: which operator stands where.

  In NAS-Bench-201 the operator of each edge, in NAS-Bench-101 the adjacency
  matrix and the operator of each vertex, in DARTS the operator of each of
  2 x 14 edges, in the size space the channels of each place
  (`Space.edge_features`).

  Args:
    space: the space of the cells.
    genotypes: `[n, G]`.

  Returns:
    `[n, F]` float32 of 0 and 1; columns that are the same in all cells are
    left out.
  """
  space = space.whole
  edges = _edges(space, genotypes)
  return _flat(space, genotypes)[:, _varying(space)] if edges is None else edges


def _edges(space: base.Space, genotypes: np.ndarray) -> np.ndarray | None:
  found = space.edge_features(jnp.asarray(genotypes, jnp.int8))
  return None if found is None else np.asarray(found, np.float32)


def _flat(space: base.Space, genotypes: np.ndarray) -> np.ndarray:
  drawn = draw(space, genotypes, prune=False)
  num = len(genotypes)
  parts = drawn.adjacency.reshape(num, -1), drawn.ops.reshape(num, -1)
  return np.concatenate(parts, axis=1)


@functools.lru_cache(maxsize=8)
def _varying(space: base.Space) -> np.ndarray:
  """Columns of `_flat` that are not the same in all cells of a sample."""
  flat = _flat(space, space.sample(4096, np.random.default_rng(0)))
  return np.flatnonzero(flat.min(axis=0) != flat.max(axis=0))
