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
    width = self.width
    own = nn.Dense(3 * width, name="own")(nodes)
    gates = nn.Dense(2 * width, use_bias=False, name="gates")
    candidate = nn.Dense(width, use_bias=False, name="candidate")
    message = nn.Dense(2 * width, use_bias=False, name="message")
    senders = jnp.maximum(jnp.sum(adjacency, axis=0, keepdims=True), 1)
    weights = adjacency / jnp.sqrt(senders)
    states, sent = [], []
    for node in range(len(nodes)):
      received = jnp.zeros(width, nodes.dtype)
      for sender in range(node):
        received += weights[sender, node] * sent[sender]
      gate = nn.sigmoid(own[node, : 2 * width] + gates(received))
      update, reset = jnp.split(gate, 2)
      new = jnp.tanh(own[node, 2 * width :] + candidate(reset * received))
      state = ((1 - update) * new + update * received) * mask[node]
      open_, value = jnp.split(message(state), 2)
      states.append(state)
      sent.append(nn.sigmoid(open_) * value)
    return jnp.stack(states)


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
