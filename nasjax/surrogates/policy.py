"""A recurrent policy that walks through embeddings, trained by REINFORCE.

Yan et al., NeurIPS 2020 ("arch2vec"), section 3.3; Williams 1992. All functions
can be traced and mapped over seeds.

Dimensions: `m` cells, `E` numbers of an embedding, `T` steps of an episode, `P`
weights.
"""

import dataclasses
import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp
import optax
from jax.flatten_util import ravel_pytree


class _Network(nn.Module):
  """An LSTM cell and a linear layer: from where the walk is to its next mean.

  Attributes:
    size: `E`.
    width: numbers of the hidden state.
  """

  size: int
  width: int

  @nn.compact
  def __call__(self, carry: Any, x: jax.Array) -> tuple[Any, jax.Array]:
    """Maps the hidden state and an embedding `[E]` to the next of both."""
    carry, hidden = nn.OptimizedLSTMCell(self.width)(carry, x)
    return carry, nn.Dense(self.size)(hidden)


class Learner(NamedTuple):
  """Weights and the state of Adam.

  Attributes:
    weights: `[P]` float32.
    first: running mean of the gradients, `[P]`.
    second: running mean of their squares, `[P]`.
    count: how many updates there were.
  """

  weights: jax.Array
  first: jax.Array
  second: jax.Array
  count: jax.Array


class Episode(NamedTuple):
  """A walk of at most `T` steps.

  Attributes:
    inputs: where each step began, `[T, E]`.
    actions: where each step was to lead, `[T, E]`.
    rows: the cells that it led to, `[T]` int32.
    length: how many steps there are.
    row: the cell where the next step begins.
  """

  inputs: jax.Array
  actions: jax.Array
  rows: jax.Array
  length: jax.Array
  row: jax.Array


@dataclasses.dataclass(frozen=True)
class Policy:
  """A policy for embeddings of a size.

  Attributes:
    size: `E`.
    steps: `T`.
    width: numbers of the hidden state.
    learning_rate: of Adam.
    discount: weight of the reward of the next step in the return of a step, of
      the one after that its square, and so on.
    spread: standard deviation of an action in every direction.
  """

  size: int
  steps: int = 16
  width: int = 128
  learning_rate: float = 0.01
  discount: float = 0.0
  spread: float = 1.0

  def start(self, key: jax.Array) -> Learner:
    """Draws weights."""
    weights, _ = self._flat(key)
    zeros = jnp.zeros_like(weights)
    return Learner(weights, zeros, zeros, jnp.zeros((), jnp.int32))

  def episode(self, row: jax.Array) -> Episode:
    """An episode of no step that begins at a cell."""
    empty = jnp.zeros((self.steps, self.size))
    rows, length = jnp.zeros(self.steps, jnp.int32), jnp.zeros((), jnp.int32)
    return Episode(empty, empty, rows, length, jnp.asarray(row, jnp.int32))

  def walk(
    self,
    learner: Learner,
    episode: Episode,
    values: jax.Array,
    taken: jax.Array,
    key: jax.Array,
    num: jax.Array,
  ) -> Episode:
    """Goes on with an episode.

    Each action is a normal draw around what the network returns; the step leads
    to the nearest cell that is not taken, which then is.

    Args:
      learner: the weights.
      episode: the steps so far.
      values: embeddings of all cells, `[m, E]`.
      taken: cells that no step leads to, `[m]` bool.
      key: of the draws; those of a step depend on its place in the episode.
      num: how many steps; the episode has room for them.
    """
    values = jnp.asarray(values)
    weights = self._unravel()(learner.weights)
    draws = jax.random.normal(key, (self.steps, self.size))
    norms = jnp.sum(values**2, axis=1)

    def again(place, carry):
      return self._apply(weights, carry, episode.inputs[place])[0]

    def step(place, state):
      carry, taken, episode = state
      x = values[episode.row]
      carry, mean = self._apply(weights, carry, x)
      action = mean + self.spread * draws[place]
      apart = norms - 2 * values @ action
      row = jnp.argmin(jnp.where(taken, jnp.inf, apart)).astype(jnp.int32)
      episode = Episode(
        episode.inputs.at[place].set(x),
        episode.actions.at[place].set(action),
        episode.rows.at[place].set(row),
        place + 1,
        row,
      )
      return carry, taken.at[row].set(True), episode

    before = episode.length
    carry = jax.lax.fori_loop(0, before, again, self._rest())
    state = carry, taken, episode
    return jax.lax.fori_loop(before, before + num, step, state)[2]

  def learn(
    self, learner: Learner, episode: Episode, rewards: jax.Array
  ) -> Learner:
    """Takes a step along the gradient of the expected return.

    Args:
      learner: the weights.
      episode: a whole episode.
      rewards: of its steps, less a baseline, `[T]`.
    """
    unravel = self._unravel()

    def discounted(later, reward):
      total = reward + self.discount * later
      return total, total

    returns = jax.lax.scan(discounted, 0.0, rewards, reverse=True)[1]

    def loss(flat):
      weights = unravel(flat)
      _, means = jax.lax.scan(
        lambda carry, x: self._apply(weights, carry, x),
        self._rest(),
        episode.inputs,
      )
      scaled = (episode.actions - means) / self.spread
      return jnp.mean(0.5 * jnp.sum(scaled**2, axis=1) * returns)

    adam = optax.scale_by_adam()
    before = optax.ScaleByAdamState(
      learner.count, learner.first, learner.second
    )
    gradient = jax.grad(loss)(learner.weights)
    direction, after = adam.update(gradient, before)
    assert isinstance(after, optax.ScaleByAdamState)
    weights = learner.weights - self.learning_rate * jnp.asarray(direction)
    first, second = jnp.asarray(after.mu), jnp.asarray(after.nu)
    return Learner(weights, first, second, jnp.asarray(after.count))

  @property
  def _network(self) -> _Network:
    return _Network(self.size, self.width)

  def _apply(self, weights: Any, carry: Any, x: jax.Array) -> tuple[Any, Any]:
    return self._network.apply(weights, carry, x)

  def _rest(self) -> tuple[jax.Array, jax.Array]:
    """The hidden state at the beginning of an episode."""
    return jnp.zeros(self.width), jnp.zeros(self.width)

  def _flat(self, key: jax.Array) -> tuple[jax.Array, Callable[..., Any]]:
    x = jnp.zeros(self.size)
    return ravel_pytree(self._network.init(key, self._rest(), x))

  def _unravel(self) -> Callable[[jax.Array], Any]:
    return _unravel(self)


@functools.lru_cache(maxsize=16)
def _unravel(policy: Policy) -> Callable[[jax.Array], Any]:
  """How weights `[P]` become those of the network."""
  with jax.ensure_compile_time_eval():
    return policy._flat(jax.random.key(0))[1]
