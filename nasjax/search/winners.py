"""Which of the tried cells is the best, where one training is a noisy one.

Dimensions: `n` tried cells, `G` integers of a genotype.
"""

import numpy as np

from nasjax import errors
from nasjax.search import model_based
from nasjax.spaces import base as spaces_base


def expected(
  strategy: model_based.ModelBased,
  space: spaces_base.Space,
  genotypes: np.ndarray,
  values: np.ndarray,
  seed: int = 0,
) -> np.ndarray:
  """Expected normal scores of tried cells, `[n]`.

  The surrogate of the strategy is fitted to all of them and says what a cell is
  worth without the noise of its own training.

  Args:
    strategy: whose surrogate it is.
    space: the space.
    genotypes: tried cells `[n, G]`.
    values: `[n]`, higher = better; NaN where a training failed.
    seed: of the draws of the surrogate.

  Returns:
    NaN where a training failed, where a cell computes nothing, and everywhere
    if no two values differ.
  """
  from nasjax.surrogates import pools

  means = np.full(len(values), np.nan)
  cells, merged = strategy.merged(space, genotypes, values)
  if len(np.unique(merged[~np.isnan(merged)])) < 2:
    return means
  targets = model_based.normal_targets(merged)
  pool = pools.of(space, genotypes, strategy.replicates, strategy.target)
  fitted = strategy.make_surrogate().fit(pool, cells, targets, seed)
  of_pool, _ = fitted.moments(np.arange(len(pool)))
  keys = pools.keys_of(space, genotypes, strategy.replicates, strategy.target)
  by_key = dict(zip(pool.keys.tolist(), of_pool.tolist(), strict=True))
  found = np.array([by_key.get(key, np.nan) for key in keys.tolist()])
  return np.where(np.isnan(values), np.nan, found)


def best(means: np.ndarray, values: np.ndarray) -> int:
  """The tried cell that is expected to be the best, a row.

  Args:
    means: what `expected` returns, `[n]`; where all are NaN the highest value
      counts.
    values: `[n]`, NaN where a training failed.

  Returns:
    Of equals the first.

  Raises:
    UserError: every training failed, or there is none.
  """
  if np.isnan(values).all():
    raise errors.UserError(
      "best: expected at least one training with a value, got "
      f"{len(values)} failures; tell a value first"
    )
  return int(np.nanargmax(values if np.isnan(means).all() else means))
