"""The kind `edges`: the operation of each edge, in spaces that say it."""

import numpy as np

from nasjax import errors
from nasjax.features import kind


def _compute(space, genotypes, cells):
  found = space.edge_features(genotypes)
  if found is None:
    raise errors.UserError(
      "config.model.edges: expected a space with edge features (darts), got "
      f"{space.name!r} without; set edges=False"
    )
  return found


def _names(space):
  one = space.sample(1, np.random.default_rng(0))
  width = _compute(space, one, None).shape[-1]
  return tuple(f"edge {index}" for index in range(width))


KIND = kind.Kind(_compute, _names, standardised=False, numbering=True)
