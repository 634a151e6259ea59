"""How alike the gradients of the images are."""

import jax
import jax.numpy as jnp
import numpy as np

from nasjax.proxies.proxy import Proxy
from nasjax.proxies.subject import Subject

_SMALL = 1e-5


def correlations(jacobian: jax.Array) -> jax.Array:
  """Correlations of the rows of `[B, D]`, `[B, B]`; NaN of constant rows."""
  centred = jacobian - jacobian.mean(1, keepdims=True)
  length = jnp.sqrt((centred * centred).sum(1, keepdims=True))
  unit = centred / length
  return unit @ unit.T


def spread(found: np.ndarray) -> np.ndarray:
  """Score of correlations `[..., B, B]`: eigenvalues near 1 are best."""
  finite = np.asarray(np.isfinite(found).all((-2, -1)))
  safe = np.where(finite[..., None, None], found, np.eye(found.shape[-1]))
  values = np.maximum(np.linalg.eigvalsh(safe), 0) + _SMALL
  return np.where(finite, -(np.log(values) + 1 / values).sum(-1), np.nan)


def of_stages(subject: Subject) -> jax.Array:
  """Correlations of the gradients by what enters each stage, `[3, B, B]`."""
  found = [
    correlations(subject.jacobians[1 + place])
    for place in subject.network.entries
  ]
  return jnp.stack(found)


def of_classes(subject: Subject) -> jax.Array:
  """Sum over classes of the absolute sum of logarithms of correlations."""
  found = jnp.log(jnp.abs(correlations(subject.jacobians[0])) + _SMALL)
  num_classes = subject.network.skeleton.num_classes
  chosen = jax.nn.one_hot(subject.labels, num_classes)
  return jnp.abs(jnp.einsum("bc,bd,dc->c", chosen, found, chosen)).sum()


EPE_NAS = Proxy(
  "epe_nas",
  "Lopes et al. 2021, ICANN",
  compute=of_classes,
  needs_labels=True,
)
JACOV = Proxy(
  "jacov",
  "Mellor et al. 2020, arXiv:2006.04647v1; Abdelfattah et al. 2021, ICLR",
  compute=lambda subject: correlations(subject.jacobians[0]),
  finish=spread,
  by_rank=True,
)
JACOV_STAGE = Proxy(
  "jacov_stage",
  "sum of jacov over what enters each stage, in place of the images",
  compute=of_stages,
  finish=lambda found: spread(found).sum(-1),
  by_rank=True,
)
