"""Scores of all cells of a space as a function of some of them.

Dimensions: `m` cells of the table, `n` cells that are asked, `G` integers of a
genotype.
"""

from collections.abc import Callable

import numpy as np

from nasjax.spaces import base as spaces_base

ScoreFn = Callable[[np.ndarray], np.ndarray]
"""Maps cells `[n, G]` to scores `[n]`."""


def look_up(
  space: spaces_base.Space, genotypes: np.ndarray, scores: np.ndarray
) -> ScoreFn:
  """Returns a function that looks scores up by `Space.lookup_keys`.

  Args:
    space: the space.
    genotypes: all of its cells, `[m, G]`.
    scores: theirs, `[m]`.
  """
  keys = space.lookup_keys(genotypes)
  order = np.argsort(keys, kind="stable")
  keys, scores = keys[order], scores[order]

  def score_fn(some: np.ndarray) -> np.ndarray:
    return scores[np.searchsorted(keys, space.lookup_keys(some))]

  return score_fn
