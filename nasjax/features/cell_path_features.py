"""Path features of a cell: means over its paths, beside the extremes of GRAF.

`cell_features` has numbers, longest and shortest of the paths. Here is how
often an operator stands on the mean path and on random walks, how far it is
from input and output, its degrees, and how long the paths are.

Dimensions: `N` nodes, `O` operators of the space, `H` edges of the longest path
there can be, `P = 12 O + H + 2` features.
"""

import jax
import jax.numpy as jnp

from nasjax import operators
from nasjax.features import cell_paths

_PER_OPERATOR = (
  "mean on paths",
  "spread on paths",
  "visits from input",
  "visits from output",
  "mean in-degree",
  "mean out-degree",
  "largest in-degree",
  "largest out-degree",
  "longest from input",
  "shortest from input",
  "longest to output",
  "shortest to output",
)


def feature_names(names: tuple[str, ...], max_hops: int) -> tuple[str, ...]:
  """Names of the path features of one cell, `P` of them.

  Args:
    names: names of the `O` operators.
    max_hops: `H`.
  """
  return (
    *(f"{what} ({name})" for what in _PER_OPERATOR for name in names),
    "mean path length",
    "spread of path lengths",
    *(f"paths of {hops + 1} edges" for hops in range(max_hops)),
  )


def path_features(
  ops: jax.Array,
  adjacency: jax.Array,
  mask: jax.Array,
  op_ids: tuple[int, ...],
  max_hops: int,
) -> jax.Array:
  """Path features of one cell, scaled to about [0, 2]; traceable, `vmap` it.

  Args:
    ops: operator ids, `[N]`.
    adjacency: 1 where node i feeds node j, `[N, N]`, acyclic.
    mask: 1 on nodes that count, `[N]`.
    op_ids: the `O` operators that are told apart.
    max_hops: `H`.

  Returns:
    `[P]` float32, in the order of `feature_names`; means over no path or no
    node are 0.
  """
  chosen = (ops[None, :] == jnp.array(op_ids)[:, None]) * mask[None]
  graph = cell_paths.PathGraph(
    adjacency=adjacency * mask[:, None] * mask[None, :],
    is_input=mask * (ops == operators.INPUT),
    is_output=mask * (ops == operators.OUTPUT),
    max_hops=max_hops,
  )
  per_operator = (
    *_on_paths(graph, chosen),
    *_degrees(graph, chosen),
    *_distances(graph, chosen),
  )
  return jnp.concatenate(
    [*(each / 4 for each in per_operator), *_lengths(graph)]
  )


def _on_paths(graph: cell_paths.PathGraph, chosen):
  """Nodes of each operator on the mean path and on walks, `[O]` each."""
  numbers = cell_paths.path_numbers(graph)
  before, after = graph.is_input @ numbers, numbers @ graph.is_output
  total = jnp.maximum(before @ graph.is_output, 1.0)
  mean = chosen @ (before * after) / total
  # A path with k nodes of an operator has k^2 ordered pairs of them.
  pairs = before[:, None] * numbers * after[None, :] / total
  pairs = pairs + pairs.T - jnp.diag(jnp.diag(pairs))
  squares = jnp.sum((chosen @ pairs) * chosen, axis=1)
  return (
    mean,
    _spread(mean, squares),
    chosen @ cell_paths.visits(graph),
    chosen @ cell_paths.visits(graph.reversed()),
  )


def _degrees(graph: cell_paths.PathGraph, chosen):
  """Mean and largest in- and out-degree of each operator, `[O]` each."""
  count = jnp.maximum(jnp.sum(chosen, axis=1), 1.0)
  into = jnp.sum(graph.adjacency, axis=0)
  out = jnp.sum(graph.adjacency, axis=1)
  return (
    chosen @ into / count,
    chosen @ out / count,
    jnp.max(chosen * into[None], axis=1),
    jnp.max(chosen * out[None], axis=1),
  )


def _distances(graph: cell_paths.PathGraph, chosen):
  """Mean distances of each operator from input and to output, `[O]` each."""
  count = jnp.maximum(jnp.sum(chosen, axis=1), 1.0)
  return tuple(
    chosen @ cell_paths.distances(each, better) / count
    for each in (graph, graph.reversed())
    for better in (jnp.maximum, jnp.minimum)
  )


def _lengths(graph: cell_paths.PathGraph):
  """Mean and spread of the lengths of paths, `[2]`; paths by length, `[H]`."""
  numbers = cell_paths.numbers_by_length(graph)
  hops = jnp.arange(1.0, graph.max_hops + 1)
  shares = numbers / jnp.maximum(jnp.sum(numbers), 1.0)
  mean = shares @ hops
  spread = _spread(mean, shares @ hops**2)
  return jnp.stack([mean, spread]) / 4, jnp.log2(1 + numbers) / 4


def _spread(mean, squares):
  """Standard deviation from the means of a number and of its square.

  Over few paths a variance is a large fraction or zero: what rounding leaves of
  zero must not become a spread.
  """
  variance = squares - mean**2
  return jnp.sqrt(jnp.where(variance > 1e-4, variance, 0.0))
