"""Kernel regression on graph features, as a part of a model.

Dimensions: `n` training cells, `F` graph features.
"""

import flax.linen as nn
import jax
import jax.numpy as jnp


def laplacian_kernel(
  first: jax.Array, second: jax.Array, rate: jax.Array
) -> jax.Array:
  """`exp(-rate * mean |a - b|)` of features `[..., F]`; broadcasts."""
  return jnp.exp(-rate * jnp.mean(jnp.abs(first - second), axis=-1))


class KernelRegression(nn.Module):
  """`sum_i c_i k(x, x_i)` over the training cells (kernel ridge regression).

  Its variables are solved for and not trained: `nasjax.training.kernel`.

  Attributes:
    num_cells: `n`.
  """

  num_cells: int

  @nn.compact
  def __call__(self, features: jax.Array) -> jax.Array:
    """Maps the graph features `[F]` of one architecture to a scalar."""
    zeros, ones = nn.initializers.zeros, nn.initializers.ones
    shape = self.num_cells, features.shape[-1]
    cells = self.param("cells", zeros, shape)
    coefficients = self.param("coefficients", zeros, shape[:1])
    rate = self.param("rate", ones, ())
    return laplacian_kernel(features[None], cells, rate) @ coefficients
