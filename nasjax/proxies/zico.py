"""ZiCo: gradients that are large and agree between batches."""

import jax
import jax.numpy as jnp

from nasjax.proxies.proxy import Proxy
from nasjax.proxies.subject import Subject, total

_BATCHES = 2


def zico(subject: Subject) -> jax.Array:
  """Sum over layers of log sum over weights of mean absolute by deviation.

  Over the gradients of the two halves of the batch.
  """
  size = subject.images.shape[-1] // _BATCHES * _BATCHES

  def halves(array):
    parts = array[..., :size].reshape(*array.shape[:-1], _BATCHES, -1)
    return jnp.moveaxis(parts, -2, 0)

  def gradient(images, labels):
    own = Subject(
      subject.network,
      subject.params,
      images,
      labels,
      subject.graph,
      subject.key,
    )
    return own.gradients

  found = jax.lax.map(
    lambda batch: gradient(*batch),
    (halves(subject.images), halves(subject.labels)),
  )
  return total(jax.tree.map(_of_layer, found))


def _of_layer(gradients: jax.Array) -> jax.Array:
  """Logarithms of ratios of layers `[2, ..., D, F]`; 0 without gradients."""
  deviation = gradients.std(0)
  mean = jnp.abs(gradients).mean(0)
  moves = deviation > 0
  ratios = jnp.where(moves, mean / jnp.where(moves, deviation, 1), 0)
  sums = ratios.sum((-2, -1))
  return jnp.where(sums > 0, jnp.log(jnp.where(sums > 0, sums, 1)), 0)


ZICO = Proxy("zico", "Li et al. 2023, ICLR", compute=zico, needs_labels=True)
