"""Small networks as surrogates, and their training.

A training compiles once for a budget: the trained cells are padded to it, and
the number of steps is an argument. Dimensions: `P` padded cells, `n` trained
ones, `c` candidates, `M` members of an ensemble, `F` numbers of an encoding.
"""

import dataclasses
import functools
from collections.abc import Callable
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax.flatten_util import ravel_pytree

from nasjax import compiler

_LEAST, _AT_ONCE = 256, 1 << 15  # candidates of a compiled call


class Perceptron(nn.Module):
  """Dense layers of a width, then one number.

  Attributes:
    width: of each hidden layer.
    depth: hidden layers.
    activation: between them, a name of `jax.nn`.
  """

  width: int
  depth: int
  activation: str = "relu"

  @nn.compact
  def __call__(self, x: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Maps encodings `[b, F]` to values `[b]` and features `[b, width]`."""
    x = x.reshape(len(x), -1)
    for _ in range(self.depth):
      x = getattr(jax.nn, self.activation)(nn.Dense(self.width)(x))
    return nn.Dense(1)(x)[:, 0], x


@dataclasses.dataclass(frozen=True)
class Recipe:
  """A network and how it is trained, by Adam.

  Attributes:
    network: the module.
    loss: `squared`, or `relative`: the absolute error in units of the target,
      which is positive and small for good cells.
    learning_rate: of Adam.
    epochs: passes over the trained cells; cells of a batch are drawn with
      replacement.
    batch_size: cells of a step.
    weight_decay: decoupled, per step and learning rate.
    members: networks with other initial weights and batches.
  """

  network: nn.Module
  loss: str = "squared"
  learning_rate: float = 0.001
  epochs: int = 200
  batch_size: int = 32
  weight_decay: float = 0.0
  members: int = 1

  def fit(
    self, x: np.ndarray, y: np.ndarray, room: int, rng: np.random.Generator
  ) -> "Fitted":
    """Trains every member.

    Args:
      x: encodings of trained cells, `[n, ...]`.
      y: targets `[n]`.
      room: `P`, at least `n`.
      rng: generator of weights and batches.
    """
    num = len(x)
    padding = [(0, room - num)] + [(0, 0)] * (x.ndim - 1)
    params = _training(self)(
      jnp.asarray(np.pad(x, padding)),
      jnp.asarray(np.pad(y, (0, room - num)).astype(np.float32)),
      jnp.asarray(num),
      jnp.asarray(self.epochs * -(-num // self.batch_size)),
      jax.random.key(int(rng.integers(1 << 31))),
    )
    return Fitted(self.network, params)


@dataclasses.dataclass(frozen=True, eq=False)
class Fitted:
  """Trained members.

  Attributes:
    network: the module.
    params: its parameters, each with the leading axis `M`.
  """

  network: nn.Module
  params: Any

  def values(self, x: np.ndarray) -> np.ndarray:
    """Values of encodings `[c, ...]`, `[M, c]`."""
    return self._run(x, 0)

  def features(self, x: np.ndarray) -> np.ndarray:
    """What the last layer of the first member reads, `[c, width]` float32."""
    return self._run(x, 1)[0]

  def _run(self, x: np.ndarray, output: int) -> np.ndarray:
    found = []
    for start in range(0, len(x), _AT_ONCE):
      rows = x[start : start + _AT_ONCE]
      num = len(rows)
      room = max(_LEAST, 1 << (num - 1).bit_length())
      if num < room:
        padding = [(0, room - num)] + [(0, 0)] * (x.ndim - 1)
        rows = np.pad(rows, padding)
      run = _evaluation(self.network, output)(self.params, jnp.asarray(rows))
      found.append(np.asarray(run)[:, :num])
    return found[0] if len(found) == 1 else np.concatenate(found, axis=1)


@functools.lru_cache(maxsize=32)
def _evaluation(network: nn.Module, output: int) -> Callable[..., Any]:
  """Compiles one output of all members: 0 values, 1 features."""

  def evaluate(params, x):
    return jax.vmap(network.apply, (0, None))(params, x)[output]

  return compiler.jit(evaluate)


@functools.lru_cache(maxsize=32)
def _training(recipe: Recipe) -> Callable[..., Any]:
  """Compiles the training of a recipe: x, y, n, steps, key -> params."""
  optimizer = optax.adamw(
    recipe.learning_rate, weight_decay=recipe.weight_decay
  )

  def train(x, y, num, steps, key):
    start, draw = jax.random.split(key)
    most = recipe.epochs * -(-len(x) // recipe.batch_size)
    batches = jax.random.randint(draw, (most, recipe.batch_size), 0, num)
    flat, unravel = ravel_pytree(recipe.network.init(start, x[:1]))

    def loss(flat, rows):
      predicted, _ = recipe.network.apply(unravel(flat), x[rows])
      error = predicted - y[rows]
      if recipe.loss == "relative":
        return jnp.mean(jnp.abs(error) / y[rows])
      return jnp.mean(error**2)

    def step(index, carry):
      flat, state = carry
      slope = jax.grad(loss)(flat, batches[index])
      updates, state = optimizer.update(slope, state, flat)
      return optax.apply_updates(flat, updates), state

    begin = flat, optimizer.init(flat)
    return unravel(jax.lax.fori_loop(0, steps, step, begin)[0])

  def members(x, y, num, steps, key):
    keys = jax.random.split(key, recipe.members)
    return jax.vmap(train, (None, None, None, None, 0))(x, y, num, steps, keys)

  return compiler.jit(members)
