"""The compiled scorer: one jitted program for a whole space.

Dimensions: `R` members of an ensemble, `D` devices, `C` chunks of a device,
`c` architectures of a chunk, `G` integers of a genotype.
"""

import functools
from collections.abc import Callable
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
from jax.sharding import Mesh, PartitionSpec

from nasjax import compiler, graphs
from nasjax.features import inputs
from nasjax.scoring import precisions, sharding
from nasjax.spaces import base as spaces_base


def score_members(
  model: Any,
  space: spaces_base.Space,
  prune: bool,
  precision: str,
  params: Any,
  genotypes: jax.Array,
) -> jax.Array:
  """Scores one chunk with every member; traceable, graph building included.

  Args:
    model: a module for one architecture.
    space: the space of the genotypes.
    prune: whether dead nodes are removed.
    precision: a name in `precisions.PRECISIONS`.
    params: leaves `[R, ...]`.
    genotypes: `[c, G]`.

  Returns:
    Raw scores `[R, c]` float32.
  """
  cells = inputs.make(space, genotypes, model.reads, prune=prune)
  apply_fn = precisions.apply_fn(model, precision)

  known = _shared(model, params, cells)

  def score_member(member):
    return jax.vmap(lambda cell, kept: apply_fn(member, cell, **kept))(
      cells, known
    )

  return jax.lax.map(score_member, params)


def _shared(
  model: Any, params: Any, cells: graphs.CellGraphs
) -> dict[str, jax.Array]:
  """What every member would compute alike, by argument of the model.

  Args:
    model: a module for one architecture.
    params: leaves `[R, ...]`.
    cells: fields `[c, ...]`.

  Returns:
    Arrays `[c, ...]`.
  """
  if not model.reads.shared:
    return {}
  first = jax.tree.map(lambda leaf: leaf[0], params)
  return jax.vmap(lambda cell: model.shared(first, cell))(cells)


@functools.lru_cache(maxsize=64)
def make_score_fn(
  model: nn.Module,
  space: spaces_base.Space,
  prune: bool,
  precision: str = precisions.DEFAULT,
  mesh: Mesh | None = None,
) -> Callable[[Any, jax.Array, jax.Array], jax.Array]:
  """Returns the jitted scorer of a model on a space.

  The same arguments return the same function, so that calls of one shape
  share one compilation. How many chunks hold architectures is an argument and
  not a shape: fewer of them cost less time and no compilation.

  Args:
    model: a module for one architecture.
    space: the space of the genotypes.
    prune: whether dead nodes are removed.
    precision: `float32` or `bfloat16`.
    mesh: devices over which the architectures are split; the first device
      where None.

  Returns:
    A function of parameters (leaves `[R, ...]`), genotypes `[D, C, c, G]` and
    the number of chunks to score `[D]` int32; it returns scores
    `[D, C, R, c]`, zero in chunks that are not scored.
  """
  chunk_fn = functools.partial(score_members, model, space, prune, precision)

  def score_device(params, genotypes, num_chunks):
    """One device's share: `[1, C, c, G]` and `[1]` to `[1, C, R, c]`."""
    chunks = genotypes[0]
    members = jax.tree.leaves(params)[0].shape[0]
    empty = jnp.zeros((chunks.shape[0], members, chunks.shape[1]), jnp.float32)

    def score_one(index, scores):
      return scores.at[index].set(chunk_fn(params, chunks[index]))

    return jax.lax.fori_loop(0, num_chunks[0], score_one, empty)[None]

  def score_all(params, genotypes, num_chunks):
    if mesh is None:
      return score_device(params, genotypes, num_chunks)
    split = PartitionSpec(sharding.ARCHITECTURES)
    return jax.shard_map(
      score_device,
      mesh=mesh,
      in_specs=(PartitionSpec(), split, split),
      out_specs=split,
      check_vma=False,
    )(params, genotypes, num_chunks)

  return compiler.jit(score_all)
