"""Training of the autoencoder: a round is one compiled scan over batches.

An epoch is one round, or several of equally many steps where it has more than
`MOST_STEPS`. Dimensions: `n` cells, `b` cells of a batch.
"""

import dataclasses
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from nasjax import compiler, errors, settings
from nasjax.systems.arch2vec import drawing, objective
from nasjax.systems.arch2vec import model as models

MOST_STEPS = 1000
"""Steps of a round at most."""
OnRound = Callable[[int, "State", dict[str, np.ndarray]], None]
LOSSES = ("loss", "operations", "adjacency", "kl")
"""Numbers of a step by name."""


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True)
class State:
  """State of a training.

  Attributes:
    variables: `params` and `batch_stats`.
    opt_state: state of Adam.
    key: typed key of the training, which never changes.
    step: steps done, `[]` int32.
  """

  variables: Any
  opt_state: Any
  key: jax.Array
  step: jax.Array


def make_model(config: settings.Config, num_classes: int) -> models.Arch2Vec:
  """Builds the autoencoder that `config.model` describes."""
  fields = config.model
  return models.Arch2Vec(
    num_classes=num_classes,
    encoder=fields.encoder,
    width=fields.width,
    num_layers=fields.num_layers,
    latent=fields.latent,
    dropout_rate=float(fields.dropout_rate),
    decoder=fields.decoder,
  )


@dataclasses.dataclass(frozen=True)
class Plan:
  """Sizes of a training.

  Attributes:
    batch_size: `b`.
    steps: steps of a round.
    per_epoch: rounds of an epoch; cells beyond them are left out of it.
    rounds: rounds in all.
  """

  batch_size: int
  steps: int
  per_epoch: int
  rounds: int


def make_plan(config: settings.Config, num_cells: int) -> Plan:
  """Returns the sizes of a training on `num_cells` cells."""
  size = min(config.batch_size, num_cells)
  batches = num_cells // size
  per_epoch = -(-batches // MOST_STEPS)
  steps = batches // per_epoch
  return Plan(size, steps, per_epoch, config.epochs * per_epoch)


def make_optimizer(
  config: settings.Config, num_cells: int
) -> optax.GradientTransformation:
  """Adam with clipped gradients; the rate falls to zero as a cosine."""
  plan = make_plan(config, num_cells)
  steps = plan.rounds * plan.steps
  rate = optax.cosine_decay_schedule(config.learning_rate, steps)
  return optax.chain(
    optax.clip_by_global_norm(config.clip_norm), optax.adam(rate)
  )


@compiler.own_numbers()
def first_state(
  config: settings.Config, model: models.Arch2Vec, cells: drawing.Drawn
) -> State:
  """Initial state of a training on cells `[n]`."""
  init_key, key = jax.random.split(jax.random.key(config.seed))
  optimizer = make_optimizer(config, cells.classes.shape[0])
  example = jax.tree.map(lambda field: field[:2], cells)

  def create(init_key, key, example):
    variables = model.init(init_key, example)
    opt_state = optimizer.init(variables["params"])
    return State(variables, opt_state, key, jnp.zeros((), jnp.int32))

  return compiler.jit(create, quick=True)(init_key, key, example)


def make_step(
  config: settings.Config,
  model: models.Arch2Vec,
  optimizer: optax.GradientTransformation,
) -> Callable[[State, drawing.Drawn], tuple[State, dict[str, jax.Array]]]:
  """Returns one step on a batch of cells."""
  kl_weight = config.kl_weight if config.variational else 0.0

  def total(params, stats, cells, key):
    found, stats = objective.losses(
      model,
      {"params": params, "batch_stats": stats},
      cells,
      key,
      variational=config.variational,
    )
    loss = found["operations"] + found["adjacency"] + kl_weight * found["kl"]
    return loss, ({"loss": loss, **found}, stats)

  def step(state: State, cells: drawing.Drawn):
    params = state.variables["params"]
    key = jax.random.fold_in(state.key, state.step)
    gradients, (found, stats) = jax.grad(total, has_aux=True)(
      params, state.variables["batch_stats"], cells, key
    )
    updates, opt_state = optimizer.update(gradients, state.opt_state, params)
    params = optax.apply_updates(params, updates)
    variables = {"params": params, "batch_stats": stats}
    return State(variables, opt_state, state.key, state.step + 1), found

  return step


def make_round(
  config: settings.Config, model: models.Arch2Vec, num_cells: int
) -> Callable[..., tuple[State, dict[str, jax.Array]]]:
  """Returns the compiled round: a state (donated) and cells to the next state.

  Cells come in a new order in each epoch.
  """
  plan = make_plan(config, num_cells)
  step_fn = make_step(config, model, make_optimizer(config, num_cells))

  def train_round(state: State, cells: drawing.Drawn):
    number = state.step // plan.steps
    epoch, part = number // plan.per_epoch, number % plan.per_epoch
    key = jax.random.fold_in(state.key, -1 - epoch)
    order = jax.random.permutation(key, num_cells)
    count = plan.steps * plan.batch_size
    rows = jax.lax.dynamic_slice(order, (part * count,), (count,))

    def step(state, rows):
      return step_fn(state, jax.tree.map(lambda field: field[rows], cells))

    batches = rows.reshape(plan.steps, plan.batch_size)
    return jax.lax.scan(step, state, batches)

  # With fused products a step takes half the time; of one cell alone they would
  # read wrong memory.
  fused = plan.batch_size > 1
  return compiler.jit(train_round, fused=fused, donate_argnums=0)


@compiler.own_numbers()
def fit(
  config: settings.Config,
  model: models.Arch2Vec,
  cells: drawing.Drawn,
  *,
  resume: Callable[[State], tuple[int, State] | None] | None = None,
  on_round: OnRound | None = None,
) -> State:
  """Trains to the last round.

  Args:
    config: `nasjax.config.representation`.
    model: `make_model` of it.
    cells: all cells `[n]`.
    resume: maps the first state to (rounds done, state), or None.
    on_round: called with (rounds done, state, numbers of the steps by name)
      after each round; it must copy what it keeps.

  Returns:
    The last state.

  Raises:
    UserError: a loss is not finite.
  """
  num_cells = cells.classes.shape[0]
  state = first_state(config, model, cells)
  found = resume(state) if resume is not None else None
  done, state = found or (0, state)
  round_fn = make_round(config, model, num_cells)
  for number in range(done, make_plan(config, num_cells).rounds):
    state, measured = round_fn(state, cells)
    measured = {name: np.asarray(each) for name, each in measured.items()}
    bad = np.flatnonzero(~np.isfinite(measured["loss"]))
    if bad.size:
      raise errors.UserError(
        f"loss is not finite in step {bad[0] + 1} of round {number + 1}: "
        "expected a finite loss; lower config.learning_rate"
      )
    if on_round is not None:
      on_round(number + 1, state, measured)
  return state
