"""Training: the jitted epoch, and the loop that checkpoints and resumes.

Dimensions: `S` seeds (one training sample each), `R` members of an ensemble,
`n` training cells, `b` cells of a batch. Every member is its own training;
seeds and members are `vmap` axes of one program.
"""

import dataclasses
import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax

from nasjax import compiler, errors, graphs, progress, settings
from nasjax.training import losses, optimizers, state

Measured = dict[str, np.ndarray]
"""Numbers of an epoch by name, `loss` first, `[S, R, batches]` each."""
OnEpoch = Callable[[int, state.TrainState, Measured], None]
Objective = Callable[..., tuple[jax.Array, dict[str, jax.Array]]]
"""Maps parameters, cells `[b]`, targets `[b, ...]`, `where` `[b]` (1 on real
rows) and a key to the loss of a batch and further numbers of it by name."""


_PROGRAMS = 16  # that a process keeps for further trainings


@dataclasses.dataclass(frozen=True)
class Plan:
  """Sizes of a training that follow from its config.

  Attributes:
    num_train: `n`.
    batch_size: `b`.
    num_batches: batches of an epoch.
    epochs: epochs in all; `max_steps` may lower those of the config.
  """

  num_train: int
  batch_size: int
  num_batches: int
  epochs: int

  @property
  def num_steps(self) -> int:
    """Steps in all."""
    return self.num_batches * self.epochs


