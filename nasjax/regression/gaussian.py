"""Gaussian process regression with the power kernel of `layer.power_kernel`.

Rate and noise maximise the marginal likelihood over a grid; mean and variance
of the process follow in closed form (Rasmussen and Williams, "Gaussian
Processes for Machine Learning", 2006: eq. 2.30 and section 2.7). With a prior
score `z` of each cell the mean is `a + b z`, by generalised least squares with
a weak pull of `b` to .7, as if one more target said so.

Dimensions: `n` cells with targets, `m` others.
"""

from typing import NamedTuple

import numpy as np

from nasjax.regression import threads

RATES = tuple(2.0 ** np.arange(-3, 4, 0.5))
NOISES = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3)
CHOSEN_ON = 500
"""Cells on which rate and noise are chosen at most."""
SLOPE, PULL = 0.7, 3.0
"""Slope of a prior score before any target, and the weight of that opinion."""
_LEAST_EIGENVALUE = 1e-10
_LEAST_VARIANCE = 1e-6


class Process(NamedTuple):
  """A Gaussian process given `n` targets.

  Attributes:
    rate: of the kernel.
    noise: variance of a target's noise, in units of `variance`.
    mean: of the process before any target.
    variance: of the process before any target.
    coefficients: `(K + noise)^-1 (targets - mean)`, `[n]`.
    whitening: `W` with `W W^T = (K + noise)^-1`, `[n, n]`.
    slope: of the prior score in the mean; 0 without one.
  """

  rate: float
  noise: float
  mean: float
  variance: float
  coefficients: np.ndarray
  whitening: np.ndarray
  slope: float = 0.0


def fit(
  distances: np.ndarray,
  targets: np.ndarray,
  seed: int = 0,
  prior: np.ndarray | None = None,
) -> Process:
  """Fits a process; the largest marginal likelihood wins.

  Args:
    distances: mean powers of differences of features, `[n, n]`.
    targets: `[n]`, at least two of them different.
    seed: of the draw of `CHOSEN_ON` cells where there are more.
    prior: prior scores, `[n]`; a constant mean where None.
  """
  distances = np.asarray(distances, np.float64)
  num = len(targets)
  with threads.for_rows(num):
    if num <= CHOSEN_ON:
      return _best(distances, targets, prior, RATES, NOISES)
    some = np.random.default_rng(seed).choice(num, CHOSEN_ON, replace=False)
    few = None if prior is None else prior[some]
    chosen = _best(
      distances[np.ix_(some, some)], targets[some], few, RATES, NOISES
    )
    return _best(distances, targets, prior, (chosen.rate,), (chosen.noise,))


def _best(
  distances: np.ndarray,
  targets: np.ndarray,
  prior: np.ndarray | None,
  rates: tuple[float, ...],
  noises: tuple[float, ...],
) -> Process:
  """The process of the largest marginal likelihood on a grid."""
  best, most = None, -np.inf
  for rate in rates:
    values, vectors = np.linalg.eigh(np.exp(-rate * distances))
    values = np.maximum(values, _LEAST_EIGENVALUE)
    turned, ones = targets @ vectors, vectors.sum(axis=0)
    scores = None if prior is None else prior @ vectors
    for noise in noises:
      weights = 1 / (values + noise)
      mean, slope, against = _mean(weights, turned, ones, scores)
      rest = turned - mean * ones
      if scores is not None:
        rest = rest - slope * scores
      squares = (rest * weights) @ rest + against
      variance = float(max(squares / len(targets), 1e-12))
      evidence = np.log(weights).sum() - len(targets) * np.log(variance)
      if evidence > most:
        most = evidence
        best = Process(
          rate=rate,
          noise=noise,
          mean=mean,
          variance=variance,
          coefficients=vectors @ (weights * rest),
          whitening=vectors * np.sqrt(weights),
          slope=slope,
        )
  assert best is not None
  return best


def _mean(
  weights: np.ndarray,
  targets: np.ndarray,
  ones: np.ndarray,
  scores: np.ndarray | None,
) -> tuple[float, float, float]:
  """Constant and slope of the mean, and what the pull adds to the squares.

  Args:
    weights: inverse variances along the axes of the process, `[n]`.
    targets: along these axes, `[n]`, as are the following.
    ones: of the constant.
    scores: prior scores; None without any.
  """
  if scores is None:
    mean = float((ones * weights) @ targets / ((ones * weights) @ ones))
    return mean, 0.0, 0.0
  basis = np.stack([ones, scores])
  normal, right = (basis * weights) @ basis.T, (basis * weights) @ targets
  normal[1, 1] += PULL
  right[1] += PULL * SLOPE
  mean, slope = np.linalg.solve(normal, right)
  return float(mean), float(slope), float(PULL * (slope - SLOPE) ** 2)


def posterior(
  process: Process, distances: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
  """What the process says of other cells.

  Args:
    process: the process.
    distances: of others to the cells with targets, `[m, n]`.

  Returns:
    Means `[m]`, variances without noise `[m]`, and the part of the similarities
    that the targets explain, `[m, n]`: the covariance of two cells is
    `variance * (similarity - explained @ explained^T)`.
  """
  similar = np.exp(-np.float32(process.rate) * distances)
  means = process.mean + similar @ process.coefficients.astype(similar.dtype)
  explained = similar @ process.whitening.astype(similar.dtype)
  left = 1 - np.einsum("ij,ij->i", explained, explained)
  variances = process.variance * np.maximum(left, _LEAST_VARIANCE)
  return means.astype(np.float64), variances.astype(np.float64), explained
