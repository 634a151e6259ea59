"""Features of many architectures as models read them, on the host.

Dimensions: `n` architectures, `G` integers of a genotype, `F` features.
"""

import functools

import jax
import jax.numpy as jnp
import numpy as np

from nasjax import compiler
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
  num = len(genotypes)
  size = min(size, 1 << (num - 1).bit_length())
  blocks = 1 << (-(-num // size) - 1).bit_length()
  rows = np.resize(genotypes, (blocks, size, space.genotype_length))
  count = jnp.asarray(-(-num // size), jnp.int32)
  found = _compiled(space, what, prune)(jnp.asarray(rows), count)
  return np.asarray(found).reshape(blocks * size, -1)[:num]


@functools.lru_cache(maxsize=8)
def _compiled(space: spaces_base.Space, what: reads.Reads, prune: bool):
  def compute_block(rows):
    return what.side_by_side(inputs.make(space, rows, what, prune=prune))

  def compute(blocks, count):
    shape = jax.eval_shape(compute_block, blocks[0])
    empty = jnp.zeros((blocks.shape[0], *shape.shape), shape.dtype)

    def fill(index, found):
      return found.at[index].set(compute_block(blocks[index]))

    return jax.lax.fori_loop(0, count, fill, empty)

  return compiler.jit(compute)
