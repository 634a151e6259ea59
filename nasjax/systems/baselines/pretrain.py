"""Pre-training without labels: an encoder names hidden operations.

GraphMAE (Hou et al. 2022), as GMAE-NAS (Jing et al. 2022) applies it to cells.
Dimensions: `S` seeds, `R` members, `n` cells, `b` cells of a batch, `N` nodes,
`O` operators.
"""

import dataclasses
import functools
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax
from ml_collections import config_dict

from nasjax import compiler, errors, graphs, operators, progress, settings
from nasjax.features import inputs
from nasjax.operators import encoding
from nasjax.spaces import base as spaces_base
from nasjax.training import loop, state

_STREAM = 2**31 - 1  # folded into a training key, which steps never reach


def draw_hidden(
  key: jax.Array, cell: graphs.CellGraphs, mask_rate: float
) -> jax.Array:
  """Draws the nodes of one cell whose operation is hidden.

  Inputs and outputs are the same in every cell and are never hidden.

  Args:
    key: typed key `[]`; consumed.
    cell: a cell without a batch axis.
    mask_rate: share of the other nodes, rounded up to whole nodes.

  Returns:
    `[N]` float32, 1 on hidden nodes.
  """
  ends = (cell.ops == operators.INPUT) | (cell.ops == operators.OUTPUT)
  candidate = cell.mask * ~ends
  draws = jnp.where(candidate > 0, jax.random.uniform(key, ends.shape), 2.0)
  rank = jnp.argsort(jnp.argsort(draws))
  count = jnp.ceil(mask_rate * jnp.sum(candidate))
  return candidate * (rank < count)


def hide(cell: graphs.CellGraphs, hidden: jax.Array) -> graphs.CellGraphs:
  """Replaces operations by `encoding.HIDDEN` and their details by zeros.

  `encoding.one_hot` gives zeros for it; a model can have a column for it.
  """
  return dataclasses.replace(
    cell,
    ops=jnp.where(hidden > 0, encoding.HIDDEN, cell.ops),
    details=cell.details * (1 - hidden)[:, None],
  )


def reconstruction(
  logits: jax.Array, ops: jax.Array, hidden: jax.Array
) -> tuple[jax.Array, jax.Array]:
  """Cross-entropy and accuracy over hidden nodes, two scalars.

  Args:
    logits: `[..., N, O]`.
    ops: true operators `[..., N]`.
    hidden: `[..., N]`, 1 on hidden nodes.
  """
  count = jnp.maximum(jnp.sum(hidden), 1)
  cost = optax.softmax_cross_entropy_with_integer_labels(logits, ops)
  right = (jnp.argmax(logits, axis=-1) == ops) * hidden
  return jnp.sum(cost * hidden) / count, jnp.sum(right) / count


def reconstruction_objective(
  model: Any, decoder: nn.Module, mask_rate: float
) -> loop.Objective:
  """Returns the objective of an encoder that names hidden operations.

  It reads no targets. Its numbers are the loss, a cross-entropy, and `accuracy`
  over the hidden nodes, which are drawn anew in every step.
  """

  def objective(params, cells, targets, where, key):
    def logits(cell, hidden, dropout) -> Any:
      nodes = model.apply(
        params["model"],
        hide(cell, hidden),
        train=True,
        rngs={"dropout": dropout},
        method="encode",
      )
      return decoder.apply(params["decoder"], nodes)

    num = cells.ops.shape[0]
    hide_key, dropout_key = jax.random.split(key)
    draw = functools.partial(draw_hidden, mask_rate=mask_rate)
    hidden = jax.vmap(draw)(jax.random.split(hide_key, num), cells)
    keys = jax.random.split(dropout_key, num)
    loss, accuracy = reconstruction(
      jax.vmap(logits)(cells, hidden, keys),
      encoding.columns(cells.ops, model.operators),
      hidden * where[:, None],
    )
    return loss, {"accuracy": accuracy}

  return objective


