"""The type of a surrogate: what a search believes of cells it has not tried."""

import abc

import numpy as np

from nasjax.surrogates import belief, pools


class Fitted(abc.ABC):
  """A surrogate given the cells that were tried."""

  @abc.abstractmethod
  def moments(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Means and variances of candidates, rows `[k]` of the pool, `[k]` each.

    In units of the targets; variances without the noise of a training.
    """

  @abc.abstractmethod
  def believe(self, rows: np.ndarray) -> belief.Belief:
    """Means and covariances of a few candidates, rows `[k]` of the pool."""

  @property
  @abc.abstractmethod
  def noise(self) -> float:
    """Variance of the noise of a training, in squared units of the targets."""


class Surrogate(abc.ABC):
  """How a surrogate is fitted to what a search has seen."""

  @abc.abstractmethod
  def fit(
    self,
    pool: pools.Pool,
    genotypes: np.ndarray,
    targets: np.ndarray,
    seed: int,
  ) -> Fitted:
    """Fits the surrogate.

    Args:
      pool: the candidates.
      genotypes: cells that were tried, `[n, G]`.
      targets: normal scores of their values, `[n]`; not all equal.
      seed: seed of draws.
    """
