"""Which ReLUs are active for which images."""

import jax
import jax.numpy as jnp
import numpy as np

from nasjax.proxies import network as networks
from nasjax.proxies.proxy import Proxy
from nasjax.proxies.subject import Subject, rows


def agreements(subject: Subject) -> jax.Array:
  """How many ReLUs have one state for both of two images, `[B, B]`."""

  def count(x: jax.Array) -> jax.Array:
    active = (rows(x) > 0).astype(jnp.float32)
    return active @ active.T + (1 - active) @ (1 - active).T

  return subject.apply(how=networks.Pass(observe=count)).observed


def log_determinant(kernels: np.ndarray) -> np.ndarray:
  """Logarithms of the determinants of `[..., B, B]`; of singular ones -inf."""
  return np.linalg.slogdet(kernels)[1]


NWOT = Proxy(
  "nwot",
  "Mellor et al. 2021, ICML",
  compute=agreements,
  finish=log_determinant,
)
