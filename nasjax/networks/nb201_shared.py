"""One program for the networks of all NAS-Bench-201 cells.

The genotype is an argument here, not a constant: a program is compiled once
and trains any cell. Every edge has the parameters of both convolutions; the
unused ones get no gradient. For a given cell the function is that of
`nasjax.networks.nb201.Network`.

Images are turned to `[C, H, W, B]` inside, where the last axis fills the
vector registers of a CPU even if there are few channels.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp
from jax import lax

from nasjax.networks.skeleton import Skeleton

_EDGES = ((0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3))
_MOMENTUM, _EPSILON = 0.9, 1e-5


class _Statistics(NamedTuple):
  """Scale, offset and running statistics of a normalisation, `[C]` each."""

  scale: jax.Array
  bias: jax.Array
  mean: jax.Array
  variance: jax.Array


class SharedNetwork(nn.Module):
  """The network of any cell.

  Attributes:
    skeleton: widths and depth.
    dtype: number format of the computation.
  """

  skeleton: Skeleton
  dtype: Any = jnp.float32

  @nn.compact
  def __call__(
    self, images: jax.Array, genotype: jax.Array, train: bool = False
  ) -> jax.Array:
    """Maps images `[B, H, W, C]` and codes `[6]` to logits `[B, classes]`."""
    width, stride = self.skeleton.channels, self.skeleton.stem_stride
    x = jnp.transpose(images, (3, 1, 2, 0)).astype(self.dtype)
    kernel = _Kernel(width, 3, name="stem")(len(x)).astype(self.dtype)
    x = _Norm(width, train, name="stem_norm")(
      lambda norm: _normalise(_convolve(x, kernel, stride), norm, train)
    )
    for stage in range(3):
      if stage:
        width, name = 2 * width, f"reduction{stage}"
        x = _Reduction(width, train, self.dtype, name=name)(x)
      for i in range(self.skeleton.cells_per_stage):
        name = f"stage{stage}_cell{i}"
        x = _Cell(train, self.dtype, name=name)(x, genotype)
    x = _Norm(width, train, name="last_norm")(
      lambda norm: _normalise(x, norm, train)
    )
    pooled = nn.relu(x).astype(jnp.float32).mean((1, 2)).T
    return nn.Dense(self.skeleton.num_classes, name="classifier")(pooled)


class _Kernel(nn.Module):
  """The kernel of a convolution, `[size, size, channels, features]`."""

  features: int
  size: int

  @nn.compact
  def __call__(self, channels: int) -> jax.Array:
    shape = (self.size, self.size, channels, self.features)
    return self.param("kernel", nn.initializers.he_normal(), shape)


class _Norm(nn.Module):
  """Gives statistics to a function and keeps those that it returns."""

  features: int
  train: bool

  @nn.compact
  def __call__(self, function: Callable) -> jax.Array:
    shape = (self.features,)
    mean = self.variable("batch_stats", "mean", jnp.zeros, shape)
    variance = self.variable("batch_stats", "var", jnp.ones, shape)
    norm = _Statistics(
      self.param("scale", nn.initializers.ones, shape),
      self.param("bias", nn.initializers.zeros, shape),
      mean.value,
      variance.value,
    )
    x, new_mean, new_variance = function(norm)
    if self.train and not self.is_initializing():
      mean.value = _MOMENTUM * norm.mean + (1 - _MOMENTUM) * new_mean
      old = _MOMENTUM * norm.variance
      variance.value = old + (1 - _MOMENTUM) * new_variance
    return x


class _Cell(nn.Module):
  train: bool
  dtype: Any

  @nn.compact
  def __call__(self, x: jax.Array, genotype: jax.Array) -> jax.Array:
    nodes = [x] + [jnp.zeros_like(x)] * 3
    for i, (source, target) in enumerate(_EDGES):
      edge = _Edge(self.train, self.dtype, name=f"edge{i}")
      nodes[target] = nodes[target] + edge(nodes[source], genotype[i])
    return nodes[-1]


class _Edge(nn.Module):
  """One of the five operations, chosen while the program runs."""

  train: bool
  dtype: Any

  @nn.compact
  def __call__(self, x: jax.Array, code: jax.Array) -> jax.Array:
    width = len(x)
    small = _Kernel(width, 1, name="conv_1x1")(width).astype(self.dtype)
    large = _Kernel(width, 3, name="conv_3x3")(width).astype(self.dtype)

    @jax.checkpoint
    def choose(x, small, large, norm: _Statistics):
      old = norm.mean, norm.variance
      branches = (
        lambda x: (jnp.zeros_like(x), *old),
        lambda x: (x, *old),
        lambda x: _relu_conv_norm(x, small, norm, self.train),
        lambda x: _relu_conv_norm(x, large, norm, self.train),
        lambda x: (_average_pool(x), *old),
      )
      return lax.switch(code, branches, x)

    norm = _Norm(width, self.train, name="norm")
    if self.is_initializing():
      return norm(lambda norm: (x, norm.mean, norm.variance))
    return norm(lambda norm: choose(x, small, large, norm))


class _Reduction(nn.Module):
  features: int
  train: bool
  dtype: Any

  @nn.compact
  def __call__(self, x: jax.Array) -> jax.Array:
    residual = self._block("first", x, 2)
    residual = self._block("second", residual, 1)
    channels, height, width, batch = x.shape
    x = x.reshape(channels, height // 2, 2, width // 2, 2, batch).mean((2, 4))
    kernel = _Kernel(self.features, 1, name="shortcut")(channels)
    return _convolve(x, kernel.astype(self.dtype)) + residual

  def _block(self, name: str, x: jax.Array, stride: int) -> jax.Array:
    kernel = _Kernel(self.features, 3, name=name)(len(x)).astype(self.dtype)

    @jax.checkpoint
    def block(x, kernel, norm: _Statistics):
      return _relu_conv_norm(x, kernel, norm, self.train, stride)

    norm = _Norm(self.features, self.train, name=f"{name}_norm")
    return norm(lambda norm: block(x, kernel, norm))


def _taps(x: jax.Array, size: int, stride: int = 1) -> list[jax.Array]:
  """Cuts out of `[C, H, W, B]` what each tap of a kernel sees."""
  _, height, width, _ = x.shape
  sides = (size // 2, size // 2)
  x = jnp.pad(x, ((0, 0), sides, sides, (0, 0)))
  return [
    x[:, i : i + height : stride, j : j + width : stride]
    for i in range(size)
    for j in range(size)
  ]


def _convolve(x: jax.Array, kernel: jax.Array, stride: int = 1) -> jax.Array:
  """Convolves `[C, H, W, B]` by one matrix product."""
  taps = _taps(x, len(kernel), stride)
  patches = jnp.concatenate(taps)
  flat = kernel.reshape(-1, kernel.shape[-1]).T @ patches.reshape(
    len(patches), -1
  )
  return flat.reshape(-1, *taps[0].shape[1:])


def _average_pool(x: jax.Array) -> jax.Array:
  ones = jnp.ones((1, *x.shape[1:3], 1), x.dtype)
  total = sum(_taps(x, 3), jnp.zeros((1, 1, 1, 1), x.dtype))
  return total / sum(_taps(ones, 3), jnp.zeros((1, 1, 1, 1), x.dtype))


def _normalise(x: jax.Array, norm: _Statistics, train: bool):
  """Batch normalisation; returns the result, the mean and the variance."""
  mean, variance = norm.mean, norm.variance
  wide = x.astype(jnp.float32)
  if train:
    mean = wide.mean((1, 2, 3))
    variance = (wide**2).mean((1, 2, 3)) - mean**2
  factor = norm.scale * lax.rsqrt(variance + _EPSILON)
  offset = norm.bias - mean * factor
  wide = wide * factor[:, None, None, None] + offset[:, None, None, None]
  return wide.astype(x.dtype), mean, variance


def _relu_conv_norm(
  x: jax.Array, kernel: jax.Array, norm: _Statistics, train: bool, stride=1
):
  return _normalise(_convolve(nn.relu(x), kernel, stride), norm, train)
