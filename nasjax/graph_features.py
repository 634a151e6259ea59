"""The kinds of features that stand beside the graphs of an architecture.

Dimensions: `B` architectures, `N` cell nodes, `F`, `P` and `U` features.
"""

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING

import jax
import jax.numpy as jnp

from nasjax import cell_features, cell_path_features, cell_signals, operators
from nasjax.spaces import base as spaces_base

if TYPE_CHECKING:
  from nasjax import graphs

_SIGNALS_AT_ONCE = 256


def graph_features(
  space: spaces_base.Space, cells: "graphs.CellGraphs"
) -> jax.Array:
  """Graph features (`nasjax.cell_features`) as they are, `[B, F]` float32."""
  return _of_each_cell(
    cell_features.cell_features,
    space,
    _fields(cells, "ops", "details", "adjacency", "mask"),
  )


def path_features(
  space: spaces_base.Space, cells: "graphs.CellGraphs"
) -> jax.Array:
  """Path features (`nasjax.cell_path_features`) as they are, `[B, P]`."""
  return _of_each_cell(
    cell_path_features.path_features,
    space,
    _fields(cells, "ops", "adjacency", "mask"),
  )


def signals(space: spaces_base.Space, cells: "graphs.CellGraphs") -> jax.Array:
  """Signals (`nasjax.cell_signals`) as they are, `[B, U]` float32.

  Many architectures are taken in turns, so that memory does not grow with them;
  as many as an exported program is given, one by one.
  """
  fields = _fields(cells, "ops", "adjacency", "mask")
  num = cells.ops.shape[0]
  is_known = isinstance(num, int)
  if is_known and num <= _SIGNALS_AT_ONCE:
    return _of_each_cell(cell_signals.signals, space, fields)

  def one(own):
    # A map returns the keys of a dict in another order.
    single = {name: own[name][None] for name in fields}
    return _of_each_cell(cell_signals.signals, space, single)[0]

  at_once = _SIGNALS_AT_ONCE if is_known else None
  return jax.lax.map(one, fields, batch_size=at_once)


KINDS = {"features": graph_features, "paths": path_features, "signals": signals}
"""Fields of `CellGraphs` that are standardised features, and what they hold."""


def _fields(cells: "graphs.CellGraphs", *names: str) -> dict[str, jax.Array]:
  return {name: getattr(cells, name) for name in names}


def _of_each_cell(
  compute: Callable[..., jax.Array],
  space: spaces_base.Space,
  fields: dict[str, jax.Array],
) -> jax.Array:
  """Features of the cells of each architecture, side by side.

  Args:
    compute: features of one cell.
    space: the space of the architectures.
    fields: what it reads of a cell, in the order of its arguments, by name,
      `[B, N, ...]`.
  """
  op_ids = tuple(operators.operator_id(name) for name in space.operator_names)
  batched = jax.vmap(
    functools.partial(compute, op_ids=op_ids, max_hops=space.max_hops)
  )
  size = space.num_nodes // space.num_cells
  parts = []
  for start in range(0, space.num_nodes, size):
    own = slice(start, start + size)
    cut = {name: field[:, own] for name, field in fields.items()}
    cut["adjacency"] = cut["adjacency"][:, :, own]
    parts.append(batched(*cut.values()))
  return jnp.concatenate(parts, axis=-1)
