"""Real networks of cells, and their training.

`build` makes the Flax network of a cell, `Skeleton` says how it is stacked,
`load` reads the weights that a training kept, `Family` gives a space of one's
own its networks.
See `nasjax.networks.training` and `nasjax.networks.evaluate`.
"""

from nasjax.networks.families import Family
from nasjax.networks.registry import build, count_params
from nasjax.networks.skeleton import Skeleton
from nasjax.networks.weights import TrainedNetwork, load

__all__ = [
  "Family",
  "Skeleton",
  "TrainedNetwork",
  "build",
  "count_params",
  "load",
]
