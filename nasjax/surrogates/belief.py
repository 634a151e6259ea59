"""What is believed of a few candidates, together: means and covariances.

Dimensions: `k` candidates.
"""

from collections.abc import Callable

import numpy as np

_LEAST = 1e-12


class Belief:
  """A normal distribution over the values of `k` candidates.

  It can be conditioned on a candidate whose training goes on: what it will give
  is expected to be its mean, so that no mean changes, while all that is like it
  becomes more certain. A batch is chosen one by one in this way ("kriging
  believer": Ginsbourger et al. 2010, "Kriging Is Well-Suited to Parallelize
  Optimization").

  Attributes:
    means: `[k]`.
    variances: `[k]`, without the noise of a training.
  """

  def __init__(
    self,
    means: np.ndarray,
    variances: np.ndarray,
    noise: float,
    covariances: Callable[[np.ndarray], np.ndarray],
  ):
    """Keeps a distribution.

    Args:
      means: `[k]`.
      variances: `[k]`.
      noise: variance of the noise of a training.
      covariances: those of candidates, rows `[c]`, with all: `[k, c]`.
    """
    self.means, self.variances = means, variances.copy()
    self._noise, self._covariances = noise, covariances
    self._removed: list[np.ndarray] = []
    self._root: np.ndarray | None = None

  def condition(self, index: int) -> None:
    """Takes the training of a candidate as done, with its mean as result."""
    column = self._columns(np.array([index]))[:, 0]
    column /= np.sqrt(max(self.variances[index], _LEAST) + self._noise)
    self._removed.append(column)
    self._root = None
    self.variances = np.maximum(self.variances - column**2, _LEAST)

  def _columns(self, rows: np.ndarray) -> np.ndarray:
    """Covariances of rows `[c]` with all, after what was conditioned on."""
    columns = np.array(self._covariances(rows), np.float64)
    for removed in self._removed:
      columns -= removed[:, None] * removed[rows]
    return columns

  def draw(self, rng: np.random.Generator) -> np.ndarray:
    """Draws values of all candidates together, `[k]`."""
    if self._root is None:
      covariance = self._columns(np.arange(len(self.means)))
      values, vectors = np.linalg.eigh((covariance + covariance.T) / 2)
      self._root = vectors * np.sqrt(np.maximum(values, 0))
    return self.means + self._root @ rng.standard_normal(len(self.means))
