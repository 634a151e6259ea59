"""Kernel regression on the features of a cell, as a part of a model.

Dimensions: `n` training cells, `F` features, the first `D` of which enter the
distance between cells.
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

  The kernel is Laplacian, or the sum of a Laplacian and a linear one. Its
  variables are solved for and not trained: `nasjax.training.kernel`.

  Attributes:
    num_cells: `n`.
    num_distance: `D` where a linear kernel over all features is added; 0: none
      is, and `D = F`.
  """

  num_cells: int
  num_distance: int = 0

  @nn.compact
  def __call__(self, features: jax.Array) -> jax.Array:
    """Maps the features `[F]` of one architecture to a scalar."""
    zeros, ones = nn.initializers.zeros, nn.initializers.ones
    near = features[: self.num_distance or None]
    shape = self.num_cells, near.shape[-1]
    cells = self.param("cells", zeros, shape)
    coefficients = self.param("coefficients", zeros, shape[:1])
    rate = self.param("rate", ones, ())
    score = laplacian_kernel(near[None], cells, rate) @ coefficients
    if self.num_distance:
      score += features @ self.param("slopes", zeros, features.shape)
    return score
