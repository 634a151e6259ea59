"""Layers of the graph network of TG-NAS, over a batch of cells.

Dimensions: `b` cells, `N` nodes, `F` input and `K` output width.
"""

import flax.linen as nn
import jax
import jax.numpy as jnp

from nasjax.models import gcn

EPSILON = 1e-5

Statistics = tuple[jax.Array, jax.Array]
"""Mean and variance of every unit, `[K]` each."""


@jax.vmap
def with_global(adjacency: jax.Array, mask: jax.Array) -> jax.Array:
  """What each node reads, with a last node that reads all: `(A + I)^T`.

  Args:
    adjacency: 1 where node i feeds node j, `[b, N, N]`.
    mask: 1 on real nodes, `[b, N]`.

  Returns:
    `[b, N + 1, N + 1]`; a node reads those that feed it and itself.
  """
  reads = jnp.pad(adjacency.T + jnp.diag(mask), ((0, 0), (0, 1)))
  last = jnp.append(mask, 1.0)
  return jnp.concatenate([reads, last[None]])


@jax.vmap
def normalized(reads: jax.Array) -> jax.Array:
  """`D^-1/2 A D^-1/2` with the sums of the rows of A as D, `[b, N, N]`."""
  scale = jax.lax.rsqrt(jnp.maximum(jnp.sum(reads, axis=-1), 1.0))
  return reads * scale[:, None] * scale[None, :]


aggregate = jax.vmap(gcn.aggregate_dense)
"""Sums what each node reads, `[b, N, N]` and `[b, N, F]` to `[b, N, F]`."""


def _moments(nodes: jax.Array, weight: jax.Array, axes) -> Statistics:
  """Weighted mean and variance over some axes, which are kept."""
  total = jnp.maximum(jnp.sum(weight, axis=axes, keepdims=True), 1.0)
  mean = jnp.sum(nodes * weight, axis=axes, keepdims=True) / total
  centred = jnp.square(nodes - mean) * weight
  return mean, jnp.sum(centred, axis=axes, keepdims=True) / total


class GraphNorm(nn.Module):
  """Normalises each unit over the nodes of its graph (Chen et al. 2020)."""

  @nn.compact
  def __call__(self, nodes: jax.Array, mask: jax.Array) -> jax.Array:
    """Maps `[b, N, K]` and the mask `[b, N]` to `[b, N, K]`."""
    width = nodes.shape[-1:]
    scale = self.param("scale", nn.initializers.ones, width)
    shift = self.param("shift", nn.initializers.zeros, width)
    mean, variance = _moments(nodes, mask[..., None], axes=1)
    normalized = (nodes - mean) * jax.lax.rsqrt(variance + EPSILON)
    return normalized * scale[None, None] + shift[None, None]


class BatchNorm(nn.Module):
  """Batch normalisation over the nodes of all cells (Ioffe and Szegedy 2015).

  A training step normalises by the batch. What scores normalises by the mean
  and the variance of the training cells, which lie among the parameters as
  `mean` and `log_variance`: no step changes them, and they are set when the
  training has ended.
  """

  @nn.compact
  def __call__(
    self, nodes: jax.Array, weight: jax.Array, by_batch: bool
  ) -> tuple[jax.Array, Statistics]:
    """Normalises a batch.

    Args:
      nodes: `[b, N, K]`.
      weight: how much a node counts, `[b, N]`; 0 on padding.
      by_batch: whether the batch normalises itself.

    Returns:
      `[b, N, K]`, and the statistics it was normalised by.
    """
    width = nodes.shape[-1:]
    scale = self.param("scale", nn.initializers.ones, width)
    shift = self.param("shift", nn.initializers.zeros, width)
    mean = self.param("mean", nn.initializers.zeros, width)
    log_variance = self.param("log_variance", nn.initializers.zeros, width)
    if by_batch:
      found = _moments(nodes, weight[..., None], axes=(0, 1))
      mean, variance = (each[0, 0] for each in found)
    else:
      mean = jax.lax.stop_gradient(mean)
      variance = jnp.exp(jax.lax.stop_gradient(log_variance))
    factor = scale * jax.lax.rsqrt(variance + EPSILON)
    moved = (nodes - mean[None, None]) * factor[None, None]
    return moved + shift[None, None], (mean, variance)
