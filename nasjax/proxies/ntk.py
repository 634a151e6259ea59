"""Condition number of the neural tangent kernel."""

import jax
import jax.numpy as jnp
import numpy as np

from nasjax.proxies.proxy import Proxy
from nasjax.proxies.subject import Subject


def kernel(subject: Subject) -> jax.Array:
  """Products of the gradients of the summed logits of two images, `[B, B]`."""

  def sums(params):
    return subject.apply(params).logits.sum(0)

  values, back = jax.vjp(sums, subject.params)
  (gradients,) = jax.vmap(back)(jnp.eye(len(values)))
  flat = [leaf.reshape(len(leaf), -1) for leaf in jax.tree.leaves(gradients)]
  return sum((leaf @ leaf.T for leaf in flat), jnp.zeros((len(values),) * 2))


def condition(kernels: np.ndarray) -> np.ndarray:
  """Largest by smallest eigenvalue of `[..., B, B]`; NaN of singular ones."""
  finite = np.asarray(np.isfinite(kernels).all((-2, -1)))
  safe = np.where(finite[..., None, None], kernels, np.eye(kernels.shape[-1]))
  values = np.linalg.eigvalsh(safe)
  low, high = values[..., 0], values[..., -1]
  useful = finite & (low > 0)
  return np.where(useful, high / np.where(useful, low, 1), np.nan)


NTK = Proxy(
  "ntk",
  "Chen et al. 2021 (TE-NAS), ICLR",
  compute=kernel,
  finish=condition,
  sign=-1,
  by_rank=True,
)
