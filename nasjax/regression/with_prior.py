"""Kernel regression of labels beside a prior score of each cell.

A Gaussian process (`nasjax.regression.gaussian`) whose mean is a line in the
prior score, which also enters the distances between cells: a good prior is
followed where there are few labels, and left where they say otherwise.

Dimensions: `n` training cells, `m` others, `F` features.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from nasjax.regression import gaussian, solver

WEIGHT = 8.0
"""Features that the prior score counts as in distances."""
_BLOCK = 4096


class Fit(NamedTuple):
  """A solved regression.

  Attributes:
    rows: training cells that others are compared with, `[n]`.
    process: the process, of normal scores of their labels.
    left_out: squared error of a label by the others, mean over the cells.
    left_out_without: the same without the prior score.
  """

  rows: np.ndarray
  process: gaussian.Process
  left_out: float
  left_out_without: float

  def arrays(
    self, features: np.ndarray, scores: np.ndarray
  ) -> dict[str, np.ndarray]:
    """What a prediction needs, by name, and the share of it.

    Args:
      features: of all training cells, `[N, F]`.
      scores: their prior scores, `[N]`.

    Returns:
      `cells [n, F]`, `scores [n]`, `coefficients [n]`, and the numbers `rate`,
      `mean`, `slope` and `share`, `[]`.
    """
    process = self.process
    return {
      "cells": features[self.rows],
      "scores": scores[self.rows],
      "coefficients": process.coefficients,
      "rate": np.asarray(process.rate),
      "mean": np.asarray(process.mean),
      "slope": np.asarray(process.slope),
      "share": np.asarray(self.share),
    }

  @property
  def share(self) -> float:
    """Weight of this regression against a predictor without the prior.

    The weights are as the inverse squares of the mean squared errors, those of
    the same regression without the prior for the other predictor.
    """
    ours, theirs = self.left_out**2, self.left_out_without**2
    return float(theirs / max(ours + theirs, 1e-12))


def distances(
  features: np.ndarray,
  scores: np.ndarray,
  others: np.ndarray,
  other_scores: np.ndarray,
  power: float,
) -> np.ndarray:
  """Mean powers of differences of features and prior scores, `[m, n]`.

  Args:
    features: `[m, F]`.
    scores: prior scores, `[m]`.
    others: features of the cells that are compared with, `[n, F]`.
    other_scores: their prior scores, `[n]`.
    power: power of the differences.
  """
  num = features.shape[1]
  apart = solver.distances(others, features, power).T
  own = np.abs(scores[:, None] - other_scores) ** power
  return (num * apart + WEIGHT * own) / (num + WEIGHT)


def solve(
  features: np.ndarray,
  scores: np.ndarray,
  labels: np.ndarray,
  power: float,
  max_cells: int,
  seed: int,
) -> Fit:
  """Fits normal scores of labels; the largest marginal likelihood wins.

  Args:
    features: standardised features of the training cells, `[n, F]`.
    scores: their prior scores, `[n]`.
    labels: `[n]`, higher = better; at least two of them different.
    power: power of the differences.
    max_cells: of more cells so many are drawn.
    seed: of the draw.
  """
  rows = np.arange(len(labels))
  if len(rows) > max_cells:
    rng = np.random.default_rng(seed)
    rows = np.sort(rng.choice(rows, max_cells, replace=False))
  features, scores = features[rows], scores[rows]
  targets = solver.normal_scores(labels[rows])
  apart = distances(features, scores, features, scores, power)
  process = gaussian.fit(apart, targets, seed, prior=scores)
  plain = solver.distances(features, features, power)
  without = gaussian.fit(plain, targets, seed)
  return Fit(rows, process, _left_out(process), _left_out(without))


def _left_out(process: gaussian.Process) -> float:
  """Mean squared error of targets by the others, with the mean as it is."""
  precisions = np.einsum("ij,ij->i", process.whitening, process.whitening)
  return float(np.mean((process.coefficients / precisions) ** 2))


def predict(
  features: np.ndarray,
  scores: np.ndarray,
  kept: Mapping[str, np.ndarray],
  power: float,
) -> np.ndarray:
  """Expected normal scores of cells, `[m]` float64.

  Args:
    features: `[m, F]`.
    scores: their prior scores, `[m]`.
    kept: what `Fit.arrays` returns.
    power: power of the differences.
  """
  found = kept["mean"] + kept["slope"] * scores
  for start in range(0, len(features), _BLOCK):
    part = slice(start, start + _BLOCK)
    apart = distances(
      features[part], scores[part], kept["cells"], kept["scores"], power
    )
    found[part] += np.exp(-kept["rate"] * apart) @ kept["coefficients"]
  return found
