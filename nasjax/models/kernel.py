"""Kernel regression on the features of a cell, as a part of a model.

Dimensions: `n` cells that others are compared with, `F` features, the first `D`
of which enter the distance between cells.
"""

from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp


def power_kernel(
  features: jax.Array, cells: jax.Array, rate: jax.Array, power: float = 1.0
) -> jax.Array:
  """`exp(-rate * mean |a - b|^power)`: Laplacian with 1, Gaussian with 2.

  It adds up one feature of all cells after the other: a mean over the features
  of each cell takes five times as long on a CPU.

  Args:
    features: of one architecture, `[F]`.
    cells: features of others, `[n, F]`.
    rate: scalar.
    power: power of the differences.

  Returns:
    `[n]`.
  """

  def add(total, column):
    own, others = column
    return total + raised(jnp.abs(own - others), power), None

  dtype = jnp.result_type(features, cells)
  start = jnp.zeros(cells.shape[0], dtype)
  total, _ = jax.lax.scan(add, start, (features.astype(dtype), cells.T))
  return jnp.exp(-rate * total / cells.shape[1])


def raised(differences: Any, power: float) -> Any:
  """Differences of at least 0 to a power; 1 and 1.5 without a logarithm."""
  if power == 1:
    return differences
  if power == 1.5:
    return differences * differences**0.5
  return differences**power


class KernelRegression(nn.Module):
  """`sum_i c_i k(x, x_i)` over `n` training cells (kernel ridge regression).

  The kernel is `power_kernel`, or its sum with a linear one. Its variables are
  solved for and not trained: `nasjax.training.kernel`.

  Attributes:
    num_cells: `n`.
    num_distance: `D` where a linear kernel over all features is added; 0: none
      is, and `D = F`.
    power: power of the differences of features.
  """

  num_cells: int
  num_distance: int = 0
  power: float = 1.0

  @nn.compact
  def __call__(
    self, features: jax.Array, similarities: jax.Array | None = None
  ) -> jax.Array:
    """Maps one architecture to a scalar.

    Args:
      features: `[F]`.
      similarities: `similarities(...)` of the features, `[n]`, where they are
        known already.
    """
    zeros, ones = nn.initializers.zeros, nn.initializers.ones
    near = features[: self.num_distance or None]
    shape = self.num_cells, near.shape[-1]
    cells = self.param("cells", zeros, shape)
    coefficients = self.param("coefficients", zeros, shape[:1])
    rate = self.param("rate", ones, ())
    if similarities is None:
      similarities = power_kernel(near, cells, rate, self.power)
    score = similarities @ coefficients
    if self.num_distance:
      score += features @ self.param("slopes", zeros, features.shape)
    return score


def similarities(
  variables: Any, features: jax.Array, power: float = 1.0
) -> jax.Array:
  """What members of an ensemble share: the kernel, without coefficients.

  Args:
    variables: those of the `KernelRegression` of any member.
    features: of one architecture, `[F]`.
    power: power of the differences of features.

  Returns:
    `[n]`.
  """
  cells = variables["cells"]
  near = features[: cells.shape[1]]
  return power_kernel(near, cells, variables["rate"], power)
