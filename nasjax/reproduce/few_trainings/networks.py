"""A graph network of the compared methods."""

import flax.linen as nn
import jax
import jax.numpy as jnp


class GIN(nn.Module):
  """Graph isomorphism network (Xu et al. 2019) with a mean over the nodes.

  Attributes:
    width: of the node states.
    depth: layers on the graph.
    head_width: of the dense layer behind the mean.
  """

  width: int = 32
  depth: int = 3
  head_width: int = 16

  @nn.compact
  def __call__(self, x: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Maps graphs `[b, N, O + N]` to values `[b]`, features `[b, head]`."""
    num_nodes = x.shape[1]
    state, adjacency = x[..., :-num_nodes], x[..., -num_nodes:]
    both = adjacency + jnp.swapaxes(adjacency, 1, 2)
    for _ in range(self.depth):
      state = state + both @ state
      state = jax.nn.celu(nn.Dense(self.width)(state))
      state = jax.nn.celu(nn.Dense(self.width)(state))
    x = jax.nn.celu(nn.Dense(self.head_width)(jnp.mean(state, axis=1)))
    return nn.Dense(1)(x)[:, 0], x
