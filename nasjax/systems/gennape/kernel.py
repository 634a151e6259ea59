"""Kernel regressions on measures of whole networks.

`fit` learns in one family to be asked in others; `adapt` learns from a few
labels of the family that is asked, and starts from scores of a predictor that
has not seen it.

Dimensions: `n` networks, `m` labelled ones, `P` measures.
"""

from typing import NamedTuple

import numpy as np

from nasjax.computation import measures
from nasjax.systems.gennape import whole_network

RATE, RIDGE, CLIP = 0.3, 1.0, 3.0
"""Rate of the kernel `exp(-rate mean |a - b|)`, noise of a label, and spreads
beyond which a measure counts no further."""
NEAR, NOISE = 0.5, 0.1
"""Rate and noise where a family is adapted to."""
_SIZES = [measures.NAMES.index(name) for name in whole_network.SIZES]
_BLOCK = 128


class Kernel(NamedTuple):
  """A solved regression.

  Attributes:
    mean: of the measures, `[P]`.
    spread: of the measures, `[P]`; 0 where they do not differ.
    points: networks that were learnt from, `[m, P]`, scaled.
    coefficients: `[m]`.
  """

  mean: np.ndarray
  spread: np.ndarray
  points: np.ndarray
  coefficients: np.ndarray

  def predict(self, found: np.ndarray) -> np.ndarray:
    """Predicts from measures `[n, P]`; `[n]` float64, higher = better."""
    scaled = _scale(found, self.mean, self.spread)
    scores = similarity(scaled, self.points, RATE) @ self.coefficients
    live = whole_network.is_live(found)
    return np.where(live, scores, whole_network.DEAD)


def similarity(
  points: np.ndarray, others: np.ndarray, rate: float
) -> np.ndarray:
  """Similarities of points `[n, P]` and others `[m, P]`; `[n, m]`."""
  parts = [
    np.abs(points[start : start + _BLOCK, None] - others[None]).mean(axis=-1)
    for start in range(0, len(points), _BLOCK)
  ]
  return np.exp(-rate * np.concatenate([np.zeros((0, len(others))), *parts]))


def _spread(found: np.ndarray) -> np.ndarray:
  spread = found.std(axis=0)
  return np.where(spread > 1e-3, spread, 0)


def _scale(found, mean, spread) -> np.ndarray:
  """Measures that differ, in units of their spread, `[n, <= P]`."""
  differs = spread > 0
  scaled = (np.asarray(found, np.float64) - mean)[:, differs] / spread[differs]
  return np.clip(scaled, -CLIP, CLIP)


def fit(found: np.ndarray, targets: np.ndarray) -> Kernel:
  """Learns targets `[m]` of networks by their measures `[m, P]`."""
  found = np.asarray(found, np.float64)
  mean, spread = found.mean(axis=0), _spread(found)
  points = _scale(found, mean, spread)
  near = similarity(points, points, RATE) + RIDGE * np.eye(len(points))
  return Kernel(mean, spread, points, np.linalg.solve(near, targets))


def adapt(
  found: np.ndarray, scores: np.ndarray, rows: np.ndarray, targets: np.ndarray
) -> np.ndarray:
  """Scores networks of one family, of which a few are labelled.

  A Gaussian process on the measures, with lines in the given scores and in
  three logarithms of size.

  Args:
    found: measures of all networks, `[n, P]`; their means and spreads enter,
      not their labels.
    scores: of a predictor that has not seen the family, `[n]`.
    rows: the labelled networks, `[m]`.
    targets: their labels, `[m]`, with mean 0 and spread 1.

  Returns:
    `[n]` float64, higher = better.
  """
  live = whole_network.is_live(found)
  found = np.asarray(found, np.float64)
  mean, spread = found[live].mean(axis=0), _spread(found[live])
  scaled = _scale(found, mean, spread)
  columns = np.column_stack([found[:, _SIZES], scores])
  unit = np.maximum(columns[live].std(axis=0), 1e-9)
  lines = np.clip((columns - columns[live].mean(axis=0)) / unit, -CLIP, CLIP)
  lines[:, :-1] /= np.sqrt(len(_SIZES))
  is_known = live[rows]
  rows, targets = rows[is_known], targets[is_known]
  near = similarity(scaled, scaled[rows], NEAR) + lines @ lines[rows].T
  noisy = near[rows] + NOISE * np.eye(len(rows))
  return np.where(
    live, near @ np.linalg.solve(noisy, targets), whole_network.DEAD
  )
