"""What is believed of cells before any training: a score of each.

Dimensions: `n` cells, `G` integers of a genotype.
"""

import functools
import hashlib
from collections.abc import Callable
from typing import Any

import numpy as np

from nasjax import errors
from nasjax.spaces import base as spaces_base

NONE, ZERO = "none", "zero"
NAMES = (NONE, ZERO)

ScoreFn = Callable[[np.ndarray], np.ndarray]


class Prior:
  """Prior scores of a user: a number for each cell of the space, or a function.

  Attributes:
    given: scores `[size]` in the order of `Space.enumerate()`, or a function of
      genotypes `[n, G]` that returns scores `[n]`; higher = better.
    identity: what tells it from others in a saved search: a digest of the
      numbers, or that it is a function.
  """

  def __init__(self, given: Any):
    """Keeps scores.

    Raises:
      UserError: they are neither numbers nor a function.
    """
    self.given, self.identity = given, "a function"
    if not callable(given):
      self.given = _numbers_of(given)
      self.identity = hashlib.sha256(self.given.tobytes()).hexdigest()

  def score_fn(self, space: spaces_base.Space) -> ScoreFn:
    """Returns a function of genotypes `[n, G]`.

    Raises:
      UserError: there is not one number for each cell of the space.
    """
    if callable(self.given):
      return functools.partial(_called, self.given)
    if space.size != len(self.given):
      raise errors.UserError(
        "prior: expected one number for each architecture of the space "
        f"{space.name!r} ({space.size or 'which cannot be enumerated'}), got "
        f"{len(self.given)}; or give a function of genotypes"
      )
    from nasjax.zero_label import tables

    return tables.look_up(space, space.enumerate(), self.given)


def _numbers_of(given: Any) -> np.ndarray:
  """Scores of a user as `[size]` float64."""
  try:
    found = np.asarray(given, np.float64)
  except (TypeError, ValueError):
    found = np.zeros((0, 0))
  if found.ndim != 1 or np.isnan(found).any():
    raise errors.UserError(
      f"prior: expected one of {', '.join(NAMES)}, an array of numbers [n] "
      "without NaN or a function of genotypes, got "
      f"{errors.quote(given)}"
    )
  return found


def _called(function: Any, genotypes: np.ndarray) -> np.ndarray:
  """Scores of cells `[n, G]` by a function of a user."""
  given = function(genotypes)
  try:
    found = np.asarray(given, np.float64)
  except (TypeError, ValueError):
    found = np.full(0, np.nan)
  if found.shape != (len(genotypes),) or np.isnan(found).any():
    got = f"shape {list(found.shape)}" if found.size else errors.quote(given)
    raise errors.UserError(
      f"prior: expected a function that returns {len(genotypes)} numbers "
      "without NaN for as many genotypes, got "
      f"{'NaN' if np.isnan(found).any() else got}"
    )
  return found


def check(prior: Any) -> Any:
  """Returns the name of a prior, or the scores of a user as a `Prior`.

  Raises:
    UserError: it is neither.
  """
  if isinstance(prior, str):
    errors.check_name("prior", prior, NAMES)
    return prior
  return prior if isinstance(prior, Prior) else Prior(prior)


def normal_scores(
  prior: "str | Prior", space: spaces_base.Space, genotypes: np.ndarray
) -> np.ndarray:
  """Prior scores of cells as normal scores of their ranks in the space, `[n]`.

  Args:
    prior: `zero` for the transfer predictor of `nasjax.zero_label`, which needs
      no network, or scores.
    space: the space; ranks are among all of its cells, or among 2,000 drawn
      ones where it cannot be enumerated.
    genotypes: cells `[n, G]`.

  Raises:
    UserError: there are no such scores of the space.
  """
  if not isinstance(prior, Prior):
    from nasjax import zero_label

    return zero_label.normal_scores(space, genotypes, proxies=())
  from nasjax.zero_label import normal

  score_fn, known = _ranked(prior, space)
  return normal.among(score_fn(genotypes), known)


@functools.lru_cache(maxsize=4)
def _ranked(
  prior: Prior, space: spaces_base.Space
) -> tuple[ScoreFn, np.ndarray]:
  """Scores of a user as a function, and those of the space, ascending."""
  from nasjax.zero_label import normal

  score_fn = prior.score_fn(space)
  return score_fn, normal.reference(score_fn, space)


@functools.lru_cache(maxsize=4)
def of_space(
  prior: "str | Prior",
) -> Callable[[spaces_base.Space, np.ndarray], np.ndarray]:
  """Returns `normal_scores` of a prior: the same one for the same prior."""
  return functools.partial(normal_scores, prior)
