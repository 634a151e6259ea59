"""The training of TG-NAS: batches that normalise themselves, and what follows.

Dimensions: `S` seeds, `R` members, `n` training cells.
"""

import dataclasses
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp

from nasjax import compiler, graphs, settings
from nasjax.training import loop, losses, state

MAX_CELLS = 10_000
"""Training cells that give the statistics of a batch normalisation."""


def make(config: settings.Config, model: nn.Module) -> loop.Objective:
  """Returns the config's loss of scores of whole batches."""
  loss_fn = losses.get_loss(config.loss)

  def objective(params, cells, targets, where, key):
    scores = model.apply(
      params, cells, where, rngs={"dropout": key}, method="score_batch"
    )
    return loss_fn(scores, targets, where=where), {}

  return objective


def finish(
  config: settings.Config,
  model: nn.Module,
  trained: state.TrainState,
  cells: graphs.CellGraphs,
) -> state.TrainState:
  """Sets the statistics of batch normalisations to those of training cells.

  Args:
    config: the config of the training.
    model: the module.
    trained: the last state, axes `[S, R]`.
    cells: training cells, axes `[S, n]`.

  Returns:
    The state that scores.
  """
  if config.model.variant != "code":
    return trained
  few = jax.tree.map(lambda field: field[:, :MAX_CELLS], cells)

  def statistics(params, cells):
    return model.apply(params, cells, method="statistics")

  of_members = jax.vmap(statistics, in_axes=(0, None))
  found: Any = compiler.jit(jax.vmap(of_members))(trained.params, few)
  params = dict(trained.params["params"])
  for index, (mean, variance) in enumerate(found):
    name = f"norms_{index}"
    logs = jnp.log(jnp.maximum(variance, 1e-12))
    params[name] = {**params[name], "mean": mean, "log_variance": logs}
  return dataclasses.replace(
    trained, params={**trained.params, "params": params}
  )
