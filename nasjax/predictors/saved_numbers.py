"""Lists of numbers in `model.json` of saved predictors, checked."""

import itertools
from typing import Any

import numpy as np

from nasjax import errors
from nasjax.config import checks
from nasjax.predictors import saved_config
from nasjax.regression import spread as spreads

NUMBER = checks.Real(-1e300, 1e300)
SCALE = checks.Real(0, 1e300, closed=False)
SPREAD = "spread"
_FIELDS = ("levels", "scores")
_MOST_LEVELS = 1000


def list_of(name: str, value: Any, length: int, rule: checks.Rule) -> list[Any]:
  """Returns a list of numbers of `model.json` after a check.

  Args:
    name: what messages call it.
    value: what the file holds.
    length: how many numbers it must have.
    rule: their type and range.

  Raises:
    UserError: it is no such list.
  """
  if not isinstance(value, list) or len(value) != length:
    got = f"{len(value)}" if isinstance(value, list) else errors.quote(value)
    raise errors.UserError(
      f"{name}: expected a list of {length} numbers, got {got}"
    )
  for place, each in enumerate(value):
    checks.check_value(f"{name}[{place}]", each, rule)
  return value


def of_spread(spread: spreads.Spread) -> dict[str, list[float]]:
  """Numbers of a spread as `model.json` holds them."""
  return {
    "scores": spread.scores.tolist(),
    "levels": spread.levels.tolist(),
  }


def read_spread(found: Any) -> tuple[np.ndarray, np.ndarray] | None:
  """Scores and levels of a spread, `[k]` each; None where there is none.

  Raises:
    UserError: a field is missing, unknown or out of range.
  """
  if found is None:
    return None
  fields = saved_config.as_object(SPREAD, found)
  if sorted(fields) != sorted(_FIELDS):
    raise errors.UserError(
      f"{SPREAD}: expected the fields {', '.join(_FIELDS)}, got "
      f"{errors.quote(', '.join(fields))}"
    )
  scores = fields["scores"]
  length = len(scores) if isinstance(scores, list) else 0
  length = min(max(length, 1), _MOST_LEVELS)
  list_of(f"{SPREAD}.scores", scores, length, NUMBER)
  levels = list_of(f"{SPREAD}.levels", fields["levels"], length, SCALE)
  if not all(first < second for first, second in itertools.pairwise(scores)):
    raise errors.UserError(
      f"{SPREAD}.scores: expected ascending numbers, got others"
    )
  return np.array(scores, float), np.array(levels, float)
