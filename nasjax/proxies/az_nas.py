"""The scores of AZ-NAS: what the blocks of a network do with a signal.

Dimensions: `C`, `H`, `W`, `B` as in `proxies.layers`, `L` blocks.
"""

import functools

import jax
import jax.numpy as jnp
import numpy as np

from nasjax.proxies import network as networks
from nasjax.proxies.counts import FLOPS
from nasjax.proxies.proxy import Proxy
from nasjax.proxies.subject import Subject

_SOURCE = "Lee and Ham 2024 (AZ-NAS), CVPR"
_SMALL = 1e-6


def entropies(subject: Subject) -> jax.Array:
  """Entropy of the principal components of each block's features, `[L]`."""
  return jnp.stack([_entropy(each) for each in subject.apply().features])


def _entropy(features: jax.Array) -> jax.Array:
  flat = features.reshape(len(features), -1)
  centred = flat - flat.mean(1, keepdims=True)
  values = jnp.linalg.eigvalsh(centred @ centred.T / flat.shape[1])
  shares = jnp.maximum(values, 0) / values.sum()
  return -(shares * jnp.log(jnp.maximum(shares, 1e-12))).sum()


def trainability(subject: Subject) -> jax.Array:
  """How near to 1 the gain of gradients is in each block, mean over blocks.

  The gain is the largest singular value of the products of a random signal at
  the output and its gradient at the input.
  """
  shapes = jax.eval_shape(lambda: subject.apply().features)
  keys = jax.random.split(subject.key, len(shapes))
  signals = tuple(
    jax.random.rademacher(key, each.shape, jnp.float32)
    for key, each in zip(keys, shapes, strict=True)
  )

  def product(shifts):
    how = networks.Pass(is_cut=True)
    outputs = subject.apply(shifts=shifts, how=how).features
    pairs = zip(outputs, signals, strict=True)
    return functools.reduce(jnp.add, ((a * b).sum() for a, b in pairs))

  zeros = tuple(jnp.zeros(each.shape) for each in shapes)
  gradients = jax.grad(product)(zeros)
  gains = [
    _gain(entering, leaving)
    for entering, leaving in zip(gradients[:-1], signals[1:], strict=True)
  ]
  return jnp.stack(gains).mean()


def _gain(entering: jax.Array, leaving: jax.Array) -> jax.Array:
  factor = entering.shape[1] // leaving.shape[1]
  channels, height, width, batch = leaving.shape
  parts = entering.reshape(len(entering), height, factor, width, factor, batch)
  parts = parts.transpose(0, 2, 4, 1, 3, 5).reshape(-1, height * width * batch)
  flat = leaving.reshape(channels, -1)
  products = parts @ flat.T / flat.shape[1]
  square = products @ products.T
  largest = jnp.sqrt(jnp.maximum(jnp.linalg.eigvalsh(square)[-1], 0))
  return 2 - largest - 1 / (largest + _SMALL)


def least_step(found: np.ndarray) -> np.ndarray:
  """Least growth of entropies `[..., L]` from block to block."""
  return np.diff(found, axis=-1).min(-1)


EXPRESSIVITY = Proxy(
  "az_expressivity",
  _SOURCE,
  compute=entropies,
  finish=lambda found: found.sum(-1),
)
PROGRESSIVITY = Proxy(
  "az_progressivity", _SOURCE, compute=entropies, finish=least_step
)
TRAINABILITY = Proxy("az_trainability", _SOURCE, compute=trainability)
COMPLEXITY = Proxy(
  "az_complexity", _SOURCE, count=FLOPS.count, needs_images=False
)
