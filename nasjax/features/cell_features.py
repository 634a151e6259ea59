"""Graph features of cells: counts, degrees and path lengths, as in GRAF.

Kadlecova et al. 2024 ("Surprisingly strong performance prediction with neural
graph features") show that such numbers alone rank architectures well. Here they
are array programs over padded graphs, for models and for tree ensembles alike.

Dimensions: `N` nodes, `O` operators of the space, `V = 1 + 2 O` views of a
graph (all operators; all but one; one alone), `F` features.
"""

import jax
import jax.numpy as jnp

from nasjax import operators
from nasjax.features import cell_paths


def feature_names(names: tuple[str, ...]) -> tuple[str, ...]:
  """Names of the features of one cell, `F` of them.

  Args:
    names: names of the `O` operators.
  """
  views = ("all", *(f"no {n}" for n in names), *(f"only {n}" for n in names))
  per_view = ("paths", "longest path", "shortest path")
  per_operator = (
    "count",
    "most on a path",
    "least on a path",
    "after input",
    "before output",
    "in-degree",
    "out-degree",
  )
  whole = (
    "nodes",
    "edges",
    "input out-degree",
    "output in-degree",
    "largest in-degree",
    "largest out-degree",
    "log2 weights",
    "log2 multiply-adds",
  )
  return (
    *(f"{what} ({view})" for what in per_view for view in views),
    *(f"{what} ({name})" for what in per_operator for name in names),
    *whole,
  )


def cell_features(
  ops: jax.Array,
  details: jax.Array,
  adjacency: jax.Array,
  mask: jax.Array,
  op_ids: tuple[int, ...],
  max_hops: int,
) -> jax.Array:
  """Features of one cell, scaled to about [0, 2]; traceable, `vmap` it.

  Args:
    ops: operator ids, `[N]`.
    details: numeric detail of the nodes, `[N, M]` (`graphs.CellGraphs`).
    adjacency: 1 where node i feeds node j, `[N, N]`, acyclic.
    mask: 1 on nodes that count, `[N]`.
    op_ids: the `O` operators that are told apart.
    max_hops: edges of the longest path there can be.

  Returns:
    `[F]` float32, in the order of `feature_names`. A view without a path has
    `log2(1 + 0) = 0` paths, a longest path of 0 and a shortest path of
    `max_hops + 1`.
  """
  adjacency = adjacency * mask[:, None] * mask[None, :]
  is_input = mask * (ops == operators.INPUT)
  is_output = mask * (ops == operators.OUTPUT)
  chosen = (ops[None, :] == jnp.array(op_ids)[:, None]) * mask[None]
  graph = cell_paths.PathGraph(adjacency, is_input, is_output, max_hops)
  paths = _path_features(graph, mask, chosen)
  into, out = jnp.sum(adjacency, axis=0), jnp.sum(adjacency, axis=1)
  per_operator = (
    chosen @ jnp.ones_like(mask),
    *_on_paths(graph, chosen),
    chosen @ (is_input @ adjacency > 0),
    chosen @ (adjacency @ is_output > 0),
    chosen @ into,
    chosen @ out,
  )
  inner = mask - is_input - is_output
  whole = (
    jnp.sum(inner),
    jnp.sum(adjacency),
    is_input @ out,
    is_output @ into,
    jnp.max(into),
    jnp.max(out),
  )
  return jnp.concatenate(
    [
      paths,
      *(counts / 4 for counts in per_operator),
      jnp.stack(whole) / 8,
      _log_costs(details, inner),
    ]
  )


def _path_features(graph: cell_paths.PathGraph, mask, chosen):
  """Number, longest and shortest of the paths in every view, `[3 V]`."""
  ends = jnp.maximum(graph.is_input, graph.is_output)
  views = jnp.concatenate(
    [mask[None], mask[None] - chosen, jnp.maximum(chosen, ends[None])]
  )
  steps = jnp.broadcast_to(mask - ends, views.shape)
  number = cell_paths.count_paths(graph, views)
  longest = cell_paths.extreme(graph, views, steps, jnp.maximum)
  shortest = cell_paths.extreme(graph, views, steps, jnp.minimum)
  connected = number > 0
  far = graph.max_hops + 1
  return jnp.concatenate(
    [
      jnp.log2(1 + number) / 4,
      jnp.where(connected, longest, 0.0) / 4,
      jnp.where(connected, shortest, far) / 4,
    ]
  )


def _on_paths(graph: cell_paths.PathGraph, chosen):
  """Most and least nodes of each operator on one path, `[O]` each."""
  views = jnp.ones_like(chosen)
  most = cell_paths.extreme(graph, views, chosen, jnp.maximum)
  least = cell_paths.extreme(graph, views, chosen, jnp.minimum)
  connected = cell_paths.count_paths(graph, views[:1]) > 0
  return jnp.where(connected, most, 0.0), jnp.where(connected, least, 0.0)


def _log_costs(details, inner):
  """Weights and multiply-adds at equal image size, log2 of the sum, `[2]`.

  In units of a cell's width squared: a 3x3 convolution has 9 weights. A
  multiply-add is counted at the resolution of a node's output.
  """
  kernel = 16 * details[:, 0] * details[:, 1]
  depthwise, repeats = details[:, 5], 2 * details[:, 6]
  inputs, outputs = jnp.exp2(details[:, -3]), jnp.exp2(details[:, -2])
  dense = kernel * inputs * outputs
  separable = kernel * inputs / 64 + inputs * outputs
  weights = repeats * jnp.where(depthwise > 0, separable, dense) * inner
  adds = weights + (jnp.sum(details[:, 7:9], axis=1) * 9 / 64) * inner
  return jnp.log2(1 + jnp.stack([jnp.sum(weights), jnp.sum(adds)])) / 4
