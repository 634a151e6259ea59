"""Paired comparison of two methods over the same seeds."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy import stats

from nasjax.reproduce import results


@dataclasses.dataclass(frozen=True)
class Paired:
  """Result of a paired comparison.

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


def of_rows(
  rows: Sequence[results.Row],
) -> list[tuple[results.Row, Paired]]:
  """Compares the default predictor with every other method, size by size.

  Args:
    rows: rows of one metric; studies are told apart.

  Returns:
    (row of the other method, comparison) where both hold the same seeds.
  """
  found = []
  for space, benchmark, dataset in results.studies(rows):
    study = results.select(
      rows, space=space, benchmark=benchmark, dataset=dataset
    )
    for size in sorted({row["size"] for row in study}):
      own = results.select(study, size=size)
      default = next(iter(results.select(own, method="default")), None)
      for row in own:
        if default and row is not default and comparable(default, row):
          test = compare(default["seeds"], row["seeds"])
          found.append((row, test))
  return found


def comparable(first: results.Row, second: results.Row) -> bool:
  """Says whether two rows hold finite values of the same seeds."""
  values = [*first["seeds"], *second["seeds"]]
  return (
    len(first["seeds"]) == len(second["seeds"])
    and first.get("first_seed") == second.get("first_seed")
    and None not in values
  )
