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
    (cells.ops, cells.details, cells.adjacency, cells.mask),
  )


def path_features(
  space: spaces_base.Space, cells: "graphs.CellGraphs"
) -> jax.Array:
  """Path features (`nasjax.cell_path_features`) as they are, `[B, P]`."""
  return _of_each_cell(
    cell_path_features.path_features,
    space,
    (cells.ops, cells.adjacency, cells.mask),
  )


def signals(space: spaces_base.Space, cells: "graphs.CellGraphs") -> jax.Array:
  """Signals (`nasjax.cell_signals`) as they are, `[B, U]` float32.

  Many architectures are taken in turns, so that memory does not grow with them.
  """
  fields = (cells.ops, cells.adjacency, cells.mask)
  if len(cells.ops) <= _SIGNALS_AT_ONCE:
    return _of_each_cell(cell_signals.signals, space, fields)

  def one(own):
    single = tuple(field[None] for field in own)
    return _of_each_cell(cell_signals.signals, space, single)[0]

  return jax.lax.map(one, fields, batch_size=_SIGNALS_AT_ONCE)


KINDS = {"features": graph_features, "paths": path_features, "signals": signals}
"""Fields of `CellGraphs` that are standardised features, and what they hold."""


def _of_each_cell(
  compute: Callable[..., jax.Array],
  space: spaces_base.Space,
  fields: tuple[jax.Array, ...],
) -> jax.Array:
  """Features of the cells of each architecture, side by side.

  Args:
    compute: features of one cell.
    space: the space of the architectures.
    fields: what it reads of a cell, `[B, N, ...]`; the last axis of an
      adjacency is cut, too.
  """
  op_ids = tuple(operators.operator_id(name) for name in space.operator_names)
  batched = jax.vmap(
    functools.partial(compute, op_ids=op_ids, max_hops=space.max_hops)
  )
  size = space.num_nodes // space.num_cells
  parts = []
  for start in range(0, space.num_nodes, size):
    own = slice(start, start + size)
    parts.append(batched(*(_cut(field, own) for field in fields)))
  return jnp.concatenate(parts, axis=-1)


def _cut(field: jax.Array, own: slice) -> jax.Array:
  """The part of a field that belongs to some nodes."""
  is_adjacency = field.ndim == 3 and field.shape[1] == field.shape[2]
  return field[:, own, own] if is_adjacency else field[:, own]
