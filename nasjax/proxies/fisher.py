"""Fisher score: what the loss would lose with a channel."""

import jax

from nasjax.proxies.proxy import Proxy
from nasjax.proxies.subject import Subject, total


def fisher(subject: Subject) -> jax.Array:
  """Half the mean square over images, summed over channels of convolutions.

  The square is that of a channel times its gradient, summed over pixels: the
  gradient by a factor of the channel for that image.
  """
  gates = subject.network.gates(subject.images.shape[-1])
  gradients = jax.grad(lambda gates: subject.loss(gates=gates))(gates)
  squares = jax.tree.map(lambda leaf: (leaf**2).mean(-1) / 2, gradients)
  return total(squares)


FISHER = Proxy(
  "fisher",
  "Turner et al. 2020, ICLR; Abdelfattah et al. 2021, ICLR",
  compute=fisher,
  needs_labels=True,
)
