"""A Gaussian process on the features of cells as surrogate."""

import numpy as np

from nasjax.regression import gaussian, solver, threads
from nasjax.surrogates import base, belief, pools
from nasjax.surrogates import distances as all_distances

_AT_ONCE = 65_536
MOST_CELLS = gaussian.CHOSEN_ON
"""Tried cells that a process is fitted to at most."""
_SMALL = 20  # candidates that cost as much as a row of a decomposition


class FittedGaussian(base.Fitted):
  """A Gaussian process given the cells that were tried."""

  def __init__(
    self, pool: pools.Pool, process: gaussian.Process, to_tried: np.ndarray
  ):
    """Keeps a process.

    Args:
      pool: the candidates.
      process: fitted to the `n` tried cells.
      to_tried: distances of the candidates to them, `[m, n]`.
    """
    self._pool, self._process, self._to_tried = pool, process, to_tried

  @property
  def noise(self) -> float:
    """Variance of the noise of a training."""
    return self._process.variance * self._process.noise

  def moments(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Means and variances of rows `[k]`, in parts."""
    means, variances = np.empty(len(rows)), np.empty(len(rows))
    with threads.for_rows(len(rows) // _SMALL):
      for start in range(0, len(rows), _AT_ONCE):
        part = slice(start, start + _AT_ONCE)
        means[part], variances[part], _ = gaussian.posterior(
          self._process, self._to_tried[rows[part]]
        )
    return means, variances

  def believe(self, rows: np.ndarray) -> belief.Belief:
    """Means and covariances of rows `[k]`."""
    process = self._process
    with threads.for_rows(len(rows) // _SMALL):
      means, variances, explained = gaussian.posterior(
        process, self._to_tried[rows]
      )
    features = self._pool.features[rows]
    power = pools.power_of(self._pool.space)

    def covariances(some: np.ndarray) -> np.ndarray:
      apart = all_distances.between(features, features[some], power)
      similar = np.exp(-process.rate * apart.astype(np.float64))
      return process.variance * (similar - explained @ explained[some].T)

    return belief.Belief(means, variances, self.noise, covariances)


class Gaussian(base.Surrogate):
  """A Gaussian process on the features of cells, by marginal likelihood.

  Of more than `MOST_CELLS` tried cells it is fitted to the best half of so many
  and to others at random: time and memory grow with the tried cells times the
  candidates.
  """

  def fit(
    self,
    pool: pools.Pool,
    genotypes: np.ndarray,
    targets: np.ndarray,
    seed: int,
  ) -> FittedGaussian:
    """Fits the process; see the base class."""
    some = compared(targets, seed)
    genotypes, targets = genotypes[some], targets[some]
    features = pools.features_of(pool.space, genotypes, pool.target)
    power = pools.power_of(pool.space)
    apart = solver.distances(features, features, power)
    process = gaussian.fit(apart, targets, seed)
    return FittedGaussian(pool, process, pool.distances.to(features))


def compared(targets: np.ndarray, seed: int) -> np.ndarray:
  """Rows of the tried cells that a process is fitted to, ascending.

  A further cell displaces few of them, so that most distances are known from
  the question before.

  Args:
    targets: `[n]`, higher = better.
    seed: seed of the draw.
  """
  num = len(targets)
  if num <= MOST_CELLS:
    return np.arange(num)
  order = np.argsort(-targets, kind="stable")
  best, others = np.split(order, [MOST_CELLS // 2])
  drawn = np.random.default_rng(seed).random(num)[others]
  few = others[np.argsort(drawn, kind="stable")[: MOST_CELLS - len(best)]]
  return np.sort(np.concatenate([best, few]))
