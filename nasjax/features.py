"""Graph features of whole spaces, on the host."""

import functools

import jax
import jax.numpy as jnp
import numpy as np

from nasjax import cell_features, compiler, graphs
from nasjax.spaces import base as spaces_base

_CHUNK = 4096


def feature_names(space: spaces_base.Space) -> tuple[str, ...]:
  """Names of the features of an architecture, `F` of them."""
  names = cell_features.feature_names(space.operator_names)
  if space.num_cells == 1:
    return names
  return tuple(
    f"cell {cell}: {name}" for cell in range(space.num_cells) for name in names
  )


def graph_features(
  space: spaces_base.Space, genotypes: np.ndarray, *, prune: bool = True
) -> np.ndarray:
  """Graph features of architectures, in one compiled call.

  Args:
    space: their space.
    genotypes: `[n, G]`.
    prune: whether dead nodes are removed first.

  Returns:
    `[n, F]` float32, columns as in `feature_names`.
  """
  num = len(genotypes)
  rows = np.resize(
    genotypes, (-(-num // _CHUNK) * _CHUNK, space.genotype_length)
  )
  chunks = jnp.asarray(rows.reshape(-1, _CHUNK, space.genotype_length))
  return np.asarray(_compiled(space, prune)(chunks))[:num]


@functools.lru_cache(maxsize=8)
def _compiled(space: spaces_base.Space, prune: bool):
  def compute_chunk(rows):
    cells = graphs.build(space.encode(rows), prune=prune)
    return graphs.graph_features(space, cells)

  def compute(chunks):
    found = jax.lax.map(compute_chunk, chunks)
    return found.reshape(-1, found.shape[-1])

  return jax.jit(compute, compiler_options=compiler.options())
