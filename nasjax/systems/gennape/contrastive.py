"""Contrastive pre-training of graph embeddings, without labels.

Graphs with alike spectra of their normalised Laplacians are to have alike
embeddings (Mills et al., AAAI 2023; the loss is that of Chen et al., "A Simple
Framework for Contrastive Learning of Visual Representations", ICML 2020, with
soft positives).

Dimensions: `B` graphs, `K` width of an embedding, `L` eigenvalues.
"""

import functools
from collections.abc import Callable, Sequence

import jax
import jax.numpy as jnp
import jraph
import numpy as np
import optax

from nasjax import compiler
from nasjax.systems.gennape import batches, encoder
from nasjax.systems.gennape.reading import Reading

EIGENVALUES = 16
TEMPERATURE, SHARPNESS = 0.2, 5.0
"""Of the similarities of embeddings; and `exp(-sharpness d / mean d)` weighs
positives of spectral distance `d`."""
POSITIVES = ("soft", "hard")
BATCH = 64
_FAR = -1e9


def loss(
  embeddings: jax.Array, spectra: jax.Array, positives: str
) -> jax.Array:
  """Cross entropy of positives and similarities, the mean over graphs.

  Args:
    embeddings: `[B, K]`.
    spectra: `[B, L]`.
    positives: `soft` weighs all other graphs by spectral distance; `hard`
      takes the nearest one.
  """
  unit = embeddings / jnp.maximum(
    jnp.linalg.norm(embeddings, axis=1, keepdims=True), 1e-6
  )
  itself = jnp.eye(len(unit), dtype=bool)
  alike = jnp.where(itself, _FAR, unit @ unit.T / TEMPERATURE)
  apart = jnp.sqrt(
    jnp.maximum(((spectra[:, None] - spectra[None]) ** 2).sum(-1), 1e-12)
  )
  if positives == "soft":
    scale = jnp.maximum(jnp.mean(apart), 1e-6)
    logits = jnp.where(itself, _FAR, -SHARPNESS * apart / scale)
    wanted = jax.nn.softmax(logits, axis=1)
  else:
    nearest = jnp.argmin(jnp.where(itself, jnp.inf, apart), axis=1)
    wanted = jax.nn.one_hot(nearest, len(unit))
  return -jnp.mean(jnp.sum(wanted * jax.nn.log_softmax(alike), axis=1))


def init(module: encoder.Encoder, sample: Reading, seed: int):
  """Draws parameters of an encoder."""
  batch = batches.join([sample], 1)
  return compiler.jit(module.init)(jax.random.key(seed), batch)


def pretrain(
  module: encoder.Encoder,
  readings: Sequence[Reading],
  spectra: np.ndarray,
  *,
  positives: str,
  epochs: int,
  seed: int,
  learning_rate: float = 2e-3,
  done: Callable[[int], None] = lambda count: None,
):
  """Learns an encoder from graphs; returns its parameters.

  Args:
    module: the encoder.
    readings: graphs, of several families.
    spectra: theirs, `[n, L]`.
    positives: one of `POSITIVES`.
    epochs: times that every graph is seen.
    seed: of the parameters and of the order.
    learning_rate: of Adam, at the start of a cosine.
    done: called with the number of graphs after each step.
  """
  steps = epochs * (len(readings) // BATCH)
  schedule = optax.cosine_decay_schedule(learning_rate, max(steps, 1))
  optimizer = optax.chain(optax.clip_by_global_norm(1.0), optax.adam(schedule))
  params = init(module, readings[0], seed)
  state = optimizer.init(params)

  def step(params, state, graph: jraph.GraphsTuple, near: jax.Array):
    def value(params):
      found = jnp.asarray(module.apply(params, graph))
      return loss(found, near, positives)

    gradient = jax.grad(value)(params)
    updates, state = optimizer.update(gradient, state, params)
    return optax.apply_updates(params, updates), state

  program = compiler.jit(step)
  rng = np.random.default_rng(seed)
  for _ in range(epochs):
    order = rng.permutation(len(readings))
    for start in range(0, len(order) - BATCH + 1, BATCH):
      rows = order[start : start + BATCH]
      batch = batches.join([readings[row] for row in rows], BATCH)
      params, state = program(params, state, batch, spectra[rows])
      done(BATCH)
  return params


def embed(
  module: encoder.Encoder, params, readings: Sequence[Reading]
) -> np.ndarray:
  """Embeds graphs, `[n, K]` float32."""
  program = _program()
  parts = [
    np.asarray(program(module, params, batch))[: rows.stop - rows.start]
    for rows, batch in batches.split(readings, BATCH)
  ]
  return np.concatenate([np.zeros((0, module.width), np.float32), *parts])


@functools.cache
def _program() -> compiler.Program:
  """What embeds a batch, traced once for each encoder and size of batches."""
  return compiler.jit(_apply, static_argnames="module")


def _apply(module: encoder.Encoder, params, batch: jraph.GraphsTuple):
  return module.apply(params, batch)
