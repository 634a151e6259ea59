"""Synaptic flow: what flows through the absolute values of all weights."""

import jax
import jax.numpy as jnp

from nasjax.proxies import network as networks
from nasjax.proxies.proxy import Proxy
from nasjax.proxies.subject import Subject, total


def synflow(subject: Subject) -> jax.Array:
  """Logarithm of the sum of weights times gradients.

  The image is ones, there are no normalisations, and the loss is the sum of the
  logits. The logarithm changes no rank and does not overflow.
  """
  images = jnp.ones_like(subject.images[..., :1])
  how = networks.Pass(is_normalised=False)

  def flow(params):
    found = subject.apply(params, images, how=how)
    return found.logits.sum(), found.log_scale

  weights = jax.tree.map(jnp.abs, subject.params)
  gradients, log_scale = jax.grad(flow, has_aux=True)(weights)
  products = jax.tree.map(jnp.multiply, weights, gradients)
  return jnp.log(total(products)) + log_scale


SYNFLOW = Proxy(
  "synflow",
  "Tanaka et al. 2020, NeurIPS; Abdelfattah et al. 2021, ICLR",
  compute=synflow,
  needs_images=False,
)
