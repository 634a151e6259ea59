"""Cells as padded graphs, with the features that stand beside them.

Dimensions: `B` architectures, `N` cell nodes, `M` numeric operation features,
`F` features of a kind.
"""

import dataclasses

import jax
import jax.numpy as jnp

from nasjax import compiler, operators
from nasjax.graphs import edits
from nasjax.spaces import base as spaces_base

NUM_DETAILS = operators.detail_table().shape[1] + 3


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True)
class CellGraphs:
  """Op-on-node graphs of cells, padded to one size.

  Every field has a leading batch axis, except inside a model, which sees one
  architecture.

  Attributes:
    ops: operator ids, `[B, N]` int32; 0 on padding.
    details: numeric detail of each node: the columns of
      `operators.detail_table`, log2 input and output channels (relative to the
      cell's width), cell type; `[B, N, M]` float32; 0 on padding.
    adjacency: 1 where node i feeds node j, `[B, N, N]` float32.
    mask: 1 on real nodes, `[B, N]` float32.
    features: by kind (`nasjax.features.kinds`), the cells of an architecture
      side by side, `[B, F]` float32 each; the kinds that a model reads
      (`nasjax.features.inputs.make`), none after `build`.
  """

  ops: jax.Array
  details: jax.Array
  adjacency: jax.Array
  mask: jax.Array
  features: dict[str, jax.Array] = dataclasses.field(default_factory=dict)


@compiler.own_numbers()
def build(cells: spaces_base.EncodedCells, *, prune: bool) -> CellGraphs:
  """Turns a space's drawing of cells into `CellGraphs`; traceable.

  Args:
    cells: op-on-node graphs with a leading batch axis `B`.
    prune: whether dead nodes are removed (`edits.live_nodes`).

  Returns:
    Graphs with the same node numbering; removed nodes become padding.
  """
  mask = cells.mask
  if prune:
    mask = edits.live_nodes(cells.ops, cells.adjacency, mask)
  adjacency = cells.adjacency * mask[..., :, None] * mask[..., None, :]
  table = jnp.asarray(operators.detail_table())
  details = jnp.concatenate(
    [table[cells.ops], cells.channels, cells.cell_type[..., None]], axis=-1
  )
  return CellGraphs(
    ops=jnp.where(mask > 0, cells.ops, 0).astype(jnp.int32),
    details=details * mask[..., None],
    adjacency=adjacency,
    mask=mask,
  )
