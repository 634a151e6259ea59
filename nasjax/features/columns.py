"""Features of many architectures as models read them, on the host.

Dimensions: `n` architectures, `G` integers of a genotype, `F` features.
"""

import functools

import jax
import jax.numpy as jnp
import numpy as np

from nasjax import compiler, graphs
from nasjax.features import inputs, kinds, reads
from nasjax.spaces import base as spaces_base

_AT_ONCE = 1024


@compiler.own_numbers()
def side_by_side(
  space: spaces_base.Space,
  genotypes: np.ndarray,
  what: reads.Reads,
  *,
  prune: bool = True,
) -> np.ndarray:
  """Features of architectures in one compiled call.

  Their number is padded to a power of two, so that few shapes are compiled.

  Args:
    space: their space.
    genotypes: valid cells `[n, G]`, at least one.
    what: kinds of features; at least one.
    prune: whether dead nodes are removed first.

  Returns:
    `[n, F]` float32, standardised as models read them (`inputs.make`).

  Raises:
    UserError: the space has none of a kind.
  """
  size = min(_AT_ONCE, *(kinds.get(name).at_once for name in what.kinds))
  return _in_blocks(_compiled(space, what, prune), genotypes, size)


@compiler.own_numbers()
def of_kind(
  space: spaces_base.Space, genotypes: np.ndarray, kind: str
) -> np.ndarray:
  """Features of pruned architectures in their own units, `[n, F]` float32.

  As `tables.table`, compiled once for a power of two.

  Args:
    space: their space.
    genotypes: valid cells `[n, G]`, at least one.
    kind: a name in `nasjax.features.kinds`.

  Raises:
    UserError: the space has none of the kind.
  """
  size = min(_AT_ONCE, kinds.get(kind).at_once)
  return _in_blocks(_raw(space, kind), genotypes, size)


@compiler.own_numbers()
def is_connected(space: spaces_base.Space, genotypes: np.ndarray) -> np.ndarray:
  """Whether anything leads from an input to an output of cells, `[n]` bool.

  What is not connected computes nothing, and no training changes that.

  Args:
    space: their space.
    genotypes: valid cells `[n, G]`, at least one.
  """
  found = _in_blocks(_edges(space), genotypes, _AT_ONCE)
  return found[:, 0] > 0


def _in_blocks(program, genotypes: np.ndarray, size: int) -> np.ndarray:
  """Runs a program of blocks on genotypes `[n, G]`; returns `[n, F]`."""
  num, length = genotypes.shape
  size = min(size, 1 << (num - 1).bit_length())
  blocks = 1 << (-(-num // size) - 1).bit_length()
  rows = np.resize(genotypes, (blocks, size, length))
  count = jnp.asarray(-(-num // size), jnp.int32)
  found = program(jnp.asarray(rows), count)
  return np.asarray(found).reshape(blocks * size, -1)[:num]


@functools.lru_cache(maxsize=8)
def _edges(space: spaces_base.Space):
  def compute_block(rows):
    cells = graphs.build(space.encode(rows), prune=True)
    return cells.adjacency.sum(axis=(1, 2))[:, None]

  return _filling(compute_block)


@functools.lru_cache(maxsize=8)
def _raw(space: spaces_base.Space, kind: str):
  def compute_block(rows):
    cells = graphs.build(space.encode(rows), prune=True)
    return kinds.get(kind).compute(space, rows, cells)

  return _filling(compute_block)


@functools.lru_cache(maxsize=8)
def _compiled(space: spaces_base.Space, what: reads.Reads, prune: bool):
  def compute_block(rows):
    return what.side_by_side(inputs.make(space, rows, what, prune=prune))

  return _filling(compute_block)


def _filling(compute_block):
  """Jits a function of one block so that it fills blocks `[c, s, G]`."""

  def compute(blocks, count):
    shape = jax.eval_shape(compute_block, blocks[0])
    empty = jnp.zeros((blocks.shape[0], *shape.shape), shape.dtype)

    def fill(index, found):
      return found.at[index].set(compute_block(blocks[index]))

    return jax.lax.fori_loop(0, count, fill, empty)

  return compiler.jit(compute)
