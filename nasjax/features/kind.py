"""A kind of features: what is computed of a graph, and how it may be used.

Dimensions: `B` architectures, `N` cell nodes, `F` features.
"""

import dataclasses
import functools
from collections.abc import Callable

import jax
import jax.numpy as jnp

from nasjax import graphs, operators
from nasjax.spaces import base as spaces_base

Compute = Callable[[spaces_base.Space, jax.Array, graphs.CellGraphs], jax.Array]
"""Maps a space, genotypes `[B, G]` and their graphs to `[B, F]` float32."""


@dataclasses.dataclass(frozen=True)
class Kind:
  """One entry of `nasjax.features.kinds`.

  Attributes:
    compute: the features, traceable.
    names: names of the `F` features in a space.
    standardised: whether models read them in units of their spread over the
      space (`nasjax.features.scales`); such features enter distances between
      cells, others only linear parts.
    of_function: what a function has (`Space.functions`): `mean` of the features
      of all its cells, `own` features of the cell that stands for it, or
      nothing where empty.
    numbering: whether they depend on the numbering of the nodes, so that
      isomorphic cells may differ.
    at_once: architectures that the host computes in one step.
  """

  compute: Compute
  names: Callable[[spaces_base.Space], tuple[str, ...]]
  standardised: bool = True
  of_function: str = ""
  numbering: bool = False
  at_once: int = 4096


def of_each_cell(
  compute: Callable[..., jax.Array],
  space: spaces_base.Space,
  cells: graphs.CellGraphs,
  fields: tuple[str, ...],
) -> jax.Array:
  """Features of the cells of each architecture, side by side, `[B, F]`.

  Args:
    compute: features of one cell.
    space: the space of the architectures.
    cells: their graphs, fields `[B, N, ...]`.
    fields: the fields that `compute` reads, in the order of its arguments; with
      `adjacency`.
  """
  op_ids = tuple(operators.operator_id(name) for name in space.operator_names)
  batched = jax.vmap(
    functools.partial(compute, op_ids=op_ids, max_hops=space.max_hops)
  )
  size = space.num_nodes // space.num_cells
  parts = []
  for start in range(0, space.num_nodes, size):
    own = slice(start, start + size)
    cut = {name: getattr(cells, name)[:, own] for name in fields}
    cut["adjacency"] = cut["adjacency"][:, :, own]
    parts.append(batched(*cut.values()))
  return jnp.concatenate(parts, axis=-1)


def names_of_each_cell(
  space: spaces_base.Space, names: tuple[str, ...]
) -> tuple[str, ...]:
  """Names of the features of an architecture from those of one cell."""
  if space.num_cells == 1:
    return names
  return tuple(
    f"cell {cell}: {name}" for cell in range(space.num_cells) for name in names
  )
