"""Predictors that start from a zero-label score (`config.prior`).

Beside the members a Gaussian process predicts from features and the prior score
of a cell (`nasjax.regression.with_prior`). The score of a predictor is the mean
of both, weighted by their errors on training cells that are left out. The
arrays of the process lie with the parameters of the members under `prior`, each
as often as there are members, and what they say is added to the raw scores.

Dimensions: `R` members, `n` training cells, `m` others, `F` features.
"""

import dataclasses
from typing import Any

import jax.numpy as jnp
import numpy as np

from nasjax import config as configs
from nasjax import errors, settings
from nasjax.features import columns, kinds, reads
from nasjax.regression import with_prior
from nasjax.spaces import base as spaces_base
from nasjax.systems import registry

_FIELD = "prior"
_RANKS = {
  **{"cells": 3, "scores": 2, "coefficients": 2},
  **dict.fromkeys(("rate", "mean", "slope", "share", "factor", "offset"), 1),
}
"""Arrays of the process, and their numbers of axes."""


def is_asked(config: settings.Config) -> bool:
  """Whether a config asks for a prior; older ones have no such field."""
  return config.get("prior", configs.NO_PRIOR) != configs.NO_PRIOR


def check(config: settings.Config) -> None:
  """Checks that a prior fits the config.

  Raises:
    UserError: costs are predicted, or the model reads no features.
  """
  if not is_asked(config):
    return
  if config.target != configs.ACCURACY:
    raise errors.UserError(
      f"config.prior: expected 'none' with target={config.target!r}, got "
      f"{config.prior!r}: a zero-label score ranks accuracies"
    )
  if not _reads(config).kinds:
    raise errors.UserError(
      f"config.prior: expected a model that reads features, got "
      f"{config.model.name!r}; choose 'architecture' or 'regression'"
    )


def is_there(params: Any) -> bool:
  """Whether parameters of members have a prior beside them."""
  return _FIELD in params["params"]


def check_kept(
  folder: object, config: settings.Config, params: Any, num_members: int
) -> None:
  """Checks the prior of a saved predictor.

  Args:
    folder: what messages call it.
    config: the config of the training.
    params: the parameters that were read, leaves `[R, ...]`.
    num_members: `R`.

  Raises:
    UserError: its arrays are missing, others or of other shapes, or there are
      some and the config asks for none.
  """
  kept = params["params"].get(_FIELD, {})
  names = _RANKS if is_asked(config) else {}
  fits = {name: getattr(kept[name], "ndim", -1) for name in kept} == names
  if fits and names:
    num = kept["coefficients"].shape[1]
    fits = kept["cells"].shape[1] == kept["scores"].shape[1] == num > 0
    fits = fits and {len(each) for each in kept.values()} == {num_members}
  if not fits:
    raise errors.UserError(
      f"{errors.quote(str(folder))}: expected the arrays of "
      f"config.prior={config.get('prior', configs.NO_PRIOR)!r}, got "
      f"{errors.quote(', '.join(kept) or 'none')}; fetch it again, or train "
      "again"
    )


def fit(
  config: settings.Config,
  space: spaces_base.Space,
  params: Any,
  raw: np.ndarray,
  genotypes: np.ndarray,
  labels: np.ndarray,
) -> Any:
  """Fits the process, and puts it beside trained members.

  Args:
    config: the config of the training.
    space: the space of the cells.
    params: parameters of the members, leaves `[R, ...]`.
    raw: their raw scores of the training cells, `[R, n]`.
    genotypes: training cells `[n, G]`.
    labels: their labels, `[n]`.

  Returns:
    The parameters with those of the process.
  """
  features, scores = _inputs(config, space, genotypes)
  power, most = config.kernel.power, max(config.kernel.max_cells, 2)
  found = with_prior.solve(features, scores, labels, power, most, config.seed)
  arrays = found.arrays(features, scores)
  own = with_prior.predict(features, scores, arrays, power)
  stored = {
    name: np.repeat(each[None], len(raw), axis=0)
    for name, each in arrays.items()
  }
  # What the process says, in the unit of the raw scores of each member.
  spread = raw.std(axis=1)
  factor = np.where(spread > 0, spread, 1.0) / max(float(own.std()), 1e-9)
  stored["factor"] = factor
  stored["offset"] = raw.mean(axis=1) - factor * own.mean()
  stored = {
    name: jnp.asarray(each, jnp.float32) for name, each in stored.items()
  }
  return {**params, "params": {**params["params"], _FIELD: stored}}


def add(
  config: settings.Config,
  space: spaces_base.Space,
  params: Any,
  raw: np.ndarray,
  genotypes: np.ndarray,
) -> np.ndarray:
  """Raw scores of members with the share of the prior.

  Args:
    config: the config of the training.
    space: the space of the cells.
    params: parameters of the members.
    raw: their raw scores, `[R, m]`.
    genotypes: valid cells `[m, G]`.

  Returns:
    `[R, m]`; `raw` itself where the parameters have no prior.
  """
  if not is_there(params) or not len(genotypes):
    return raw
  kept = {
    name: np.asarray(each, np.float64)
    for name, each in params["params"][_FIELD].items()
  }
  features, scores = _inputs(config, space, genotypes)
  _, first, place = np.unique(
    np.concatenate([features, scores[:, None]], axis=1),
    axis=0,
    return_index=True,
    return_inverse=True,
  )
  own = with_prior.predict(
    features[first],
    scores[first],
    {name: each[0] for name, each in kept.items()},
    config.kernel.power,
  )[place.reshape(-1)]
  said = kept["offset"][:, None] + kept["factor"][:, None] * own
  share = kept["share"][:, None]
  return (1 - share) * raw + share * said


def _inputs(
  config: settings.Config, space: spaces_base.Space, genotypes: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
  """Features `[m, F]` float32 and prior scores `[m]` float64 of cells.

  The scores are float32 numbers, as those that are kept.
  """
  from nasjax import zero_label

  features = columns.side_by_side(
    space.whole, genotypes, _reads(config), prune=config.prune
  )
  scores = zero_label.normal_scores(space, genotypes)
  return features, scores.astype(np.float32).astype(np.float64)


def _reads(config: settings.Config) -> reads.Reads:
  """Features of the config's model that enter distances."""
  module: Any = registry.create_model(config.model)
  what: reads.Reads = module.reads
  names = tuple(name for name in what.kinds if kinds.get(name).standardised)
  return dataclasses.replace(what, kinds=names, shared=False, node_order=False)
