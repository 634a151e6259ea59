"""Heads on embeddings, one for each cluster.

Dimensions: `B` graphs, `K` width of an embedding, `c` clusters.
"""

import flax.linen as nn
import jax
import jax.numpy as jnp


class Heads(nn.Module):
  """One small network for each cluster, weighted by membership.

  Attributes:
    clusters: `c`.
    width: hidden width of each.
  """

  clusters: int = 6
  width: int = 32

  @nn.compact
  def __call__(self, x: jax.Array, membership: jax.Array) -> jax.Array:
    """Maps embeddings `[B, K]` and memberships `[B, c]` to scores `[B]`."""
    shape = (x.shape[-1], self.clusters * self.width)
    inner = self.param("inner", nn.initializers.lecun_normal(), shape)
    bias = self.param("bias", nn.initializers.zeros, shape[1:])
    hidden = nn.tanh(x @ inner + bias[None]).reshape(len(x), self.clusters, -1)
    outer = self.param(
      "outer", nn.initializers.normal(0.1), (self.clusters, self.width)
    )
    each = jnp.einsum("bcw,cw->bc", hidden, outer)
    return jnp.sum(each * membership, axis=-1)
