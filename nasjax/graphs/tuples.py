"""Padded graphs as `jraph.GraphsTuple`, and back.

Dimensions: `N` nodes, `K` width of a node state, `E` edges.
"""

import jax
import jax.numpy as jnp
import jraph


def to_graphs_tuple(
  nodes: jax.Array, adjacency: jax.Array, max_edges: int
) -> jraph.GraphsTuple:
  """One graph as a padded `jraph.GraphsTuple`; traceable.

  The second graph of the tuple is padding: one node, and the unused edges.

  Args:
    nodes: `[N, K]` node states.
    adjacency: `[N, N]` edge weights; a non-zero entry is an edge i -> j.
    max_edges: room for edges, `E`; further edges are lost, so give a bound.

  Returns:
    Two graphs: `nodes [N + 1, K]`, `edges [E, 1]` (weights), `senders` and
    `receivers [E]`, `n_node [N, 1]`, `n_edge [used, E - used]`.
  """
  num_nodes = adjacency.shape[-1]
  senders, receivers = jnp.nonzero(
    adjacency, size=max_edges, fill_value=num_nodes
  )
  weights = jnp.pad(adjacency, ((0, 1), (0, 1)))[senders, receivers]
  used = jnp.sum(adjacency != 0)
  return jraph.GraphsTuple(
    nodes=jnp.pad(nodes, ((0, 1), (0, 0))),
    edges=weights[:, None],
    senders=senders,
    receivers=receivers,
    n_node=jnp.array([num_nodes, 1]),
    n_edge=jnp.stack([used, max_edges - used]),
    globals=None,
  )


def from_graphs_tuple(graph: jraph.GraphsTuple) -> tuple[jax.Array, jax.Array]:
  """Inverse of `to_graphs_tuple`: nodes `[N, K]`, adjacency `[N, N]`."""
  nodes, edges = jnp.asarray(graph.nodes), jnp.asarray(graph.edges)
  num_nodes = nodes.shape[0] - 1
  adjacency = jnp.zeros((num_nodes + 1, num_nodes + 1))
  adjacency = adjacency.at[graph.senders, graph.receivers].add(edges[:, 0])
  return nodes[:-1], adjacency[:-1, :-1]
