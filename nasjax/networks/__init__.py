"""Real networks of cells, and their training.

`build` makes the Flax network of a cell, `Skeleton` says how it is stacked.
See `nasjax.networks.training` and `nasjax.networks.evaluate`.
"""

from nasjax.networks.registry import build, count_params
from nasjax.networks.skeleton import Skeleton

__all__ = ["Skeleton", "build", "count_params"]
