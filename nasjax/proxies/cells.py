"""Which networks are measured: live parts of cells, each function once.

Dimensions: `n` cells, `m` distinct ones, `G` integers of a genotype.
"""

from typing import NamedTuple

import numpy as np

from nasjax.spaces import base as spaces_base


class Distinct(NamedTuple):
  """Cells that are measured, and for which cells each stands.

  Attributes:
    genotypes: `[m, G]` int8.
    rows: row of `genotypes` for each cell, `[n]`.
  """

  genotypes: np.ndarray
  rows: np.ndarray


def distinct(space: spaces_base.Space, genotypes: np.ndarray) -> Distinct:
  """Replaces cells by those that are measured in their place.

  Where the space tells functions it is the cell that stands for a function,
  else one of the cells with a fingerprint.

  Args:
    space: the space of the cells.
    genotypes: valid cells `[n, G]`.
  """
  whole = space.whole
  functions = whole.functions()
  if functions is None:
    keys = whole.fingerprint(genotypes)
    _, first, rows = np.unique(keys, return_index=True, return_inverse=True)
    return Distinct(whole.canonical(genotypes[first]), rows.reshape(-1))
  numbers = functions.numbers[np.asarray(whole.rows(genotypes))]
  chosen, rows = np.unique(numbers, return_inverse=True)
  return Distinct(functions.cells[chosen], rows.reshape(-1))
