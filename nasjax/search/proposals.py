"""The next cells of a model-based search, out of what its surrogate believes.

Dimensions: `m` candidates, `F` features, `b` cells of a batch.
"""

from typing import TYPE_CHECKING

import numpy as np

from nasjax.search import acquisitions

if TYPE_CHECKING:
  from nasjax.surrogates import base as surrogates
  from nasjax.surrogates import pools

_SHORTLIST = 4000
_DRAWN = 1000
_SPREAD_OVER = 20_000
_AT_ONCE = 500
EXPLORE, EXPLOIT, SPREAD = "explore", "exploit", "spread"


def spread_out(
  pool: "pools.Pool",
  free: np.ndarray,
  taken: np.ndarray,
  num: int,
  rng: np.random.Generator,
) -> np.ndarray:
  """Cells that are far from each other and from those that are taken.

  Each is the one that is farthest from its nearest neighbour among those before
  (Johnson et al. 1990, maximin); among 20,000 candidates at most.

  Args:
    pool: the candidates.
    free: rows of the pool that may be asked, `[f]`.
    taken: features of the cells that were asked already, `[t, F]`.
    num: how many.
    rng: generator of the draws.

  Returns:
    Rows of the pool, `[b]`.
  """
  from nasjax.surrogates import distances, pools

  rows = free
  if len(rows) > _SPREAD_OVER:
    rows = np.sort(rng.choice(rows, _SPREAD_OVER, replace=False))
  features, power = pool.features[rows], pools.power_of(pool.space)
  nearest = np.full(len(rows), np.inf)
  for start in range(0, len(taken), _AT_ONCE):
    part = taken[start : start + _AT_ONCE]
    apart = distances.between(features, part, power).min(axis=1)
    nearest = np.minimum(nearest, apart)
  chosen: list[int] = []
  while len(chosen) < min(num, len(rows)):
    first = not len(taken) and not chosen
    at = int(rng.integers(len(rows))) if first else int(np.argmax(nearest))
    chosen.append(at)
    to_it = distances.between(features, features[at][None], power)[:, 0]
    nearest = np.minimum(nearest, to_it)
    nearest[chosen] = -np.inf
  return rows[np.array(chosen, int)]


def best_batch(
  fitted: "surrogates.Fitted",
  free: np.ndarray,
  moments: tuple[np.ndarray, np.ndarray],
  pending: np.ndarray,
  num: int,
  best: float,
  acquisition: str,
  beta: float,
  rng: np.random.Generator,
) -> np.ndarray:
  """The next cells of a fitted surrogate.

  Cells are chosen one by one; after each, and after every pending one before,
  the surrogate is more certain of what is like it, so that a batch is diverse.
  With Thompson sampling each cell is the best of a draw of all values.

  Args:
    fitted: the surrogate.
    free: rows of the pool that may be asked, `[f]`.
    moments: means and variances of these, `[f]` each.
    pending: rows of the pool that were asked and have no value yet, `[p]`.
    num: how many cells.
    best: the best target so far.
    acquisition: a name of `acquisitions.NAMES`.
    beta: weight of the standard deviation in `upper_confidence_bound`.
    rng: generator of the draws.

  Returns:
    Rows of the pool, `[b]`, the best first.
  """
  is_drawn = acquisition == acquisitions.THOMPSON
  means, variances = moments
  # Whatever a draw may bring to the top has a high bound.
  name = "upper_confidence_bound" if is_drawn else acquisition
  gain = acquisitions.FUNCTIONS[name]
  values = gain(means, np.sqrt(variances), best, 3.0 if is_drawn else beta)
  most = _DRAWN if is_drawn else _SHORTLIST
  short = free[_largest(values, most)]
  belief = fitted.believe(np.concatenate([short, pending]))
  for place in range(len(pending)):
    belief.condition(len(short) + place)
  open_ = np.arange(len(short) + len(pending)) < len(short)
  chosen: list[int] = []
  while len(chosen) < min(num, len(short)):
    if is_drawn:
      values = belief.draw(rng)
    else:
      values = gain(belief.means, np.sqrt(belief.variances), best, beta)
    at = int(np.argmax(np.where(open_, values, -np.inf)))
    chosen.append(at)
    open_[at] = False
    if not is_drawn:
      belief.condition(at)
  return short[np.array(chosen, int)]


def _largest(values: np.ndarray, most: int) -> np.ndarray:
  """Rows of the largest values, ascending, `[<= most]`."""
  if len(values) <= most:
    return np.arange(len(values))
  return np.sort(np.argpartition(-values, most)[:most])
