"""Kernel regression on the features of a cell, beside a network.

Dimensions: `n` cells that others are compared with, `F` features, the first `D`
of which enter the distance between cells.
"""

import dataclasses
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp

from nasjax import graphs
from nasjax.features import reads


def power_kernel(
  features: jax.Array, cells: jax.Array, rate: jax.Array, power: float = 1.0
) -> jax.Array:
  """`exp(-rate * mean |a - b|^power)`: Laplacian with 1, Gaussian with 2.

  It adds up one feature of all cells after the other: a mean over the features
  of each cell takes five times as long on a CPU.

  Args:
    features: features of one architecture, `[F]`.
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
  solved for (`nasjax.regression.solver`), not trained.

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
      similarities: `power_kernel` of the features, `[n]`, if they are known
        already.
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


class WithRegression(nn.Module):
  """A trained network and a regression: the score is their sum.

  Their parameters lie in one tree: those of the network, and `kernel`.

  Attributes:
    network: a model for one architecture that reads features.
    num_cells: training cells of the regression, `n`.
    num_distance: see `KernelRegression`.
    power: see `KernelRegression`.
  """

  network: nn.Module
  num_cells: int
  num_distance: int = 0
  power: float = 1.0

  @property
  def reads(self) -> reads.Reads:
    """Inputs of the network; members share the similarities."""
    return dataclasses.replace(_reads(self.network), shared=True)

  def setup(self):
    """Puts the parameters of both into one scope."""
    nn.share_scope(self, self.network)
    self.kernel = KernelRegression(
      self.num_cells, self.num_distance, self.power
    )

  def __call__(
    self,
    cell: graphs.CellGraphs,
    *,
    train: bool = False,
    similarities: jax.Array | None = None,
  ) -> jax.Array:
    """Scores one architecture.

    Args:
      cell: graphs without a batch axis, with the features that the network
        reads.
      train: whether dropout is on (needs a `dropout` key).
      similarities: those of `shared`, `[n]`, if they are known already.

    Returns:
      A scalar, higher = better, in units of the normalised label.
    """
    features = self.reads.side_by_side(cell)
    score = self.network(cell, train=train)  # pyright: ignore[reportCallIssue]
    return score + self.kernel(features, similarities)

  def shared(
    self, params: Any, cell: graphs.CellGraphs
  ) -> dict[str, jax.Array]:
    """Parts of the score that all members share, by argument of the model.

    Args:
      params: those of any member.
      cell: graphs without a batch axis.

    Returns:
      `similarities` of the cell to the training cells, `[n]`.
    """
    variables = params["params"]["kernel"]
    cells = variables["cells"]
    near = self.reads.side_by_side(cell)[: cells.shape[1]]
    found = power_kernel(near, cells, variables["rate"], self.power)
    return {"similarities": found}


def _reads(model: nn.Module) -> reads.Reads:
  found: Any = model
  return found.reads
