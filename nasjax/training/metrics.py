"""Rank correlations on the host, signed, with ties declared."""

from typing import Any

import numpy as np
from scipy import stats

from nasjax import errors


def _finite(predictions, targets) -> tuple[np.ndarray, np.ndarray]:
  predictions = np.asarray(predictions, np.float64)
  targets = np.asarray(targets, np.float64)
  if predictions.shape != targets.shape or predictions.ndim != 1:
    raise errors.UserError(
      "rank correlation: expected two vectors of one length, got shapes "
      f"{list(predictions.shape)} and {list(targets.shape)}"
    )
  if not (np.isfinite(predictions).all() and np.isfinite(targets).all()):
    raise errors.UserError(
      "rank correlation: expected finite numbers, got NaN or infinity; drop "
      "the rows without a label first"
    )
  return predictions, targets


def kendall_tau(predictions: np.ndarray, targets: np.ndarray) -> float:
  """Kendall's tau-b (ties in either vector are declared), in [-1, 1].

  Args:
    predictions: scores `[n]`.
    targets: labels `[n]`.

  Returns:
    The signed coefficient; NaN where one of the vectors is constant.
  """
  predictions, targets = _finite(predictions, targets)
  result: Any = stats.kendalltau(predictions, targets, variant="b")
  return float(result.statistic)


def spearman_rho(predictions: np.ndarray, targets: np.ndarray) -> float:
  """Spearman's rho of `[n]` against `[n]`, in [-1, 1]; NaN if constant."""
  predictions, targets = _finite(predictions, targets)
  ranks = stats.rankdata(predictions), stats.rankdata(targets)
  if any(np.ptp(rank) == 0 for rank in ranks):
    return float("nan")
  return float(np.corrcoef(*ranks)[0, 1])


def top_k_regret(predictions: np.ndarray, targets: np.ndarray, k: int) -> float:
  """Best label minus the best label among the top K predictions.

  Args:
    predictions: scores `[n]`.
    targets: labels `[n]`, in percent.
    k: how many cells would be trained.

  Returns:
    Regret in the unit of the labels, >= 0.
  """
  predictions, targets = _finite(predictions, targets)
  top = np.argsort(-predictions, kind="stable")[:k]
  return float(targets.max() - targets[top].max())
