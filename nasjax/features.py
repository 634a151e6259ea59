"""Graph features, path features and signals of whole spaces, on the host."""

import functools

import jax
import jax.numpy as jnp
import numpy as np

from nasjax import (
  cell_features,
  cell_path_features,
  cell_signals,
  compiler,
  graphs,
)
from nasjax import (
  graph_features as kinds,
)
from nasjax.spaces import base as spaces_base
from nasjax.spaces import registry as spaces

SpaceOrName = str | spaces_base.Space

_CHUNKS = {"features": 4096, "paths": 4096, "signals": 256}


def feature_names(space: SpaceOrName) -> tuple[str, ...]:
  """Names of the graph features of an architecture, `F` of them."""
  space = spaces.as_space(space)
  return _of_each_cell(space, cell_features.feature_names(space.operator_names))


def path_feature_names(space: SpaceOrName) -> tuple[str, ...]:
  """Names of the path features of an architecture, `P` of them."""
  space = spaces.as_space(space)
  return _of_each_cell(
    space,
    cell_path_features.feature_names(space.operator_names, space.max_hops),
  )


def signal_names(space: SpaceOrName) -> tuple[str, ...]:
  """Names of the signals of an architecture, `U` of them."""
  space = spaces.as_space(space)
  return _of_each_cell(space, cell_signals.feature_names(space.operator_names))


def _of_each_cell(
  space: spaces_base.Space, names: tuple[str, ...]
) -> tuple[str, ...]:
  if space.num_cells == 1:
    return names
  return tuple(
    f"cell {cell}: {name}" for cell in range(space.num_cells) for name in names
  )


def graph_features(
  space: SpaceOrName, genotypes: np.ndarray, *, prune: bool = True
) -> np.ndarray:
  """Graph features of architectures, in one compiled call.

  Args:
    space: their space, or its name.
    genotypes: `[n, G]`.
    prune: whether dead nodes are removed first.

  Returns:
    `[n, F]` float32, columns as in `feature_names`.
  """
  return _compute(space, genotypes, prune, "features")


def path_features(
  space: SpaceOrName, genotypes: np.ndarray, *, prune: bool = True
) -> np.ndarray:
  """Path features of architectures, in one compiled call.

  Args:
    space: their space, or its name.
    genotypes: `[n, G]`.
    prune: whether dead nodes are removed first.

  Returns:
    `[n, P]` float32, columns as in `path_feature_names`.
  """
  return _compute(space, genotypes, prune, "paths")


def signals(
  space: SpaceOrName, genotypes: np.ndarray, *, prune: bool = True
) -> np.ndarray:
  """Signals (`nasjax.cell_signals`) of architectures, in one compiled call.

  Args:
    space: their space, or its name.
    genotypes: `[n, G]`.
    prune: whether dead nodes are removed first.

  Returns:
    `[n, U]` float32, columns as in `signal_names`.
  """
  return _compute(space, genotypes, prune, "signals")


@compiler.own_numbers()
def _compute(space, genotypes, prune, kind) -> np.ndarray:
  space = spaces.as_space(space)
  num, size = len(genotypes), _CHUNKS[kind]
  rows = np.resize(genotypes, (-(-num // size) * size, space.genotype_length))
  chunks = jnp.asarray(rows.reshape(-1, size, space.genotype_length))
  return np.asarray(_compiled(space, prune, kind)(chunks))[:num]


@functools.lru_cache(maxsize=8)
def _compiled(space: spaces_base.Space, prune: bool, kind: str):
  def compute_chunk(rows):
    cells = graphs.build(space.encode(rows), prune=prune)
    return kinds.KINDS[kind](space, cells)

  def compute(chunks):
    found = jax.lax.map(compute_chunk, chunks)
    return found.reshape(-1, found.shape[-1])

  return compiler.jit(compute)
