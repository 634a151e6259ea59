"""What training carries from step to step, as one frozen pytree."""

import dataclasses
import functools
from collections.abc import Sequence
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
import optax

Params = Any


@functools.partial(
  jax.tree_util.register_dataclass,
  data_fields=["params", "opt_state", "key", "step"],
  meta_fields=[],
)
@dataclasses.dataclass(frozen=True)
class TrainState:
  """State of one training, or of many with leading axes.

  Attributes:
    params: the model's parameters.
    opt_state: the optimizer's state.
    key: typed key, `[]`; every draw folds the step or the epoch into it, so
      that a resumed run draws what an uninterrupted run would.
    step: steps done, `[]` int32.
  """

  params: Params
  opt_state: Any
  key: jax.Array
  step: jax.Array


def create(
  model: nn.Module,
  optimizer: optax.GradientTransformation,
  example: Sequence[Any],
  key: jax.Array,
) -> TrainState:
  """Initialises one training.

  Args:
    model: a module for one architecture.
    optimizer: its optimizer.
    example: the model's inputs for one architecture (its graph without batch
      axis comes first), for the shapes.
    key: typed key `[]`; consumed.
  """
  init_key, train_key = jax.random.split(key)
  params = model.init(init_key, *example)
  return TrainState(
    params=params,
    opt_state=optimizer.init(params),
    key=train_key,
    step=jnp.zeros((), jnp.int32),
  )


def member_keys(seed: int, num_seeds: int, num_members: int) -> jax.Array:
  """Typed keys `[S, R]`; row s depends on `seed + s` alone."""
  seeds = jnp.arange(seed, seed + num_seeds)
  keys = jax.vmap(jax.random.key)(seeds)
  split = jax.vmap(lambda key: jax.random.split(key, num_members))
  return split(keys)
