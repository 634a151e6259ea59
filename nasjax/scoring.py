"""Genotypes in, scores out: one jitted call, graph building included.

Dimensions: `R` members of an ensemble, `n` architectures, `G` integers of a
genotype, `C` chunks.
"""

import functools
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np

from nasjax import graphs
from nasjax.spaces import base as spaces_base

CHUNK = 512


def _compiler_options() -> dict[str, str]:
  """Options of the scoring programs.

  XLA's fused matrix products of the CPU (YNNPACK, jaxlib 0.10) read wrong
  memory where an activation has a leading axis of size one, as one member of
  an ensemble gives it. They are off here, and no such axis is made.
  """
  if jax.default_backend() != "cpu":
    return {}
  return {"xla_cpu_experimental_ynn_fusion_type": ""}


@functools.lru_cache(maxsize=64)
def make_score_fn(
  model: nn.Module, space: spaces_base.Space, prune: bool, chunk: int = CHUNK
):
  """Returns the jitted scorer of a model on a space.

  The same arguments return the same function, so calls of one shape share one
  compilation.

  Args:
    model: a module for one architecture.
    space: the space of the genotypes.
    prune: whether dead nodes are removed.
    chunk: architectures that are in flight at once inside the call.

  Returns:
    A function of parameters (leaves `[R, ...]`) and genotypes
    `[C, chunk, G]`; it returns scores `[C, R, chunk]`.
  """

  def score_member(params, cells):
    return jax.vmap(lambda cell: model.apply(params, cell))(cells)

  def score_chunk(params, genotypes):
    cells = graphs.cell_graphs(space, genotypes, prune=prune)
    return jax.lax.map(lambda member: score_member(member, cells), params)

  @functools.partial(jax.jit, compiler_options=_compiler_options())
  def score_all(params, genotypes):
    return jax.lax.map(functools.partial(score_chunk, params), genotypes)

  return score_all


def score(
  model: nn.Module,
  params: Any,
  space: spaces_base.Space,
  genotypes: np.ndarray,
  *,
  prune: bool = True,
  chunk: int = CHUNK,
) -> np.ndarray:
  """Scores architectures with every member in one call.

  Args:
    model: a module for one architecture.
    params: parameters with a leading axis `R` on every leaf.
    space: the space of the genotypes.
    genotypes: valid cells `[n, G]`.
    prune: whether dead nodes are removed.
    chunk: largest number of architectures in flight.

  Returns:
    Raw scores `[R, n]` float32.
  """
  num = len(genotypes)
  members = jax.tree.leaves(params)[0].shape[0]
  if not num:
    return np.zeros((members, 0), np.float32)
  chunk = min(chunk, 1 << (num - 1).bit_length())
  chunks = _round_up(-(-num // chunk))
  padded = np.empty((chunks * chunk, genotypes.shape[1]), np.int8)
  padded[:num] = genotypes
  padded[num:] = genotypes[-1]
  score_fn = make_score_fn(model, space, prune, chunk)
  scores = score_fn(
    params, jnp.asarray(padded.reshape(chunks, chunk, genotypes.shape[1]))
  )
  return np.moveaxis(np.asarray(scores), 1, 0).reshape(members, -1)[:, :num]


def _round_up(chunks: int) -> int:
  """Next number with at most four leading binary digits: few shapes to compile.

  Wastes at most an eighth of a call.
  """
  unit = 1 << max(0, chunks.bit_length() - 4)
  return -(-chunks // unit) * unit
