"""Features of many architectures on the host, as they are, in their own units.

Dimensions: `n` architectures, `F`, `P` and `U` features.
"""

import functools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from nasjax import compiler, graphs
from nasjax.features import kinds
from nasjax.spaces import base as spaces_base
from nasjax.spaces import registry as spaces

SpaceOrName = str | spaces_base.Space


def names(space: SpaceOrName, kind: str) -> tuple[str, ...]:
  """Names of the features of an architecture, of one kind.

  Raises:
    UserError: no kind has that name, or the space has none of it.
  """
  return kinds.get(kind).names(spaces.as_space(space))


@compiler.own_numbers()
def table(
  space: SpaceOrName,
  genotypes: Any,
  kind: str,
  *,
  prune: bool = True,
) -> np.ndarray:
  """Features of architectures, in one compiled call.

  Args:
    space: their space, or its name.
    genotypes: `[n, G]`, an array or a list of rows; n may be 0.
    kind: a name in `nasjax.features.kinds`.
    prune: whether dead nodes are removed first.

  Returns:
    `[n, F]` float32, columns as in `names`.

  Raises:
    UserError: no kind has that name, the space has none of it, or a row is no
      cell of the space.
  """
  space = spaces.as_space(space)
  columns = len(names(space, kind))
  if isinstance(genotypes, list | tuple) and not genotypes:
    genotypes = np.zeros((0, space.genotype_length), np.int8)
  genotypes = space.check(genotypes)
  if not len(genotypes):
    return np.zeros((0, columns), np.float32)
  num, size = len(genotypes), kinds.get(kind).at_once
  rows = np.resize(genotypes, (-(-num // size) * size, space.genotype_length))
  chunks = jnp.asarray(rows.reshape(-1, size, space.genotype_length))
  return np.asarray(_compiled(space, prune, kind)(chunks))[:num]


@functools.lru_cache(maxsize=8)
def _compiled(space: spaces_base.Space, prune: bool, kind: str):
  def compute_chunk(rows):
    cells = graphs.build(space.encode(rows), prune=prune)
    return kinds.get(kind).compute(space, rows, cells)

  def compute(chunks):
    found = jax.lax.map(compute_chunk, chunks)
    return found.reshape(-1, found.shape[-1])

  return compiler.jit(compute)


def feature_names(space: SpaceOrName) -> tuple[str, ...]:
  """Names of the graph features of an architecture, `F` of them."""
  return names(space, "graph")


def path_feature_names(space: SpaceOrName) -> tuple[str, ...]:
  """Names of the path features of an architecture, `P` of them."""
  return names(space, "paths")


def signal_names(space: SpaceOrName) -> tuple[str, ...]:
  """Names of the signals of an architecture, `U` of them."""
  return names(space, "signals")


def graph_features(
  space: SpaceOrName, genotypes: Any, *, prune: bool = True
) -> np.ndarray:
  """Graph features `[n, F]`; see `table`."""
  return table(space, genotypes, "graph", prune=prune)


def path_features(
  space: SpaceOrName, genotypes: Any, *, prune: bool = True
) -> np.ndarray:
  """Path features `[n, P]`; see `table`."""
  return table(space, genotypes, "paths", prune=prune)


def signals(
  space: SpaceOrName, genotypes: Any, *, prune: bool = True
) -> np.ndarray:
  """Signals `[n, U]`; see `table`."""
  return table(space, genotypes, "signals", prune=prune)
