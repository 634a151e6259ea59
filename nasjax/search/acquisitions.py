"""Acquisition functions: how much a search gains from trying a cell.

Dimensions: `k` candidates. Higher values = better, in units of the targets.
"""

from collections.abc import Callable

import numpy as np

_LEAST = 1e-12

Acquisition = Callable[[np.ndarray, np.ndarray, float, float], np.ndarray]
"""Maps means `[k]`, standard deviations `[k]`, the best target so far and beta
to values `[k]`."""


def expected_improvement(
  means: np.ndarray, stds: np.ndarray, best: float, beta: float = 0.0
) -> np.ndarray:
  """`E[max(value - best, 0)]` of normal values (Mockus 1978), `[k]`."""
  from scipy import special  # imports slowly

  del beta
  stds = np.maximum(stds, _LEAST)
  above = (means - best) / stds
  density = np.exp(-0.5 * above**2) / np.sqrt(2 * np.pi)
  return stds * (above * special.ndtr(above) + density)


def upper_confidence_bound(
  means: np.ndarray, stds: np.ndarray, best: float, beta: float
) -> np.ndarray:
  """`mean + beta * std` (Srinivas et al. 2010), `[k]`."""
  del best
  return means + beta * stds


def plain_mean(
  means: np.ndarray, stds: np.ndarray, best: float, beta: float = 0.0
) -> np.ndarray:
  """The means: nothing is explored, `[k]`."""
  del stds, best, beta
  return means


FUNCTIONS: dict[str, Acquisition] = {
  "expected_improvement": expected_improvement,
  "upper_confidence_bound": upper_confidence_bound,
  "mean": plain_mean,
}
THOMPSON = "thompson"
NAMES = (*FUNCTIONS, THOMPSON)
