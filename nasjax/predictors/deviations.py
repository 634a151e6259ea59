"""Standard deviations of the scores of a predictor: computed, kept, read."""

from typing import Any

import flax.linen as nn
import numpy as np

from nasjax import scoring, settings
from nasjax.predictors import saved
from nasjax.regression import spread as spreads
from nasjax.spaces import base as spaces_base

_SPREAD = saved.SPREAD


def predict(
  config: settings.Config,
  model: nn.Module,
  spread: spreads.Spread,
  space: spaces_base.Space,
  genotypes: np.ndarray,
  scores: np.ndarray,
) -> np.ndarray:
  """Standard deviations of scores, `[n]` float64 in their unit.

  Args:
    config: the config of the training.
    model: the model that scored.
    spread: that of the predictor.
    space: the space of the cells.
    genotypes: valid cells `[n, G]`.
    scores: their scores, `[n]`.
  """
  module: Any = model
  variance = spreads.PosteriorVariance(
    module.reads, spread.num_cells, config.kernel.power
  )
  found = scoring.score(
    variance, spread.params, space, genotypes, prune=config.prune
  )
  return spread.of(scores, found[0])


def join(params: Any, spread: spreads.Spread | None) -> Any:
  """Parameters with the arrays of a spread beside them, as they are saved."""
  if spread is None:
    return params
  return {**params, _SPREAD: spread.params["params"]}


def split(joined: Any, found: saved.Saved) -> tuple[Any, spreads.Spread | None]:
  """Parameters and spread of a saved predictor; the reverse of `join`."""
  if found.spread is None:
    return joined, None
  params = {name: each for name, each in joined.items() if name != _SPREAD}
  arrays = {"params": joined[_SPREAD]}
  return params, spreads.Spread(arrays, *found.spread)
