"""Paired comparison of two methods over the same seeds."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy import stats


@dataclasses.dataclass(frozen=True)
class Paired:
  """What a paired comparison says.

  Attributes:
    difference: mean of first minus second.
    t: Student's t of the differences; None where it is not defined.
    p: two-sided p-value; None where it is not defined.
    wins: seeds where the first is better.
    losses: seeds where the second is better.
    num: number of seeds.
  """

  difference: float
  t: float | None
  p: float | None
  wins: int
  losses: int
  num: int


def compare(first: Sequence[float], second: Sequence[float]) -> Paired:
  """Compares values of the same seeds, `[S]` and `[S]`.

  The t-test (`scipy.stats.ttest_rel`) needs two seeds and differences that are
  not all equal; the signs are counted in any case.
  """
  difference = np.asarray(first, float) - np.asarray(second, float)
  t = p = None
  if len(difference) > 1 and not np.allclose(difference, difference[0]):
    result: Any = stats.ttest_rel(first, second)
    t, p = float(result.statistic), float(result.pvalue)
  return Paired(
    difference=float(difference.mean()),
    t=t,
    p=p,
    wins=int((difference > 0).sum()),
    losses=int((difference < 0).sum()),
    num=len(difference),
  )
