"""One untrained network, and what several proxies read of it.

Dimensions: `B` images, `C`, `H`, `W` their channels and size.
"""

import functools
from typing import Any

import jax
import jax.numpy as jnp

from nasjax.proxies import network as networks


class Subject:
  """A network with its weights and a batch.

  Attributes:
    network: the networks of the space.
    params: weights of one seed.
    images: `[C, H, W, B]`.
    labels: classes, `[B]` int32.
    graph: the architecture.
    key: random numbers of the seed.
  """

  def __init__(
    self,
    network: networks.Network,
    params: networks.Params,
    images: jax.Array,
    labels: jax.Array,
    graph: networks.Graph,
    key: jax.Array,
  ):
    """Takes a network apart from what proxies do with it."""
    self.network, self.params, self.graph = network, params, graph
    self.images, self.labels, self.key = images, labels, key

  def apply(self, params: Any = None, images: Any = None, **how: Any):
    """`Network.apply` on the subject's own weights and images by default."""
    return self.network.apply(
      self.params if params is None else params,
      self.images if images is None else images,
      self.graph,
      **how,
    )

  def loss(self, params: Any = None, **how: Any) -> jax.Array:
    """Mean cross-entropy of the labels; arguments as those of `apply`."""
    return cross_entropy(self.apply(params, **how).logits, self.labels)

  @functools.cached_property
  def gradients(self) -> networks.Params:
    """Gradients of the loss by all kernels."""
    return jax.grad(self.loss)(self.params)

  @functools.cached_property
  def jacobians(self) -> tuple[jax.Array, ...]:
    """Gradients of the sum of all logits, `[B, D]` each.

    By the images, and by each of `Trace.features`.
    """

    def total(images, shifts):
      return self.apply(images=images, shifts=shifts).logits.sum()

    shapes = jax.eval_shape(lambda: self.apply().features)
    shifts = tuple(jnp.zeros(each.shape, each.dtype) for each in shapes)
    own, others = jax.grad(total, (0, 1))(self.images, shifts)
    return tuple(rows(each) for each in (own, *others))


def cross_entropy(logits: jax.Array, labels: jax.Array) -> jax.Array:
  """Mean over images of logits `[classes, B]` and labels `[B]`."""
  chosen = jax.nn.one_hot(labels, len(logits), axis=0)
  return -(chosen * jax.nn.log_softmax(logits, 0)).sum(0).mean()


def total(leaves: Any) -> jax.Array:
  """Sum of all numbers of a tree."""
  return sum((leaf.sum() for leaf in jax.tree.leaves(leaves)), jnp.zeros(()))


def norms(leaves: Any) -> Any:
  """Length of each kernel of a tree: a scalar, or one a node `[N]`."""
  return jax.tree.map(lambda leaf: jnp.sqrt((leaf**2).sum((-2, -1))), leaves)


def rows(images: jax.Array) -> jax.Array:
  """`[C, H, W, B]` as one row for each image, `[B, C * H * W]`."""
  return images.reshape(-1, images.shape[-1]).T