def _create_state(model, decoder, optimizer, example, keys) -> state.TrainState:
  """Initial state with axes `[S, R]`; `example` is one cell."""

  def create(key):
    model_key, decoder_key, train_key = jax.random.split(key, 3)
    params = {"model": model.init(model_key, example)}
    nodes = model.apply(params["model"], example, method="encode")
    params["decoder"] = decoder.init(decoder_key, nodes)
    step = jnp.zeros((), jnp.int32)
    return state.TrainState(params, optimizer.init(params), train_key, step)

  return compiler.jit(jax.vmap(jax.vmap(create)), quick=True)(keys)


@compiler.own_numbers()
def pretrain(
  config: settings.Config,
  model: Any,
  cells: graphs.CellGraphs,
  keys: jax.Array,
  *,
  on_epoch: loop.OnEpoch | None = None,
) -> Any:
  """Trains an encoder to name hidden operations; no label is seen.

  A linear decoder names each hidden operation from the state of its node; it is
  thrown away. The learning rate falls to zero as a cosine. The last, smaller
  batch of an epoch is left out.

  Args:
    config: `epochs`, `batch_size`, `learning_rate`, `mask_rate`: what
      `config.pretrain` of a training holds.
    model: a module for one architecture with a method
      `encode(cell, train=...)` that returns node states `[N, K]`.
    cells: unlabelled graphs `[n]`, the same for every seed.
    keys: typed keys `[S, R]`; consumed.
    on_epoch: as in `loop.fit`; the numbers are `loss` and `accuracy`.

  Returns:
    All parameters of the model, axes `[S, R]`; those that `encode` does not
    use are as initialised.

  Raises:
    UserError: a size is not positive.
  """
  _check(config)
  sizes = config_dict.ConfigDict(
    {
      "epochs": config.epochs,
      "batch_size": config.batch_size,
      "drop_last": True,
    }
  )
  num, num_seeds = cells.ops.shape[0], keys.shape[0]
  steps = loop.make_plan(sizes, num).num_steps
  optimizer = optax.adam(
    optax.cosine_decay_schedule(config.learning_rate, steps)
  )
  decoder = nn.Dense(encoding.width(model.operators))
  example = jax.tree.map(lambda field: field[0], cells)
  trained = loop.fit(
    sizes,
    model,
    jax.tree.map(
      lambda field: jnp.broadcast_to(field, (num_seeds, *field.shape)), cells
    ),
    np.zeros((num_seeds, num), np.float32),
    keys,
    objective=reconstruction_objective(model, decoder, config.mask_rate),
    optimizer=optimizer,
    fresh=_create_state(model, decoder, optimizer, example, keys),
    on_epoch=on_epoch,
  )
  return trained.params["model"]


def _check(config: settings.Config) -> None:
  for name in ("epochs", "batch_size"):
    if config[name] < 1:
      raise errors.UserError(
        f"config.pretrain.{name}: expected at least 1, got {config[name]}"
      )
  if not 0 < config.mask_rate <= 1:
    raise errors.UserError(
      "config.pretrain.mask_rate: expected a share in (0, 1], got "
      f"{config.mask_rate}"
    )


@compiler.own_numbers()
def start_state(
  config: settings.Config,
  model: Any,
  space: spaces_base.Space,
  fresh: state.TrainState,
) -> state.TrainState:
  """Puts pre-trained parameters into the fresh state of a training.

  Args:
    config: a whole config; `pretrain.num_cells` cells are sampled from the
      space, the same for every seed.
    model: the model of the config.
    space: the search space.
    fresh: initial state of `loop.fit`, axes `[S, R]`; its keys are not used up.

  Returns:
    The state to start from.
  """
  genotypes = space.sample(config.pretrain.num_cells, np.random.default_rng(0))
  cells = inputs.program(space, model.reads, config.prune)(
    jnp.asarray(genotypes)
  )
  fold = jax.vmap(jax.vmap(lambda key: jax.random.fold_in(key, _STREAM)))
  with progress.Progress(
    "pre-training", config.pretrain.epochs, unit="epochs"
  ) as bar:

    def on_epoch(epoch, train_state, measured):
      loss, accuracy = (measured[x].mean() for x in ("loss", "accuracy"))
      bar.update(1, f"loss {loss:.4f}, accuracy {accuracy:.3f}")

    params = pretrain(
      config.pretrain, model, cells, fold(fresh.key), on_epoch=on_epoch
    )
  return dataclasses.replace(fresh, params=params)
