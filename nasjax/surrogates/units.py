"""Normal scores back in the unit of the values that they rank."""

import numpy as np


def to_values(
  scores: np.ndarray, targets: np.ndarray, values: np.ndarray
) -> np.ndarray:
  """Maps normal scores to values, monotonically.

  Between the targets the map is piecewise linear. Beyond the first and the last
  of them it goes on with the slope of the third of the points that is next.

  Args:
    scores: what is mapped, `[k]`.
    targets: normal scores of the values, `[n]`, at least two of them different.
    values: `[n]`, ascending with the targets.

  Returns:
    `[k]` float64.
  """
  xs, first = np.unique(targets, return_index=True)
  ys = values[first].astype(np.float64)
  third = max(2, len(xs) // 3)
  low = np.polyfit(xs[:third], ys[:third], 1)[0]
  high = np.polyfit(xs[-third:], ys[-third:], 1)[0]
  found = np.interp(scores, xs, ys)
  found += np.minimum(scores - xs[0], 0) * low
  return found + np.maximum(scores - xs[-1], 0) * high
