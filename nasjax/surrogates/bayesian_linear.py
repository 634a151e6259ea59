"""Bayesian linear regression of highest evidence.

Dimensions: `n` known cells, `c` candidates, `F` features, `r` axes.
"""

from typing import NamedTuple

import numpy as np

_AT_ONCE = 8192
_GRID = np.logspace(-4, 4, 25)


class Linear(NamedTuple):
  """A Bayesian linear regression, in the axes of its features.

  Attributes:
    shift: mean of the features, `[F]`.
    axes: orthonormal axes of the features, `[F, r]`.
    mean: mean of the weights, `[r]`.
    variances: their variances, `[r]`.
    noise: variance of a target.
    rest: variance of the weights on all further axes.
  """

  shift: np.ndarray
  axes: np.ndarray
  mean: np.ndarray
  variances: np.ndarray
  noise: float
  rest: float

  def predict(self, features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of cells `[c, F]`, `[c]` each."""
    parts = [
      self._predict(features[start : start + _AT_ONCE])
      for start in range(0, len(features), _AT_ONCE)
    ]
    mean, spread = (np.concatenate(each) for each in zip(*parts, strict=True))
    return mean, spread

  def _predict(self, features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    centred = features - self.shift
    along = centred @ self.axes
    off = np.maximum((centred**2).sum(axis=1) - (along**2).sum(axis=1), 0.0)
    variance = along**2 @ self.variances + off * self.rest + self.noise
    return along @ self.mean, np.sqrt(variance)


def regress(features: np.ndarray, targets: np.ndarray) -> Linear:
  """Fits a linear regression with the prior and noise of highest evidence.

  Args:
    features: `[n, F]`.
    targets: `[n]`, of mean 0.
  """
  shift = features.mean(axis=0)
  left, singular, axes = np.linalg.svd(features - shift, full_matrices=False)
  squares, along = singular**2, left.T @ targets
  outside = max(targets @ targets - along @ along, 0.0)
  best = -np.inf, 1.0, 1.0
  for prior in _GRID:
    for noise in _GRID:
      spread = prior * squares + noise
      fit = (along**2 / spread).sum() + outside / noise
      size = np.log(spread).sum()
      size += (len(targets) - len(squares)) * np.log(noise)
      best = max(best, (-(fit + size) / 2, prior, noise))
  _, prior, noise = best
  spread = prior * squares + noise
  return Linear(
    shift=shift,
    axes=axes.T,
    mean=prior * singular * along / spread,
    variances=prior * noise / spread,
    noise=noise,
    rest=prior,
  )
