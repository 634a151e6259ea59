"""Pareto fronts of accuracy against multiply-adds, chosen by scores.

Dimensions: `n` networks, `k` chosen ones.
"""

from typing import Any

import numpy as np

from nasjax.reproduce import extras


def front(scores: np.ndarray, macs: np.ndarray) -> np.ndarray:
  """Rows of the networks that no other one beats in both, `[k]`.

  Args:
    scores: higher = better, `[n]`.
    macs: multiply-adds, fewer = better, `[n]`.

  Raises:
    UserError: moocore is not installed.
  """
  moocore: Any = extras.load("moocore", "pareto")
  points = np.stack([macs, -scores], axis=1).astype(np.float64)
  return np.flatnonzero(moocore.is_nondominated(points))


def hypervolume(
  accuracies: np.ndarray, macs: np.ndarray, chosen: np.ndarray
) -> float:
  """Area that chosen networks dominate, from 0 to 1.

  Both axes go from 0 to 1 over all networks; the reference point is the lowest
  accuracy and the most multiply-adds.

  Args:
    accuracies: of all networks, `[n]`.
    macs: likewise, `[n]`.
    chosen: rows, `[k]`.

  Raises:
    UserError: moocore is not installed.
  """
  moocore: Any = extras.load("moocore", "pareto")
  cost = (macs - macs.min()) / np.ptp(macs)
  loss = (accuracies.max() - accuracies) / np.ptp(accuracies)
  points = np.stack([cost, loss], axis=1).astype(np.float64)[chosen]
  return float(moocore.hypervolume(points, ref=[1.0, 1.0]))
