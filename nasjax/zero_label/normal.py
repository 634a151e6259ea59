"""Scores as normal scores of their ranks in a whole space.

A score on this scale means the same for any set of cells that is asked.

Dimensions: `n` cells, `G` integers of a genotype, `m` cells of the space.
"""

import functools
from collections.abc import Sequence

import numpy as np

from nasjax.spaces import base as spaces_base
from nasjax.zero_label import ranking, tables

_DRAWN = 2000  # cells of a space that cannot be enumerated


def reference(score_fn: tables.ScoreFn, space: spaces_base.Space) -> np.ndarray:
  """Scores that others are ranked among, ascending, `[m]`.

  Args:
    score_fn: scores of cells.
    space: all of its cells, or 2,000 drawn ones where it cannot be enumerated.
  """
  if space.size is not None:
    cells = space.enumerate()
  else:
    cells = space.sample(_DRAWN, np.random.default_rng(0))
  return np.sort(score_fn(cells))


def among(scores: np.ndarray, known: np.ndarray) -> np.ndarray:
  """Normal scores `[n]` of the ranks of scores `[n]` among known ones `[m]`."""
  from scipy import special

  below = np.searchsorted(known, scores, side="left")
  within = np.searchsorted(known, scores, side="right")
  places = np.clip((below + within) / 2, 0.5, len(known) - 0.5)
  return special.ndtri(places / len(known))


def normal_scores(
  space: spaces_base.Space,
  genotypes: np.ndarray,
  *,
  proxies: str | Sequence[str] = ranking.AUTO,
) -> np.ndarray:
  """Zero-label scores of cells as normal scores, `[n]` float64.

  The first call for a space scores all of it (`ranking.scorer`).

  Args:
    space: the space; the ranks are those in the whole of it.
    genotypes: valid cells `[n, G]`.
    proxies: as in `ranking.rank`.
  """
  names = proxies if isinstance(proxies, str) else tuple(proxies)
  score_fn, known = _of_space(space.whole, names)
  return among(score_fn(genotypes), known)


@functools.lru_cache(maxsize=4)
def _of_space(
  space: spaces_base.Space, proxies: str | tuple[str, ...]
) -> tuple[tables.ScoreFn, np.ndarray]:
  score_fn, _ = ranking.scorer(space, proxies=proxies)
  return score_fn, reference(score_fn, space)
