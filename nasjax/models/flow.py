"""Flow encoder: states travel through a cell node by node, and back.

A graph convolution moves a state by one edge a layer, so that a few layers
never see a cell from end to end. Here every node is computed after all nodes
that feed it, as in the network that the cell stands for, and then the other way
round, as gradients are. Such asynchronous passes are those of D-VAE (Zhang et
al. 2019), DAGNN (Thost and Chen 2021), TA-GATES (Ning et al. 2022) and
FlowerFormer (Hwang et al. 2024).

Dimensions: `N` nodes, `K` input width, `F` width of one direction.
"""

import flax.linen as nn
import jax
import jax.numpy as jnp


class _Node(nn.Module):
  """One step of a pass: the state of one node, and the message that it sends.

  Attributes:
    width: `F`.
  """

  width: int

  @nn.compact
  def __call__(
    self,
    received: jax.Array,
    node: tuple[jax.Array, jax.Array, jax.Array, jax.Array],
  ) -> tuple[jax.Array, jax.Array]:
    """Computes a node of which all senders are computed.

    Args:
      received: `[N, F]`, the sum of the messages that each node has got so far.
      node: the node's index, its own part of gates and candidate `[3 F]`, the
        weights of its message for each other node `[N]`, and 1 on a real node.

    Returns:
      `received` with the node's own messages, and its state `[F]`.
    """
    index, own, weights, real = node
    gates = nn.Dense(2 * self.width, use_bias=False, name="gates")
    candidate = nn.Dense(self.width, use_bias=False, name="candidate")
    message = nn.Dense(2 * self.width, use_bias=False, name="message")
    read = jax.lax.dynamic_index_in_dim(received, index, keepdims=False)
    gate = nn.sigmoid(own[: 2 * self.width] + gates(read))
    update, reset = jnp.split(gate, 2)
    new = jnp.tanh(own[2 * self.width :] + candidate(reset * read))
    state = ((1 - update) * new + update * read) * real
    open_, value = jnp.split(message(state), 2)
    sent = nn.sigmoid(open_) * value
    return received + jnp.outer(weights, sent), state


class Pass(nn.Module):
  """One pass along the edges: a gated recurrent unit for each node in turn.

  A node reads the gated messages of the nodes that feed it, their sum divided
  by the square root of their number.

  Attributes:
    width: `F`.
  """

  width: int

  @nn.compact
  def __call__(
    self, nodes: jax.Array, adjacency: jax.Array, mask: jax.Array
  ) -> jax.Array:
    """Computes the state of every node.

    Args:
      nodes: `[N, K]`.
      adjacency: `[N, N]`, 1 where node i feeds node j, above the diagonal
        alone.
      mask: `[N]`, 1 on real nodes.

    Returns:
      `[N, F]`; rows of padding are zero.
    """
    own = nn.Dense(3 * self.width, name="own")(nodes)
    senders = jnp.maximum(jnp.sum(adjacency, axis=0, keepdims=True), 1)
    weights = adjacency / jnp.sqrt(senders)
    # One loop over nodes: written out, they take longer to compile.
    steps = nn.scan(
      _Node, variable_broadcast="params", split_rngs={"params": False}
    )(self.width, name="node")
    indices = jnp.arange(len(nodes))
    received = jnp.zeros((len(nodes), self.width), nodes.dtype)
    return steps(received, (indices, own, weights, mask))[1]


class Flow(nn.Module):
  """Layers of a pass along the edges beside a pass against them.

  Attributes:
    width: `F`, width of each direction.
    num_layers: number of layers.
  """

  width: int
  num_layers: int = 1

  @nn.compact
  def __call__(
    self, nodes: jax.Array, adjacency: jax.Array, mask: jax.Array
  ) -> jax.Array:
    """Maps `[N, K]` to `[N, 2 F]`; arguments as in `Pass`."""
    for index in range(self.num_layers):
      along = Pass(self.width, name=f"along_{index}")
      against = Pass(self.width, name=f"against_{index}")
      # Turned round, the transposed graph has its edges above the diagonal.
      back = against(nodes[::-1], adjacency[::-1, ::-1].T, mask[::-1])
      nodes = jnp.concatenate([along(nodes, adjacency, mask), back[::-1]], -1)
    return nodes
