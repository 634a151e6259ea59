"""Sums of logarithms of ranks, by which scores in different units are joined.

Dimensions: `n` architectures.
"""

from collections.abc import Mapping

import numpy as np

from nasjax import labels


def log_ranks(values: np.ndarray) -> np.ndarray:
  """Logarithms of the ranks of values, from `log(1/n)` of the worst to 0.

  Equal values share their mean rank, and NaN is below all numbers. A bad rank
  counts for more than a good one: few good architectures are bad in anything
  (Lee and Ham 2024, "AZ-NAS", section 3.3).

  Args:
    values: `[n]`, higher = better.

  Returns:
    `[n]` float64.
  """
  values = np.asarray(values, np.float64)
  lowest = np.where(np.isnan(values), -np.inf, values)
  return np.log(labels.ranks(lowest) / max(len(values), 1))


def join(
  parts: Mapping[str, np.ndarray], weights: Mapping[str, float]
) -> np.ndarray:
  """Weighted mean of the logarithms of the ranks of some scores, `[n]`.

  Args:
    parts: scores by name, `[n]` each.
    weights: of each of them.
  """
  total = sum(weights[name] for name in parts)
  found = [weights[name] * log_ranks(values) for name, values in parts.items()]
  return np.sum(found, axis=0) / total