def make_plan(config: settings.Config, num_train: int) -> Plan:
  """Sizes of a training.

  Args:
    config: `batch_size`, `epochs`, `drop_last`, `max_steps` (0: no bound; one
      epoch is always trained).
    num_train: training cells `n` of one seed.

  Raises:
    UserError: a size is not positive.
  """
  for name in ("batch_size", "epochs"):
    size = int(config.get(name, 0))
    if size < 1:
      raise errors.UserError(f"config.{name}: expected at least 1, got {size}")
  batch_size = min(config.batch_size, num_train)
  batches = num_train / batch_size
  whole = math.floor(batches) if config.drop_last else math.ceil(batches)
  epochs, max_steps = config.epochs, config.get("max_steps", 0)
  if max_steps < 0:
    raise errors.UserError(
      f"config.max_steps: expected 0 (no bound) or more, got {max_steps}"
    )
  if max_steps:
    epochs = min(epochs, max(1, max_steps // whole))
  return Plan(num_train, batch_size, whole, epochs)


def progress_bar(
  config: settings.Config, num_train: int, shown: bool = True
) -> progress.Progress:
  """Returns a bar of the epochs of a training; the first one is compiled."""
  epochs = make_plan(config, num_train).epochs
  compiling = "compiling, no time left known yet"
  return progress.Progress(
    "training", epochs, unit="epochs", first=compiling, shown=shown
  )


def score_objective(model: nn.Module, loss_fn: losses.Loss) -> Objective:
  """Returns the objective of a model for one architecture: a loss of scores."""

  def objective(params, cells, targets, where, key):
    keys = jax.random.split(key, targets.shape[0])

    def score(cell, key):
      return model.apply(params, cell, train=True, rngs={"dropout": key})

    return loss_fn(jax.vmap(score)(cells, keys), targets, where=where), {}

  return objective


def _train_step(
  objective: Objective,
  optimizer: optax.GradientTransformation,
  train_state: state.TrainState,
  cells: graphs.CellGraphs,
  targets: jax.Array,
  where: jax.Array,
) -> tuple[state.TrainState, dict[str, jax.Array]]:
  """One step on a batch (fields `[b, ...]`): the state, and its numbers."""
  key = jax.random.fold_in(train_state.key, train_state.step)
  (loss, numbers), gradients = jax.value_and_grad(objective, has_aux=True)(
    train_state.params, cells, targets, where, key
  )
  updates, opt_state = optimizer.update(
    gradients, train_state.opt_state, train_state.params
  )
  new_state = state.TrainState(
    params=optax.apply_updates(train_state.params, updates),
    opt_state=opt_state,
    key=train_state.key,
    step=train_state.step + 1,
  )
  return new_state, {"loss": loss, **numbers}


def _epoch_batches(key: jax.Array, plan: Plan) -> tuple[jax.Array, jax.Array]:
  """Shuffled rows `[batches, b]` and 1 where a row is real `[batches, b]`."""
  order = jax.random.permutation(key, plan.num_train)
  room = plan.num_batches * plan.batch_size
  place = jnp.arange(room)
  rows = order[place % plan.num_train]
  where = (place < plan.num_train).astype(jnp.float32)
  shape = plan.num_batches, plan.batch_size
  return rows.reshape(shape), where.reshape(shape)


def make_epoch(
  objective: Objective,
  optimizer: optax.GradientTransformation,
  plan: Plan,
) -> Callable[..., tuple[state.TrainState, dict[str, jax.Array]]]:
  """Returns the jitted epoch over all seeds and members.

  The returned function maps a state with axes `[S, R]` (donated), cells with
  axes `[S, n]` and targets `[S, n, ...]` to the next state and the numbers of
  the epoch, `[S, R, batches]` each.
  """
  step_fn = functools.partial(_train_step, objective, optimizer)

  def epoch(train_state, cells, targets):
    shuffle = jax.random.fold_in(train_state.key, -1 - train_state.step)
    rows, where = _epoch_batches(shuffle, plan)

    def step(train_state, batch):
      rows, where = batch
      taken = jax.tree.map(lambda field: field[rows], cells)
      return step_fn(train_state, taken, targets[rows], where)

    return jax.lax.scan(step, train_state, (rows, where))

  members = jax.vmap(epoch, in_axes=(0, None, None))
  return compiler.jit(jax.vmap(members), donate_argnums=0)


@functools.lru_cache(maxsize=_PROGRAMS)
def _score_epoch(
  model: nn.Module,
  loss_fn: losses.Loss,
  optimizer: optax.GradientTransformation,
  plan: Plan,
) -> Callable[..., tuple[state.TrainState, dict[str, jax.Array]]]:
  """`make_epoch` of `score_objective`; equal trainings share one program."""
  return make_epoch(score_objective(model, loss_fn), optimizer, plan)


@functools.lru_cache(maxsize=_PROGRAMS)
def _first_states(
  model: nn.Module, optimizer: optax.GradientTransformation, init: str
) -> Callable[..., state.TrainState]:
  """The jitted `state.create`: keys `[S, R]` and a model's inputs to states."""

  def create(key, example):
    return state.create(model, optimizer, example, key, init=init)

  members = jax.vmap(create, in_axes=(0, None))
  return compiler.jit(jax.vmap(members, in_axes=(0, None)), quick=True)


@compiler.own_numbers()
def create_state(
  model: nn.Module,
  optimizer: optax.GradientTransformation,
  cells: graphs.CellGraphs,
  keys: jax.Array,
  inputs: Sequence[jax.Array] = (),
  init: str = "lecun",
) -> state.TrainState:
  """Initial state with axes `[S, R]` from typed keys `[S, R]`.

  Args:
    model: a module for one architecture.
    optimizer: its optimizer.
    cells: training graphs, axes `[S, n]`; the first gives the shapes.
    keys: typed keys `[S, R]`; consumed.
    inputs: what the model takes besides a cell.
    init: see `state.create`.
  """
  example = jax.tree.map(lambda field: field[0, 0], cells)
  return _first_states(model, optimizer, init)(keys, (example, *inputs))


def _check_finite(loss: np.ndarray, first_step: int) -> None:
  """Stops a training whose losses `[S, R, batches]` are not all finite."""
  bad = np.argwhere(~np.isfinite(loss))
  if bad.size:
    seed, member, batch = bad[np.argmin(bad[:, 2])]
    raise errors.UserError(
      f"loss is {loss[seed, member, batch]} at step {first_step + batch + 1} "
      f"(seed number {seed}, member {member}): expected a finite loss; lower "
      "config.optimizer.learning_rate or set config.optimizer.clip_norm"
    )


@compiler.own_numbers()
def fit(
  config: settings.Config,
  model: nn.Module,
  cells: graphs.CellGraphs,
  targets: np.ndarray,
  keys: jax.Array,
  *,
  objective: Objective | None = None,
  inputs: Sequence[jax.Array] = (),
  optimizer: optax.GradientTransformation | None = None,
  fresh: state.TrainState | None = None,
  start: Callable[[state.TrainState], tuple[int, state.TrainState]]
  | None = None,
  on_epoch: OnEpoch | None = None,
) -> state.TrainState:
  """Trains every seed and member to the last epoch.

  Args:
    config: `loss`, `init`, `optimizer.*` and the sizes of `make_plan`.
    model: a module for one architecture.
    cells: training graphs, axes `[S, n]`.
    targets: normalised labels `[S, n]`; `[S, n, ...]` for another objective.
    keys: typed keys `[S, R]`; consumed.
    objective: what is minimised; the config's loss of the scores where None.
    inputs: what the model takes besides a cell, for the first parameters.
    optimizer: the optimizer; that of the config where None.
    fresh: the first state, axes `[S, R]`; made of model and keys where None.
    start: maps the fresh state to (epochs done, state): the hook of a resume.
    on_epoch: called with (epochs done, state, numbers of the epoch) after
      each epoch; it must copy what it keeps, the state is donated.

  Returns:
    The last state, axes `[S, R]`.

  Raises:
    UserError: a size or name in the config is wrong, or a loss is not finite
      (the message names the step).
  """
  plan = make_plan(config, targets.shape[1])
  if optimizer is None:
    optimizer = optimizers.create_optimizer(config.optimizer, plan.num_steps)
  if objective is None:
    loss_fn = losses.get_loss(config.loss)
    epoch_fn = _score_epoch(model, loss_fn, optimizer, plan)
  else:
    epoch_fn = make_epoch(objective, optimizer, plan)
  if fresh is None:
    init = config.get("init", "lecun")
    fresh = create_state(model, optimizer, cells, keys, inputs, init)
  done, train_state = (0, fresh) if start is None else start(fresh)
  cells, targets_on_device = jax.device_put((cells, jnp.asarray(targets)))
  for epoch in range(done, plan.epochs):
    train_state, measured = epoch_fn(train_state, cells, targets_on_device)
    measured = {name: np.asarray(each) for name, each in measured.items()}
    _check_finite(measured["loss"], epoch * plan.num_batches)
    if on_epoch is not None:
      on_epoch(epoch + 1, train_state, measured)
  return train_state


def num_params(params: Any) -> int:
  """Parameters of one member, given leaves with axes `[S, R, ...]`."""
  return sum(math.prod(leaf.shape[2:]) for leaf in jax.tree.leaves(params))
