"""Small layers that several models share."""

import flax.linen as nn
import jax
import jax.numpy as jnp


class Dropout(nn.Module):
  """Dropout that spends one random byte on each unit.

  A quarter of the random words of the usual float draw, which is what dropout
  costs on a CPU. The rate is rounded to a multiple of 1/256, and kept units are
  divided by the rate of keeping that was really used.

  Attributes:
    rate: share of units that are set to zero, in [0, 1).
  """

  rate: float

  @nn.compact
  def __call__(self, inputs: jax.Array, *, train: bool) -> jax.Array:
    """Drops units of any array; needs a `dropout` key where `train` is set."""
    dropped = round(self.rate * 256)
    if not train or dropped == 0:
      return inputs
    draws = jax.random.bits(self.make_rng("dropout"), inputs.shape, jnp.uint8)
    kept = inputs * (256 / (256 - dropped))
    return jnp.where(draws >= dropped, kept, 0.0)


def mean_nodes(nodes: jax.Array, mask: jax.Array) -> jax.Array:
  """Mean of the real nodes, `[N, K]` and `[N]` to `[K]`; 0 where none is."""
  return jnp.sum(nodes * mask[:, None], axis=0) / jnp.maximum(jnp.sum(mask), 1)
