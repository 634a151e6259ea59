"""Cells as options of places: what pruning removes and genes point at.

Dimensions: `G` places (integers of a genotype), `V` options of a place at most,
`n` cells.
"""

from typing import NamedTuple

import numpy as np

from nasjax.spaces import base as spaces_base

_SAMPLED = 4096
_ROUNDS = 8


class Options(NamedTuple):
  """Options of each place of a genotype.

  Attributes:
    values: what the options stand for, `[G, V]` int8; the first of a place
      where it has fewer.
    counts: how many options a place has, `[G]` int64.
  """

  values: np.ndarray
  counts: np.ndarray

  def cells(self, chosen: np.ndarray) -> np.ndarray:
    """Genotypes of options `[n, G]`, `[n, G]` int8; they may be no cells."""
    return self.values[np.arange(len(self.counts)), chosen].astype(np.int8)

  def of_genes(self, genes: np.ndarray) -> np.ndarray:
    """Options that genes in [0, 1] point at, evenly, `[n, G]` int64."""
    found = np.floor(genes * self.counts).astype(np.int64)
    return np.minimum(found, self.counts - 1)

  def genes(self, cells: np.ndarray) -> np.ndarray:
    """Genes in the middle of the options of cells `[n, G]`, `[n, G]`."""
    is_option = cells[:, :, None] == self.values
    return (is_option.argmax(axis=2) + 0.5) / self.counts


def find(space: spaces_base.Space, rng: np.random.Generator) -> Options:
  """Finds the options of each place in a sample of a space."""
  cells = space.sample(_SAMPLED, rng)
  found = [np.unique(column) for column in cells.T]
  counts = np.array([len(values) for values in found])
  padded = [
    np.append(values, np.repeat(values[0], counts.max() - len(values)))
    for values in found
  ]
  return Options(np.stack(padded).astype(np.int8), counts)


def draw(
  space: spaces_base.Space,
  options: Options,
  alive: np.ndarray,
  num: int,
  rng: np.random.Generator,
) -> np.ndarray:
  """Draws cells of a supernet: an option of each place that is left in it.

  Args:
    space: the space.
    options: its options.
    alive: which options are left, `[G, V]` bool.
    num: how many cells.
    rng: generator of the draws.

  Returns:
    Valid cells `[m, G]` int8; `m < num` where most combinations are no cells.
  """
  found = np.zeros((0, space.genotype_length), np.int8)
  for _ in range(_ROUNDS):
    keys = rng.random((64 * num, *alive.shape))
    chosen = np.where(alive, keys, -1).argmax(axis=2)
    cells = options.cells(chosen)
    found = np.concatenate([found, cells[space.is_valid(cells)]])[:num]
    if len(found) == num:
      break
  return found
