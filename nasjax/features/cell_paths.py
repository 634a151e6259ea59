"""Paths of a cell from its inputs to its outputs: numbers, lengths, walks.

Array programs over one padded graph; `vmap` them over cells. Dimensions: `N`
nodes, `V` views of a graph (which nodes paths may use), `H` edges of the
longest path there can be.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp

_FAR = 1e3


class PathGraph(NamedTuple):
  """The graph of one cell, for sums over its paths.

  Attributes:
    adjacency: 1 where node i feeds node j, `[N, N]`, acyclic.
    is_input: 1 where paths begin, `[N]`.
    is_output: 1 where paths end, `[N]`.
    max_hops: `H`.
  """

  adjacency: jax.Array
  is_input: jax.Array
  is_output: jax.Array
  max_hops: int

  def reversed(self) -> "PathGraph":
    """The graph with every edge turned round."""
    return PathGraph(
      self.adjacency.T, self.is_output, self.is_input, self.max_hops
    )


def count_paths(graph: PathGraph, views: jax.Array) -> jax.Array:
  """Paths from an input to an output through the nodes of each view.

  Args:
    graph: the cell.
    views: 1 on the nodes of a view, `[V, N]`.

  Returns:
    `[V]`.
  """

  def step(_, reached):
    return graph.is_input[None] + (reached @ graph.adjacency) * views

  start = jnp.broadcast_to(graph.is_input, views.shape)
  reached = jax.lax.fori_loop(0, graph.max_hops, step, start)
  return reached @ graph.is_output


def extreme(graph: PathGraph, views, weights, better) -> jax.Array:
  """Largest or smallest sum of node weights along a path to an output.

  Args:
    graph: the cell.
    views: 1 on the nodes of a view, `[V, N]`.
    weights: weights of the nodes, `[V, N]`.
    better: `jnp.maximum` or `jnp.minimum`.

  Returns:
    `[V]`; where no path leads to an output the number is far off and means
    nothing.
  """
  best = _best_sums(graph, views, weights, better)
  worst, reduce = _worst(better), _reduction(better)
  return reduce(jnp.where(graph.is_output[None] > 0, best, worst), axis=1)


def distances(graph: PathGraph, better) -> jax.Array:
  """Edges of the longest or shortest path from an input to each node, `[N]`.

  Args:
    graph: the cell.
    better: `jnp.maximum` or `jnp.minimum`.

  Returns:
    0 on inputs, and on nodes that no input reaches.
  """
  ones = jnp.ones_like(graph.adjacency[:1])
  best = _best_sums(graph, ones, ones, better)[0]
  return jnp.where(jnp.abs(best) <= graph.max_hops, best, 0.0)


def path_numbers(graph: PathGraph) -> jax.Array:
  """Number of paths from node i to node j, `[N, N]`; 1 on the diagonal."""
  return _walk_sums(graph.adjacency, graph.max_hops)


def numbers_by_length(graph: PathGraph) -> jax.Array:
  """Number of paths from an input to an output of 1 to `H` edges, `[H]`."""

  def step(reached, _):
    reached = reached @ graph.adjacency
    return reached, reached @ graph.is_output

  _, found = jax.lax.scan(step, graph.is_input, None, length=graph.max_hops)
  return found


def visits(graph: PathGraph) -> jax.Array:
  """How often walks from each input visit each node, `[N]`.

  A walk chooses evenly among the edges that leave a node.
  """
  degrees = jnp.sum(graph.adjacency, axis=1, keepdims=True)
  chances = graph.adjacency / jnp.maximum(degrees, 1.0)
  return graph.is_input @ _walk_sums(chances, graph.max_hops)


def _walk_sums(weights, max_hops):
  """Sum of the powers 0 to `max_hops` of edge weights, `[N, N]`."""
  eye = jnp.eye(weights.shape[-1])
  return jax.lax.fori_loop(
    0, max_hops, lambda _, total: eye + total @ weights, eye
  )


def _worst(better) -> float:
  return -_FAR if better is jnp.maximum else _FAR


def _reduction(better):
  return jnp.max if better is jnp.maximum else jnp.min


def _best_sums(graph: PathGraph, views, weights, better):
  """Best sum of weights on a path from an input to each node, `[V, N]`."""
  worst, reduce = _worst(better), _reduction(better)
  barred = jnp.where(graph.adjacency > 0, 0.0, worst)
  closed = jnp.where(views > 0, 0.0, worst)
  start = jnp.where(graph.is_input > 0, 0.0, worst)[None] + closed

  def step(_, best):
    arrived = reduce(best[:, :, None] + barred[None], axis=1)
    arrived = jnp.clip(arrived + weights + closed, -_FAR, _FAR)
    return better(start, arrived)

  return jax.lax.fori_loop(0, graph.max_hops, step, start)
