"""The one fit: train the members, add the regression, calibrate."""

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np

from nasjax import compiler, errors, progress, scoring, settings
from nasjax import config as configs
from nasjax import labels as label_numbers
from nasjax.config import checks
from nasjax.features import inputs, kinds
from nasjax.operators import encoding
from nasjax.predictors import priors
from nasjax.regression import solver
from nasjax.regression import spread as spreads
from nasjax.spaces import base as spaces_base
from nasjax.systems import registry
from nasjax.training import loop, state

Resume = Callable[[state.TrainState], tuple[int, state.TrainState] | None]


@dataclasses.dataclass(frozen=True)
class Fitted:
  """The result of a training.

  Attributes:
    params: parameters, each leaf with a leading axis of members `R`.
    scale: factor from raw scores to the label's unit, `[R]`.
    shift: offset in the label's unit, `[R]`.
    spread: the standard deviation of a score; None where there is no regression
      that tells: then the members' own.
  """

  params: Any
  scale: np.ndarray
  shift: np.ndarray
  spread: spreads.Spread | None = None


def combine(fitted: Fitted, raw: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
  """Mean and spread of the members, in the label's unit.

  Args:
    fitted: the trained members.
    raw: raw scores `[R, n]`.

  Returns:
    Mean `[n]` and standard deviation over members `[n]`, float64.
  """
  return label_numbers.combine(fitted.scale, fitted.shift, raw)


def resolve(
  config: settings.Config, space: spaces_base.Space
) -> settings.Config:
  """Returns a copy of a config that names the operators of its own space.

  The width of the operator encoding is a part of a model, and no operator that
  is registered later changes it.

  Raises:
    UserError: the config names operators that there are not.
  """
  config = config.copy_and_resolve_references()
  checks.check_operators(config)
  if not config.model.get("operators", ""):
    own = encoding.extra_of(space.operator_names)
    if own:
      configs.override(config, {"model.operators": own})
  return config


@compiler.own_numbers()
def train(
  config: settings.Config,
  space: spaces_base.Space,
  genotypes: np.ndarray,
  targets: np.ndarray,
  *,
  model: nn.Module | None = None,
  keys: jax.Array | None = None,
  resume: Resume | None = None,
  on_start: Callable[[int], None] | None = None,
  **how: Any,
) -> state.TrainState:
  """Trains the members of every seed: the one training of all predictors.

  Args:
    config: the config of the training.
    space: the space of the cells.
    genotypes: training cells, `[S, n, G]`.
    targets: standardised labels, `[S, n]`; `[S, n, ...]` for another
      objective.
    model: a module for one architecture; that of the config where None.
    keys: typed keys `[S, R]`; those of the config's seed where None.
    resume: maps the fresh state to (epochs done, state), or to None where
      nothing is there to go on from.
    on_start: called with the epochs done before the first step.
    **how: `objective`, `inputs` and `on_epoch` of `loop.fit`.

  Returns:
    The last state, axes `[S, R]`.

  Raises:
    UserError: see `loop.fit`.
  """
  network: Any = model or registry.create_model(config.model)
  if keys is None:
    keys = state.member_keys(config.seed, len(genotypes), config.num_members)
  if not registry.get_system(config.model.name).trained:
    return _untrained(keys, on_start)

  def start(fresh):
    found = None if resume is None else resume(fresh)
    if found is None:
      found = 0, _first_state(config, network, space, fresh)
    if on_start is not None:
      on_start(found[0])
    return found

  if how.get("objective") is None:
    how["objective"] = _objective(config, network)
  cells = inputs.samples(space, genotypes, network.reads, prune=config.prune)
  trained = loop.fit(config, network, cells, targets, keys, start=start, **how)
  finish = registry.get_system(config.model.name).finish
  return trained if finish is None else finish(config, network, trained, cells)


def _objective(config: settings.Config, network: nn.Module) -> Any:
  """What the system minimises; None for the config's loss of the scores."""
  make = registry.get_system(config.model.name).objective
  return None if make is None else make(config, network)


def _untrained(
  keys: jax.Array, on_start: Callable[[int], None] | None
) -> state.TrainState:
  """The state of a system that has nothing to train, keys `[S, R]`."""
  if on_start is not None:
    on_start(0)
  steps = jnp.zeros(keys.shape, jnp.int32)
  return state.TrainState({"params": {}}, (), keys, steps)


def _first_state(
  config: settings.Config,
  network: nn.Module,
  space: spaces_base.Space,
  fresh: state.TrainState,
) -> state.TrainState:
  """The fresh state, pre-trained where the config asks for it."""
  if not config.pretrain.num_cells:
    return fresh
  start = registry.get_system(config.model.name).start
  if start is None:
    raise errors.UserError(
      f"config.pretrain: {type(network).__name__} has no encoder of nodes to "
      "pre-train; choose another config.model.name or set num_cells to 0"
    )
  return start(config, network, space, fresh)


def check(config: settings.Config) -> None:
  """Checks what a regression needs, before anything is trained.

  Raises:
    UserError: a field of it is out of range, or there is neither a network nor
      a regression.
  """
  solver.check(config)
  priors.check(config)
  name = config.model.name
  if not registry.get_system(name).trained and not config.kernel.weight > 0:
    raise errors.UserError(
      f"config.kernel.weight: expected more than 0 with the model {name!r}, "
      f"which is a regression alone, got {config.kernel.weight}"
    )


def progress_bar(
  config: settings.Config, num_train: int, shown: bool = True
) -> progress.Progress:
  """Returns a bar of the epochs of a training; see `loop.progress_bar`."""
  trained = registry.get_system(config.model.name).trained
  return loop.progress_bar(config, num_train, shown and trained)


def fit_members(
  config: settings.Config,
  space: spaces_base.Space,
  genotypes: np.ndarray,
  labels: np.ndarray,
  *,
  shown: bool = False,
) -> list[Fitted]:
  """Trains and calibrates the members of every seed.

  Args:
    config: the config of the training.
    space: the space of the cells.
    genotypes: training cells, `[S, n, G]`.
    labels: their labels in any unit, `[S, n]`.
    shown: whether progress is shown.

  Returns:
    The members of each seed.

  Raises:
    UserError: a label or a field is bad, or the training diverged.
  """
  check(config)
  num = genotypes.shape[1]
  targets = np.stack([label_numbers.standardise(row, num) for row in labels])
  with progress_bar(config, num, shown) as bar:
    trained = train(
      config, space, genotypes, targets, on_epoch=lambda *_: bar.update()
    )
  found = []
  with progress.phase("regression and scores", shown=shown):
    for seed, (cells, values) in enumerate(zip(genotypes, labels, strict=True)):
      params = jax.tree.map(lambda leaf, seed=seed: leaf[seed], trained.params)
      found.append(finish(config, space, params, cells, values)[0])
  return found


def finish(
  config: settings.Config,
  space: spaces_base.Space,
  params: Any,
  genotypes: np.ndarray,
  labels: np.ndarray,
  cells: np.ndarray | None = None,
  rows: Any = slice(None),
) -> tuple[Fitted, np.ndarray]:
  """Adds the regression to trained members and calibrates them.

  Args:
    config: the config of the training.
    space: the space of the cells.
    params: members of one seed, leaves `[R, ...]`.
    genotypes: training cells `[n, G]`.
    labels: their labels `[n]`.
    cells: what is scored, `[m, G]`; the training cells where None.
    rows: the training cells among `cells`.

  Returns:
    The members, and raw scores `[R, m]`.

  Raises:
    UserError: the training diverged.
  """
  model, params, spread = add_regression(
    config, space, params, genotypes, labels
  )
  cells = genotypes if cells is None else cells
  raw = scoring.score(model, params, space, cells, prune=config.prune)
  check_finite(raw)
  if priors.is_asked(config):
    params = priors.fit(config, space, params, raw[:, rows], genotypes, labels)
    raw = priors.add(config, space, params, raw, cells)
  scale, shift = label_numbers.calibrate(raw[:, rows], labels)
  return Fitted(params, scale, shift, spread), raw


def check_finite(raw: np.ndarray) -> None:
  """Stops where trained members give scores `[R, n]` that are not finite.

  Raises:
    UserError: the last step of the training diverged.
  """
  if not np.isfinite(raw).all():
    raise errors.UserError(
      "the trained predictor gives scores that are not finite: the training "
      "diverged; lower config.optimizer.learning_rate or set "
      "config.optimizer.clip_norm"
    )


@compiler.own_numbers()
def add_regression(
  config: settings.Config,
  space: spaces_base.Space,
  params: Any,
  genotypes: np.ndarray,
  labels: np.ndarray,
) -> tuple[nn.Module, Any, spreads.Spread | None]:
  """Fits the kernel regression and adds it to the trained network.

  Args:
    config: the config of the training.
    space: the space of the cells.
    params: members of one seed, leaves `[R, ...]`.
    genotypes: training cells `[n, G]`.
    labels: their labels `[n]`.

  Returns:
    The model that scores, its parameters, and the spread of its scores.
  """
  network: Any = registry.create_model(config.model)
  if not solver.is_used(config, network):
    return network, params, None
  raw = None
  if registry.get_system(config.model.name).trained:
    raw = scoring.score(network, params, space, genotypes, prune=config.prune)
  what = network.reads
  cells = inputs.samples(space, genotypes[None], what, prune=config.prune)
  features = np.asarray(what.side_by_side(cells))[0]
  num_linear = sum(
    cells.features[name].shape[-1]
    for name in what.kinds
    if not kinds.get(name).standardised
  )
  model, params, found = solver.attach(
    config, network, params, raw, features, labels, num_linear
  )
  near = features[:, : features.shape[1] - num_linear or None]
  power = config.kernel.power
  spread = spreads.fit(
    found,
    near if config.kernel.linear else features,
    labels,
    power,
    config.seed,
  )
  return model, params, spread


@compiler.own_numbers()
def template(
  model: nn.Module,
  space: spaces_base.Space,
  num_members: int,
  prune: bool,
  others: Sequence[jax.ShapeDtypeStruct] = (),
) -> Any:
  """Shapes of the parameters of a model, leaves `[R, ...]`.

  Args:
    model: a module for one architecture.
    space: the space of the cells.
    num_members: `R`.
    prune: whether dead nodes are removed.
    others: what the model takes besides a cell.
  """
  module: Any = model
  example = inputs.example(space, module.reads, prune=prune)
  shapes = jax.eval_shape(model.init, jax.random.key(0), example, *others)
  return jax.tree.map(
    lambda leaf: jax.ShapeDtypeStruct((num_members, *leaf.shape), leaf.dtype),
    shapes,
  )
