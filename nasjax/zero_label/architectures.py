"""Physical features of whole architectures, equal in number in every space.

Dimensions: `n` architectures, `C` cells of each, `P` features of a cell.
"""

import jax.numpy as jnp
import numpy as np

from nasjax.features import cell_physical, columns
from nasjax.spaces import base as spaces_base

KIND = "physical"
REDUCTION = 0.1
"""Share of the reduction cells where there are normal cells too."""


def features(
  space: spaces_base.Space, genotypes: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
  """Mean physical features over the cells of architectures.

  Where an architecture has normal and reduction cells, the normal ones have
  nine tenths of the weight: DARTS networks have 18 of them and 2 others.

  Args:
    space: their space.
    genotypes: valid, `[n, G]`.

  Returns:
    Features `[n, P]` float32 in physical units (`cell_physical.NAMES`), and
    whether anything leads from an input to an output of every cell, `[n]`.
  """
  num, width = len(genotypes), len(cell_physical.NAMES)
  if not num:
    return np.zeros((0, width), np.float32), np.zeros(0, bool)
  whole = space.whole
  rows, place = np.unique(genotypes, axis=0, return_inverse=True)
  found = columns.of_kind(whole, rows.astype(np.int8), KIND)
  cells = found.reshape(len(rows), whole.num_cells, width)
  paths = cells[..., cell_physical.NAMES.index("log2 paths")]
  mean = np.einsum("ncp,c->np", cells, _weights(whole, rows[:1]))
  place = place.reshape(-1)
  return mean[place].astype(np.float32), paths.min(axis=1)[place] > 0


def _weights(space: spaces_base.Space, genotypes: np.ndarray) -> np.ndarray:
  """Weights of the cells of an architecture, `[C]`, which sum to one."""
  drawn = space.encode(jnp.asarray(genotypes, jnp.int8))
  types = np.asarray(drawn.cell_type[0]) * np.asarray(drawn.mask[0])
  is_reduction = np.any(types.reshape(space.num_cells, -1) > 0, axis=1)
  number = int(is_reduction.sum())
  if number in (0, space.num_cells):
    return np.full(space.num_cells, 1 / space.num_cells)
  return np.where(
    is_reduction,
    REDUCTION / number,
    (1 - REDUCTION) / (len(is_reduction) - number),
  )
