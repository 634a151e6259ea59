"""A ranking of networks that is adapted to labels of some of them.

Dimensions: `n` networks that are ranked, `m` labelled ones.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from nasjax import errors
from nasjax.computation import measures
from nasjax.computation.graph import ComputationGraph
from nasjax.systems.gennape import kernel, ranker

FEWEST = 3
"""Labels without which nothing is adapted."""


def checked(labelled: list[Any], values: Sequence[float]) -> list[Any]:
  """Returns labelled networks whose labels fit.

  Args:
    labelled: networks, `[m]`; none of them asks for no adaptation.
    values: their labels, `[m]`.

  Raises:
    UserError: there is not one finite number for each network, there are fewer
      than three, or they are all equal.
  """
  if len(labelled) != len(values):
    raise errors.UserError(
      f"rank: expected one value for each labelled network, got "
      f"{len(labelled)} networks and {len(values)} values"
    )
  if not labelled:
    return labelled
  try:
    numbers = np.asarray(values, np.float64)
    is_finite = numbers.ndim == 1 and bool(np.isfinite(numbers).all())
  except (TypeError, ValueError):
    is_finite = False
  if not is_finite:
    raise errors.UserError(
      f"rank: expected finite numbers as values, got {errors.quote(values)}"
    )
  if len(numbers) < FEWEST or np.ptp(numbers) == 0:
    raise errors.UserError(
      f"rank: expected at least {FEWEST} labelled networks with values that "
      f"differ, got {len(np.unique(numbers))} different of {len(numbers)}; "
      "train more, or rank without labels"
    )
  return labelled


def adapted(
  graphs: Sequence[ComputationGraph],
  labelled: Sequence[ComputationGraph],
  values: Sequence[float],
) -> tuple[np.ndarray, np.ndarray]:
  """Scores networks by the ranker, adapted to labels (`kernel.adapt`).

  Args:
    graphs: the networks.
    labelled: networks with labels, `[m]`.
    values: their labels; higher = better, `[m]`.

  Returns:
    Scores `[n]` in the unit of the labels (networks whose output depends on no
    input have `ranker.DEAD`), and the standard deviation between adaptations of
    the predictors that were learnt without one family each, `[n]`.
  """
  found = measures.of_graphs([*labelled, *graphs]).astype(np.float32)
  known = np.asarray(values, np.float64)
  rows = np.arange(len(known))
  mean, unit = known.mean(), known.std()
  targets = (known - mean) / unit
  members = [one.predict(found) for one in ranker.load().members.values()]
  scores = kernel.adapt(found, np.mean(members, axis=0), rows, targets)
  each = [kernel.adapt(found, member, rows, targets) for member in members]
  asked = slice(len(known), None)
  dead = scores[asked] == ranker.DEAD
  return (
    np.where(dead, ranker.DEAD, mean + unit * scores[asked]),
    unit * np.std(each, axis=0)[asked],
  )
