"""Rank correlations on the host, signed, with ties declared.

Written with numpy: `scipy.stats` takes half a second to import, and a command
that scores a space needs nothing else of it.
"""

import numpy as np

from nasjax import errors, labels


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
  pairs = _num_pairs(np.array([len(targets)]))
  first = _ordinals(predictions)
  second = _ordinals(targets)
  tied_first = _num_pairs(np.bincount(first))
  tied_second = _num_pairs(np.bincount(second))
  if pairs in (tied_first, tied_second):
    return float("nan")
  joined = first * len(second) + second
  _, both = np.unique(joined, return_counts=True)
  discordant = _num_inversions(second[np.argsort(joined)])
  agreement = pairs - tied_first - tied_second + _num_pairs(both)
  agreement -= 2 * discordant
  tau = agreement / np.sqrt(pairs - tied_first) / np.sqrt(pairs - tied_second)
  return float(np.clip(tau, -1, 1))


def _ordinals(values: np.ndarray) -> np.ndarray:
  """Replaces values `[n]` by numbers from 0 on that sort and tie alike."""
  return np.unique(values, return_inverse=True)[1].astype(np.int64)


def _num_pairs(counts: np.ndarray) -> int:
  """Pairs within groups of the given sizes, all groups together."""
  counts = counts.astype(np.int64)
  return int(np.sum(counts * (counts - 1) // 2))


def _num_inversions(values: np.ndarray) -> int:
  """Pairs `i < j` with `values[i] > values[j]`; `[n]` whole numbers >= 0.

  Two values first differ in one bit, counted from the highest: for each bit the
  ones before each zero are counted, among the values that agree in all higher
  bits; the zeros are then put in front.
  """
  total = 0
  for bit in reversed(range(int(values.max(initial=0)).bit_length())):
    is_one = (values >> bit) & 1 == 1
    begins = np.flatnonzero(np.diff(values >> (bit + 1), prepend=-1))
    sizes = np.diff(begins, append=len(values))
    before = np.cumsum(is_one) - is_one
    before -= np.repeat(before[begins], sizes)
    total += int(before[~is_one].sum())
    ones = np.add.reduceat(is_one, begins, dtype=np.int64)
    place = np.arange(len(values)) - before
    place[is_one] = (np.repeat(begins + sizes - ones, sizes) + before)[is_one]
    ordered = np.empty_like(values)
    ordered[place] = values
    values = ordered
  return total


def spearman_rho(predictions: np.ndarray, targets: np.ndarray) -> float:
  """Spearman's rho of `[n]` against `[n]`, in [-1, 1]; NaN if constant."""
  predictions, targets = _finite(predictions, targets)
  ranks = labels.ranks(predictions), labels.ranks(targets)
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
