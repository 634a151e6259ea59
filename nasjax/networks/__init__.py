"""Real networks of cells, and their training.

`build` makes the Flax network of a cell, `Skeleton` says how it is stacked,
`load` reads the weights that a training kept.
See `nasjax.networks.training` and `nasjax.networks.evaluate`.
"""

from nasjax.networks.registry import build, count_params
from nasjax.networks.skeleton import Skeleton
from nasjax.networks.weights import TrainedNetwork, load

__all__ = ["Skeleton", "TrainedNetwork", "build", "count_params", "load"]
