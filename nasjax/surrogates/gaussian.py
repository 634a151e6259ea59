"""A Gaussian process on the features of cells as surrogate."""

import functools
import weakref
from collections.abc import Callable

import numpy as np

from nasjax.regression import gaussian, solver, threads
from nasjax.spaces import base as spaces_base
from nasjax.surrogates import base, belief, pools
from nasjax.surrogates import distances as all_distances

Prior = Callable[[spaces_base.Space, np.ndarray], np.ndarray]
"""Maps a space and cells of it `[n, G]` to their prior scores `[n]`."""

_AT_ONCE = 65_536
MOST_CELLS = gaussian.CHOSEN_ON
"""Tried cells that a process is fitted to at most."""
_SMALL = 20  # candidates that cost as much as a row of a decomposition


class FittedGaussian(base.Fitted):
  """A Gaussian process given the cells that were tried."""

  def __init__(
    self,
    pool: pools.Pool,
    process: gaussian.Process,
    to_tried: np.ndarray,
    prior: np.ndarray | None = None,
  ):
    """Keeps a process.

    Args:
      pool: the candidates.
      process: fitted to the `n` tried cells.
      to_tried: distances of the candidates to them, `[m, n]`.
      prior: prior scores of the candidates, `[m]`, where the process has them.
    """
    self._pool, self._process, self._to_tried = pool, process, to_tried
    self._prior = prior

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
    return means + self._shift(rows), variances

  def _shift(self, rows: np.ndarray) -> np.ndarray | float:
    """What prior scores add to the means of rows `[k]`."""
    if self._prior is None:
      return 0.0
    return self._process.slope * self._prior[rows]

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

    means = means + self._shift(rows)
    return belief.Belief(means, variances, self.noise, covariances)


class Gaussian(base.Surrogate):
  """A Gaussian process on the features of cells, by marginal likelihood.

  Of more than `MOST_CELLS` tried cells it is fitted to the best half of so many
  and to others at random: time and memory grow with the tried cells times the
  candidates.
  """

  def __init__(self, prior: Prior | None = None):
    """Makes a surrogate.

    Args:
      prior: prior scores, which enter the mean of the process; a constant mean
        where None.
    """
    self._prior = prior
    self._of_pools: weakref.WeakKeyDictionary[pools.Pool, np.ndarray]
    self._of_pools = weakref.WeakKeyDictionary()

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
    known = None
    if self._prior is not None:
      known = self._prior(pool.space, genotypes)
    process = gaussian.fit(apart, targets, seed, known)
    to_tried = pool.distances.to(features)
    return FittedGaussian(pool, process, to_tried, self.prior_of(pool))

  def prior_of(self, pool: pools.Pool) -> np.ndarray | None:
    """Prior scores of candidates `[m]`, computed once; None without any."""
    if self._prior is None:
      return None
    if pool not in self._of_pools:
      self._of_pools[pool] = self._prior(pool.space, pool.genotypes)
    return self._of_pools[pool]


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


@functools.lru_cache(maxsize=4)
def kept(prior: Prior) -> Gaussian:
  """Returns a surrogate of this process, which remembers prior scores."""
  return Gaussian(prior)
