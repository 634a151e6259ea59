"""A regression beside a network: its sizes, and the model of both."""

from typing import Any, NamedTuple

import flax.linen as nn

from nasjax.regression import layer


class Sizes(NamedTuple):
  """Sizes of a regression; both are 0 if there is none.

  Attributes:
    num_cells: training cells that others are compared with.
    num_distance: features that enter the distance where the kernel has a linear
      part.
  """

  num_cells: int = 0
  num_distance: int = 0


def beside(network: nn.Module, params: Any, power: float) -> nn.Module:
  """Puts the regression beside a network whose parameters have one.

  Args:
    network: the network.
    params: parameters, leaves `[R, ...]`, or their shapes.
    power: power of the differences of features (`config.kernel.power`).

  Returns:
    The model that scores; the network itself without a regression.
  """
  return of_sizes(network, sizes(params), power)


def of_sizes(network: nn.Module, found: Sizes, power: float) -> nn.Module:
  """`beside` for parameters of which the sizes are known."""
  if not found.num_cells:
    return network
  return layer.WithRegression(
    network, found.num_cells, found.num_distance, power
  )


def sizes(params: Any) -> Sizes:
  """Sizes of the regression in parameters with leaves `[R, ...]`."""
  joined = params["params"].get("kernel")
  if joined is None:
    return Sizes()
  _, num_cells, num_features = joined["cells"].shape
  return Sizes(num_cells, num_features if "slopes" in joined else 0)
