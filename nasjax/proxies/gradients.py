"""Scores of weights and of their gradients, summed over layers."""

import jax
import jax.numpy as jnp

from nasjax.proxies.proxy import Proxy
from nasjax.proxies.subject import Subject, norms, total

_LIGHTWEIGHT = "Abdelfattah et al. 2021, ICLR"


def l2_norm(subject: Subject) -> jax.Array:
  """Lengths of the kernels that the cell uses."""
  live = subject.network.live(subject.graph)
  return total(jax.tree.map(jnp.multiply, norms(subject.params), live))


def grad_norm(subject: Subject) -> jax.Array:
  """Lengths of the gradients."""
  return total(norms(subject.gradients))


def plain(subject: Subject) -> jax.Array:
  """Weights times gradients."""
  return total(jax.tree.map(jnp.multiply, subject.params, subject.gradients))


def snip(subject: Subject) -> jax.Array:
  """Absolute values of weights times gradients."""
  products = jax.tree.map(jnp.multiply, subject.params, subject.gradients)
  return total(jax.tree.map(jnp.abs, products))


def grasp(subject: Subject) -> jax.Array:
  """Minus weights times the Hessian times the gradients."""
  gradients = jax.lax.stop_gradient(subject.gradients)
  _, changes = jax.jvp(jax.grad(subject.loss), (subject.params,), (gradients,))
  return -total(jax.tree.map(jnp.multiply, subject.params, changes))


L2_NORM = Proxy("l2_norm", _LIGHTWEIGHT, compute=l2_norm, needs_images=False)
GRAD_NORM = Proxy(
  "grad_norm", _LIGHTWEIGHT, compute=grad_norm, needs_labels=True
)
PLAIN = Proxy("plain", _LIGHTWEIGHT, compute=plain, needs_labels=True)
SNIP = Proxy(
  "snip", f"Lee et al. 2019, ICLR; {_LIGHTWEIGHT}", snip, needs_labels=True
)
GRASP = Proxy(
  "grasp",
  f"Wang et al. 2020, ICLR; {_LIGHTWEIGHT}",
  compute=grasp,
  needs_labels=True,
  by_rank=True,
)
