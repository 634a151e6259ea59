"""Graph convolutions, dense or through jraph, with the same parameters.

Dimensions: `T` nodes, `K` input width, `F` output width.
"""

from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
import jraph

from nasjax.graphs import tuples
from nasjax.models import layers

IMPLEMENTATIONS = ("dense", "jraph")
MAX_LOOP_NODES = 12


@jax.custom_vjp
def aggregate_dense(adjacency: jax.Array, nodes: jax.Array) -> jax.Array:
  """`A H`: node i sums its neighbours j with `A[i, j]`; `[T, F]`.

  The adjacency is data: it gets no gradient.
  """
  return _aggregate(adjacency, nodes)


def _aggregate(adjacency: jax.Array, nodes: jax.Array) -> jax.Array:
  """A few nodes are summed in one fused loop: over many architectures it is
  faster on a CPU than as many tiny matrix products.
  """
  if adjacency.shape[-1] <= MAX_LOOP_NODES:
    return jnp.sum(adjacency[:, :, None] * nodes[None], axis=1)
  return adjacency @ nodes


def _aggregate_forward(adjacency, nodes):
  return _aggregate(adjacency, nodes), adjacency


def _aggregate_backward(adjacency, gradient):
  return jnp.zeros_like(adjacency), _aggregate(adjacency.T, gradient)


aggregate_dense.defvjp(_aggregate_forward, _aggregate_backward)


def aggregate_jraph(adjacency: jax.Array, nodes: jax.Array) -> jax.Array:
  """The same sum as messages of a padded `jraph.GraphsTuple`; `[T, F]`.

  `A[i, j]` makes i read from j, so the message runs along the transposed
  edge.
  """
  num_nodes = adjacency.shape[-1]
  graph = tuples.to_graphs_tuple(
    nodes, adjacency.T, max_edges=num_nodes * num_nodes
  )
  network = jraph.GraphNetwork(
    update_edge_fn=_weighted,
    update_node_fn=lambda nodes, sent, received, _: received,
  )
  return jnp.asarray(network(graph).nodes)[:-1]


def _weighted(weights: Any, sent: Any, *_) -> jax.Array:
  """Messages `[E, F]` of edges with weights `[E, 1]`."""
  return weights * sent


AGGREGATE = {"dense": aggregate_dense, "jraph": aggregate_jraph}


class GraphConvolution(nn.Module):
  """`sum_k A_k (H W_k)` over one or more adjacencies (eq. 7 and 16).

  There is no bias, as in eq. 7.

  Attributes:
    width: output width `F`.
    implementation: `dense` or `jraph`; the parameters are the same.
  """

  width: int
  implementation: str = "dense"

  @nn.compact
  def __call__(
    self, nodes: jax.Array, adjacencies: tuple[jax.Array, ...]
  ) -> jax.Array:
    """Applies the convolution.

    Args:
      nodes: `[T, K]`.
      adjacencies: one or more `[T, T]`; each has its own weight.

    Returns:
      `[T, F]`, before any non-linearity.
    """
    aggregate = AGGREGATE[self.implementation]
    total = jnp.zeros((nodes.shape[0], self.width), nodes.dtype)
    for index, adjacency in enumerate(adjacencies):
      dense = nn.Dense(self.width, use_bias=False, name=f"weight_{index}")
      message = dense(nodes)
      total = total + aggregate(adjacency, message)
    return total


class GCN(nn.Module):
  """A stack of graph convolutions with ReLU between and after them.

  Attributes:
    width: width of every layer.
    num_layers: number of layers.
    dropout_rate: dropout after each layer.
    implementation: `dense` or `jraph`.
  """

  width: int
  num_layers: int
  dropout_rate: float = 0.0
  implementation: str = "dense"

  @nn.compact
  def __call__(
    self,
    nodes: jax.Array,
    adjacencies: tuple[jax.Array, ...],
    *,
    train: bool = False,
  ) -> jax.Array:
    """Maps `[T, K]` to `[T, width]`; nodes without edges become zero."""
    for index in range(self.num_layers):
      layer = GraphConvolution(
        self.width, self.implementation, name=f"layer_{index}"
      )
      nodes = nn.relu(layer(nodes, adjacencies))
      nodes = layers.Dropout(self.dropout_rate, name=f"dropout_{index}")(
        nodes, train=train
      )
    return nodes
