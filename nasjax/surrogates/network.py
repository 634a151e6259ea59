"""The default predictor, network and regression, as surrogate."""

import functools
from typing import Any

import numpy as np

from nasjax import config as configs
from nasjax.predictors import predictor
from nasjax.regression import solver
from nasjax.surrogates import base, belief, pools
from nasjax.surrogates import distances as all_distances


class FittedNetwork(base.Fitted):
  """A predictor that was trained on the cells that were tried."""

  def __init__(self, pool: pools.Pool, model: predictor.Predictor):
    """Keeps a trained predictor for a pool of candidates."""
    self._pool, self._model = pool, model

  @property
  def noise(self) -> float:
    """0: the standard deviations of a predictor hold the noise."""
    return 0.0

  @functools.cached_property
  def _moments(self) -> tuple[np.ndarray, np.ndarray]:
    means, stds = self._model.predict(self._pool.genotypes, return_std=True)
    return means, stds**2

  def moments(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Means and variances of rows `[k]`, in parts."""
    means, variances = self._moments
    return means[rows], variances[rows]

  def believe(self, rows: np.ndarray) -> belief.Belief:
    """Means and covariances of rows `[k]`, which are correlated as alike."""
    means, variances = self.moments(rows)
    features, stds = self._pool.features[rows], np.sqrt(variances)
    power = pools.power_of(self._pool.space)
    kernel = self._model.params["params"].get("kernel")
    rate = 1.0 if kernel is None else float(kernel["rate"][0])

    def covariances(some: np.ndarray) -> np.ndarray:
      apart = all_distances.between(features, features[some], power)
      return np.exp(-rate * apart) * stds[:, None] * stds[some]

    return belief.Belief(means, variances, self.noise, covariances)


class Network(base.Surrogate):
  """The default predictor of a space, trained again on a schedule."""

  def __init__(self, refit_every: int):
    """Makes a surrogate.

    Args:
      refit_every: new cells after which the predictor is trained again.
    """
    self._refit_every = refit_every
    self._last: tuple[Any, predictor.Predictor] | None = None

  def fit(
    self,
    pool: pools.Pool,
    genotypes: np.ndarray,
    targets: np.ndarray,
    seed: int,
  ) -> FittedNetwork:
    """Trains on the cells up to the last refit; see the base class.

    The result depends on the arguments alone: the last predictor is kept, to be
    used again for the same cells.
    """
    num = self._num_used(targets)
    cells, labels = genotypes[:num], solver.normal_scores(targets[:num])
    space, told = pool.space.whole, cells.tobytes() + labels.tobytes()
    key = space, pool.target, seed, told
    if self._last is None or self._last[0] != key:
      model = predictor.Predictor(space, seed)
      if pool.target == configs.COST:  # the labels are negative costs
        as_they_are = {"prune": False, "model.functions": False}
        configs.override(model.config, as_they_are)
      self._last = key, model.fit(cells, labels)
    return FittedNetwork(pool, self._last[1])

  def _num_used(self, targets: np.ndarray) -> int:
    """Cells up to the last refit; all of them before the first one."""
    num = len(targets) - len(targets) % self._refit_every
    different = num >= 2 and targets[:num].min() < targets[:num].max()
    return num if different else len(targets)


@functools.lru_cache(maxsize=4)
def kept(refit_every: int) -> Network:
  """Returns a surrogate of this process, which remembers its last training."""
  return Network(refit_every)
