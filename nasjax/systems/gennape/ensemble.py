"""Heads on embeddings, weighted by fuzzy membership in clusters.

Dimensions: `n` graphs, `m` labelled ones, `K` width of an embedding, `c`
clusters.
"""

import functools
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax

from nasjax import compiler
from nasjax.systems.gennape import fuzzy, heads

STEPS, FINE_STEPS = 400, 200
RATE, FINE_RATE = 3e-3, 1e-3
_DECAY = 1e-3
_CLIP = 4.0


class Ensemble(NamedTuple):
  """Heads that were trained.

  Attributes:
    mean: of the embeddings, `[K]`.
    spread: `[K]`.
    centres: of the clusters, `[c, K]`, of scaled embeddings.
    params: of `heads.Heads`.
  """

  mean: np.ndarray
  spread: np.ndarray
  centres: np.ndarray
  params: Any

  def read(self, embeddings: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Scaled embeddings `[n, K]` and their memberships `[n, c]`."""
    scaled = (embeddings - self.mean) / self.spread
    scaled = np.clip(scaled, -_CLIP, _CLIP).astype(np.float32)
    member = fuzzy.memberships(scaled, self.centres)
    return scaled, member.astype(np.float32)

  def predict(self, embeddings: np.ndarray) -> np.ndarray:
    """Scores `[n]` of embeddings `[n, K]`, higher = better."""
    module = heads.Heads(clusters=len(self.centres))
    return np.asarray(module.apply(self.params, *self.read(embeddings)))


def fit(
  embeddings: np.ndarray, targets: np.ndarray, seed: int, clusters: int = 6
) -> Ensemble:
  """Finds clusters of embeddings `[m, K]`, and trains a head for each.

  Args:
    embeddings: of labelled graphs.
    targets: labels with mean 0 and spread 1, `[m]`.
    seed: of the clusters and the parameters.
    clusters: number of clusters.
  """
  mean = embeddings.mean(axis=0)
  spread = np.maximum(embeddings.std(axis=0), 1e-3)
  start = Ensemble(mean, spread, np.zeros((clusters, len(mean))), None)
  centres = fuzzy.fit(start.read(embeddings)[0], clusters, seed)
  start = start._replace(centres=centres)
  module = heads.Heads(clusters=clusters)
  scaled, member = start.read(embeddings)
  params = module.init(jax.random.key(seed), scaled[:1], member[:1])
  trained = _train(
    module, STEPS, RATE, params, scaled, member, np.asarray(targets, np.float32)
  )
  return start._replace(params=trained)


def fine_tune(
  start: Ensemble, embeddings: np.ndarray, targets: np.ndarray
) -> Ensemble:
  """Trains the heads further on graphs of another family.

  Args:
    start: heads that were trained elsewhere.
    embeddings: of the labelled graphs, `[m, K]`.
    targets: labels with mean 0 and spread 1, `[m]`.
  """
  module = heads.Heads(clusters=len(start.centres))
  trained = _train(
    module,
    FINE_STEPS,
    FINE_RATE,
    start.params,
    *start.read(embeddings),
    np.asarray(targets, np.float32),
  )
  return start._replace(params=trained)


def _train(module, steps: int, rate: float, params, *data):
  return _program(module, steps, rate)(params, *data)


@functools.cache
def _program(module: heads.Heads, steps: int, rate: float):
  """A whole training on one batch; the loss is the squared error."""
  optimizer = optax.adamw(rate, weight_decay=_DECAY)

  def train(params, scaled, member, targets):
    def value(params):
      return jnp.mean((module.apply(params, scaled, member) - targets) ** 2)

    def step(carry, _):
      params, state = carry
      updates, state = optimizer.update(jax.grad(value)(params), state, params)
      return (optax.apply_updates(params, updates), state), None

    start = params, optimizer.init(params)
    return jax.lax.scan(step, start, None, length=steps)[0][0]

  return compiler.jit(train)
