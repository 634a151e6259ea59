"""Zen score: how far a small change of the images goes."""

import jax
import jax.numpy as jnp

from nasjax.proxies.proxy import Proxy
from nasjax.proxies.subject import Subject

_STEP = 1e-2


def zen(subject: Subject) -> jax.Array:
  """Logarithm of the change, plus what normalisations divided out.

  Images and weights are normal, whatever the others are.
  """
  first, second, third = jax.random.split(subject.key, 3)
  leaves, structure = jax.tree.flatten(subject.params)
  keys = jax.random.split(first, len(leaves))
  weights = jax.tree.unflatten(
    structure,
    [
      jax.random.normal(key, leaf.shape)
      for key, leaf in zip(keys, leaves, strict=True)
    ],
  )
  images = jax.random.normal(second, subject.images.shape)
  others = images + _STEP * jax.random.normal(third, images.shape)
  before = subject.apply(weights, images)
  after = subject.apply(weights, others)
  change = jnp.abs(before.last - after.last).sum((0, 1, 2)).mean()
  return jnp.log(change) + before.log_scale


ZEN = Proxy("zen", "Lin et al. 2021, ICCV", compute=zen, needs_images=False)
