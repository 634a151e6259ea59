"""Rank correlations of scores of the same cells with each other.

Dimensions: `n` cells, `S` and `T` seeds.
"""

from collections.abc import Callable

import numpy as np

from nasjax.training import metrics

Correlate = Callable[[np.ndarray, np.ndarray], float]
METRICS: dict[str, Correlate] = {
  "tau": metrics.kendall_tau,
  "spearman": metrics.spearman_rho,
}
"""Kendall tau-b and Spearman rho, signed."""


def of_seeds(
  first: np.ndarray, second: np.ndarray, correlate: Correlate
) -> list[float]:
  """Correlations of two methods, one a seed.

  Cells count that have both scores. A method with one row is compared with
  every seed of the other one.

  Args:
    first: scores `[S, n]`; NaN where a cell has none.
    second: scores `[T, n]`; `S = T`, or one of them is 1.
    correlate: an entry of `METRICS`.
  """
  num = max(len(first), len(second))
  first, second = (
    np.broadcast_to(each, (num, each.shape[1])) for each in (first, second)
  )
  pairs = zip(first, second, strict=True)
  return [_known(a, b, correlate) for a, b in pairs]


def between_seeds(scores: np.ndarray, correlate: Correlate) -> list[float]:
  """Correlations of a method with itself, one a pair of seeds.

  Args:
    scores: `[S, n]`.
    correlate: an entry of `METRICS`.

  Returns:
    The values of all pairs; of a method with one row `[1.0]`.
  """
  if len(scores) == 1:
    return [1.0]
  pairs = zip(*np.triu_indices(len(scores), 1), strict=True)
  return [_known(scores[a], scores[b], correlate) for a, b in pairs]


def beyond(with_label: float, with_other: float, of_other: float) -> float:
  """Partial correlation of a score with a label, another score held fixed.

  Args:
    with_label: correlation of the score with the label.
    with_other: of the score with the other score.
    of_other: of the other score with the label.

  Returns:
    The partial correlation; NaN where the other score says all.
  """
  rest = (1 - with_other**2) * (1 - of_other**2)
  if not rest > 1e-9:
    return float("nan")
  return (with_label - with_other * of_other) / rest**0.5


def _known(a: np.ndarray, b: np.ndarray, correlate: Correlate) -> float:
  both = np.isfinite(a) & np.isfinite(b)
  return correlate(a[both], b[both]) if both.sum() > 1 else float("nan")
