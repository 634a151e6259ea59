"""The state of training between steps, as one frozen pytree."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax

from nasjax import compiler, errors

Params = Any
INITS = ("lecun", "torch")


@jax.tree_util.register_dataclass
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
  init: str = "lecun",
) -> TrainState:
  """Initialises one training.

  Args:
    model: a module for one architecture.
    optimizer: its optimizer.
    example: the model's inputs for one architecture (its graph without batch
      axis comes first), for the shapes.
    key: typed key `[]`; consumed.
    init: `lecun` keeps what the model draws; `torch` draws its dense layers
      again (`torch_dense`).

  Raises:
    UserError: no such init.
  """
  errors.check_name("config.init", init, INITS)
  init_key, train_key = jax.random.split(key)
  params = model.init(init_key, *example)
  if init == "torch":
    params = torch_dense(params, jax.random.fold_in(init_key, 1))
  return TrainState(
    params=params,
    opt_state=optimizer.init(params),
    key=train_key,
    step=jnp.zeros((), jnp.int32),
  )


def torch_dense(params: Params, key: jax.Array) -> Params:
  """Draws dense layers as PyTorch draws its linear layers.

  Weights and biases are uniform on `+-1 / sqrt(inputs)`: a third of the
  variance that keeps the size of a signal. Without it, stacked graph
  convolutions over an adjacency that is not normalised start at scores that are
  dozens of times too large (Wang et al. 2024 trained with PyTorch).

  Args:
    params: nested dicts; a dense layer is one with a `kernel` `[in, out]`.
    key: typed key `[]`; consumed.

  Returns:
    The same tree with new dense layers; all else is kept.
  """
  if not isinstance(params, Mapping):
    return params
  kernel = params.get("kernel")
  if kernel is not None and jnp.ndim(kernel) == 2:
    bound = kernel.shape[0] ** -0.5
    names = sorted({"kernel", "bias"} & set(params))
    drawn = {
      name: jax.random.uniform(
        each, params[name].shape, minval=-bound, maxval=bound
      )
      for name, each in zip(
        names, jax.random.split(key, len(names)), strict=True
      )
    }
    return {**params, **drawn}
  keys = jax.random.split(key, max(1, len(params)))
  return {
    name: torch_dense(child, each)
    for (name, child), each in zip(sorted(params.items()), keys, strict=True)
  }


@compiler.own_numbers()
def member_keys(seed: int, num_seeds: int, num_members: int) -> jax.Array:
  """Typed keys `[S, R]`; row s depends on `seed + s` alone, below 2^32."""
  seeds = np.arange(seed, seed + num_seeds, dtype=np.uint32)
  keys = jax.vmap(jax.random.key)(seeds)
  split = jax.vmap(lambda key: jax.random.split(key, num_members))
  return split(keys)
