"""InTrain: how many dimensions layers use, times how even gradients are.

Zhou et al., "InTrain: Intrinsic Trainability for Zero-Cost Neural Architecture
Search", CVPR 2026 (arXiv 2606.18676), as a public summary of it has it. Layers
are convolutions and the classifier, parameters their kernels.
"""

import jax
import jax.numpy as jnp
import numpy as np

from nasjax.proxies import network as networks
from nasjax.proxies.proxy import Proxy
from nasjax.proxies.subject import Subject, total

_EPSILON = 1e-10


def parts(subject: Subject) -> jax.Array:
  """Geometric capacity, number of layers, optimisation resilience; `[3]`.

  The capacity is the sum over layers of the logarithm of the participation
  ratio of their output, the resilience the sum over the kernels that the cell
  uses of the health of their gradient.
  """
  how = networks.Pass(observe=_dimensions, is_of_layers=True)
  capacity, layers = subject.apply(how=how).observed
  live = subject.network.live(subject.graph)
  health = jax.tree.map(_health, subject.gradients)
  resilience = total(jax.tree.map(jnp.multiply, health, live))
  return jnp.stack([capacity, layers, resilience])


def _dimensions(x: jax.Array) -> jax.Array:
  """Logarithm of the participation ratio, and 1 for the layer; `[2]`.

  The ratio `(sum l)^2 / sum l^2` of the eigenvalues `l` of the covariance of
  channels, whose samples are all pixels of all images. NaN without variance.

  Args:
    x: output of the layer, `[C, H, W, B]`.
  """
  samples = x.reshape(len(x), -1)
  samples = samples - samples.mean(1, keepdims=True)
  covariance = samples @ samples.T
  ratio = jnp.trace(covariance) ** 2 / (covariance**2).sum()
  return jnp.stack([jnp.log(ratio), jnp.ones(())])


def _health(gradients: jax.Array) -> jax.Array:
  """Deviation of the elements of each kernel by their largest, at most 1."""
  largest = jnp.abs(gradients).max((-2, -1))
  return jnp.minimum(gradients.std((-2, -1)) / (largest + _EPSILON), 1)


def join(found: np.ndarray) -> np.ndarray:
  """Capacity times (1 + resilience) by log(1 + layers).

  Args:
    found: what `parts` gave, `[..., 3]`.
  """
  capacity, layers, resilience = np.moveaxis(found, -1, 0)
  return capacity * (1 + resilience) / np.log1p(layers)


INTRAIN = Proxy(
  "intrain",
  "Zhou et al. 2026, CVPR",
  compute=parts,
  finish=join,
  needs_labels=True,
)
