"""A predictor that reads measures of whole networks.

The sum of two parts in units of their spread within families: a line, the mean
of three logarithms of size; and a forest of extremely randomised trees on all
measures (Geurts et al., "Extremely randomized trees", Machine Learning 2006).
It is learnt from several families; what a label is worth is its normal score
within its family.

Dimensions: `n` networks, `P` measures.
"""

from typing import NamedTuple

import numpy as np

from nasjax.computation import measures
from nasjax.systems.gennape import forest as forests

SIZES = ("log params", "log macs", "log sum of channels")
"""Measures of the line."""
LINE = 1.0
"""Weight of the line; that of the trees is 1."""
UNIT = 0.4
"""Standard deviation of what the trees say in a family that they have not seen,
a mean over families."""
_PLACES = [measures.NAMES.index(name) for name in SIZES]
DEAD = -10.0
"""Score of a network whose output depends on no input."""


class WholeNetwork(NamedTuple):
  """What was learnt.

  Attributes:
    centre: means of the three sizes, `[3]`.
    slopes: of the line, `[3]`.
    forest: the trees.
  """

  centre: np.ndarray
  slopes: np.ndarray
  forest: forests.Forest

  def line(self, found: np.ndarray) -> np.ndarray:
    """The first part, for measures `[n, P]`; `[n]`."""
    return (found[:, _PLACES] - self.centre) @ self.slopes

  def predict(self, found: np.ndarray, weight: float = LINE) -> np.ndarray:
    """Predicts scores `[n]` float64, higher = better.

    Args:
      found: measures, `[n, P]`.
      weight: of the line.
    """
    trees = self.forest.predict(found) / UNIT
    scores = (weight * self.line(found) + trees) / (weight + 1)
    return np.where(is_live(found), scores, DEAD)


def is_live(found: np.ndarray) -> np.ndarray:
  """Says of measures `[n, P]` whether an output depends on an input, `[n]`."""
  return np.asarray(found.any(axis=1))


def slopes_of(families: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
  """Returns centre and slopes of the line for measures of families.

  The sizes have one weight each in units of their spread within families, and
  the line has the spread 1 within families, in the geometric mean.

  Args:
    families: measures of networks, `[n, P]` each.
  """
  sizes = [np.asarray(each, np.float64)[:, _PLACES] for each in families]
  spread = np.sqrt(np.mean([each.var(axis=0) for each in sizes], axis=0))
  slopes = 1 / np.maximum(spread, 1e-6)
  lines = [(each @ slopes).std() for each in sizes]
  slopes /= np.exp(np.mean(np.log(np.maximum(lines, 1e-6))))
  centre = np.mean([each.mean(axis=0) for each in sizes], axis=0)
  return centre, slopes
