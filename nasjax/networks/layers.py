"""Layers that the networks of all spaces are made of; images are NHWC.

Dimensions: `B` images, `H`, `W` their size, `C` channels.
"""

import contextlib
import contextvars
import functools
from collections.abc import Iterator
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.experimental import xla_metadata

_DIMENSIONS = ("NHWC", "HWIO", "NHWC")
_single = contextvars.ContextVar("single_primitives", default=False)


@contextlib.contextmanager
def single_primitives() -> Iterator[None]:
  """Lets what is traced inside make each convolution and pool one primitive.

  Networks that train on a CPU spread some of them over several, which are
  faster there. The functions are the same up to rounding. What `jax.jit` traced
  outside is traced again: metadata belongs to the key of its cache.
  """
  token = _single.set(True)
  try:
    with xla_metadata.set_xla_metadata(primitives="single"):
      yield
  finally:
    _single.reset(token)


class Conv(nn.Module):
  """A convolution without bias, padded so that stride 1 keeps the size.

  Attributes:
    features: output channels; those of the input where it is depthwise.
    size: height and width of the kernel, odd.
    stride: 1 or 2.
    dilation: distance of the kernel's taps.
    depthwise: one group per channel.
    dtype: number format of the computation; parameters are float32.
  """

  features: int
  size: int
  stride: int = 1
  dilation: int = 1
  depthwise: bool = False
  dtype: Any = jnp.float32

  @nn.compact
  def __call__(self, x: jax.Array) -> jax.Array:
    """Maps `[B, H, W, C]` to `[B, H / stride, W / stride, features]`."""
    fan = 1 if self.depthwise else x.shape[-1]
    shape = (self.size, self.size, fan, self.features)
    kernel = self.param("kernel", _he_normal, shape)
    if self.is_initializing():
      height, width = (-(-n // self.stride) for n in x.shape[1:3])
      return jnp.zeros((len(x), height, width, self.features), self.dtype)
    convolve = _convolve
    if jax.default_backend() == "cpu" and not _single.get():
      convolve = _shift_depthwise if self.depthwise else _multiply_patches
    x, kernel = x.astype(self.dtype), kernel.astype(self.dtype)
    return convolve(x, kernel, self.stride, self.dilation)


@functools.partial(jax.jit, static_argnums=1)
def _he_normal(key: jax.Array, shape: tuple[int, ...]) -> jax.Array:
  return nn.initializers.he_normal()(key, shape)


def _convolve(x, kernel, stride: int, dilation: int) -> jax.Array:
  padding = dilation * (kernel.shape[0] - 1) // 2
  return lax.conv_general_dilated(
    x,
    kernel,
    (stride, stride),
    [(padding, padding)] * 2,
    rhs_dilation=(dilation, dilation),
    dimension_numbers=_DIMENSIONS,
    feature_group_count=x.shape[-1] // kernel.shape[2],
  )


def _taps(x, size: int, stride: int, dilation: int) -> list[jax.Array]:
  """Cuts out what each tap of a kernel sees, row by row of the kernel."""
  height, width = x.shape[1:3]
  padding = dilation * (size - 1) // 2
  x = jnp.pad(x, ((0, 0), (padding,) * 2, (padding,) * 2, (0, 0)))
  starts = [dilation * i for i in range(size)]
  return [
    x[:, i : i + height : stride, j : j + width : stride]
    for i in starts
    for j in starts
  ]


def _multiply_patches(x, kernel, stride: int, dilation: int) -> jax.Array:
  """A convolution as one matrix product: XLA's own is slow in CPU loops."""
  patches = jnp.concatenate(_taps(x, len(kernel), stride, dilation), -1)
  return patches @ kernel.reshape(-1, kernel.shape[-1])


def _shift_depthwise(x, kernel, stride: int, dilation: int) -> jax.Array:
  weights = kernel.reshape(-1, kernel.shape[-1])
  taps = _taps(x, len(kernel), stride, dilation)
  return sum(
    (
      tap * weight[None, None, None]
      for tap, weight in zip(taps, weights, strict=True)
    ),
    jnp.zeros((1, 1, 1, 1), x.dtype),
  )


class Norm(nn.Module):
  """Batch normalisation with scale and offset.

  Attributes:
    momentum: weight of the old running statistics.
    dtype: number format of the result; statistics are float32.
  """

  momentum: float = 0.9
  dtype: Any = jnp.float32

  @nn.compact
  def __call__(self, x: jax.Array, train: bool) -> jax.Array:
    """Normalises `[B, H, W, C]` over all but the channels."""
    shape = x.shape[-1:]
    scale = self.param("scale", nn.initializers.ones, shape)
    bias = self.param("bias", nn.initializers.zeros, shape)
    mean = self.variable("batch_stats", "mean", jnp.zeros, shape)
    variance = self.variable("batch_stats", "var", jnp.ones, shape)
    if self.is_initializing():
      return x
    wide = x.astype(jnp.float32)
    centre, spread = mean.value, variance.value
    if train:
      centre = wide.mean((0, 1, 2))
      spread = jnp.maximum((wide**2).mean((0, 1, 2)) - centre**2, 0)
      for kept, new in ((mean, centre), (variance, spread)):
        kept.value = self.momentum * kept.value + (1 - self.momentum) * new
    factor = scale * lax.rsqrt(spread + 1e-5)
    offset = bias - centre * factor
    wide = wide * factor[None, None, None] + offset[None, None, None]
    return wide.astype(self.dtype)


class ReluConvNorm(nn.Module):
  """ReLU, convolution, batch normalisation; fields as those of `Conv`."""

  features: int
  size: int
  stride: int = 1
  dtype: Any = jnp.float32

  @nn.compact
  def __call__(self, x: jax.Array, train: bool) -> jax.Array:
    """Maps `[B, H, W, C]` to `[B, H / stride, W / stride, features]`."""
    conv = Conv(self.features, self.size, self.stride, dtype=self.dtype)
    return Norm(dtype=self.dtype)(conv(nn.relu(x)), train)


def average_pool_3x3(x: jax.Array, stride: int = 1) -> jax.Array:
  """Averages 3 x 3 windows of `[B, H, W, C]`; padding does not count."""
  if _single.get():
    return _average_window(x, stride)
  for axis in (1, 2):
    size = x.shape[axis]
    padded = jnp.pad(x, [(int(axis == i),) * 2 for i in range(4)])
    taps = [
      lax.slice_in_dim(padded, i, i + size, stride, axis) for i in range(3)
    ]
    place = np.arange(0, size, stride)
    count = 3.0 - (place == 0) - (place == size - 1)
    shape = [len(place) if axis == i else 1 for i in range(4)]
    x = (taps[0] + taps[1] + taps[2]) / count.reshape(shape).astype(x.dtype)
  return x


def _average_window(x: jax.Array, stride: int) -> jax.Array:
  """The same in the primitive that exporters know, where it has one."""
  if stride == 1:
    return nn.avg_pool(
      x, window_shape=(3, 3), padding="SAME", count_include_pad=False
    )
  ones = jnp.ones((1, *x.shape[1:3], 1), x.dtype)
  sides = ((0, 0), (1, 1), (1, 1), (0, 0))
  total, count = (
    lax.reduce_window(
      each, 0.0, lax.add, (1, 3, 3, 1), (1, stride, stride, 1), sides
    )
    for each in (x, ones)
  )
  return total / count


def max_pool_3x3(x: jax.Array, stride: int = 1) -> jax.Array:
  """Takes the maximum of 3 x 3 windows of `[B, H, W, C]`."""
  low = jnp.finfo(x.dtype).min
  x = jnp.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)), constant_values=low)
  return nn.max_pool(x, window_shape=(3, 3), strides=(stride, stride))


def halve_by_average(x: jax.Array) -> jax.Array:
  """Averages 2 x 2 windows of `[B, H, W, C]`."""
  if _single.get():
    return nn.avg_pool(x, window_shape=(2, 2), strides=(2, 2))
  batch, height, width, channels = x.shape
  x = x.reshape(batch, height // 2, 2, width // 2, 2, channels)
  return x.mean((2, 4))


def halve_by_maximum(x: jax.Array) -> jax.Array:
  """Takes the maximum of 2 x 2 windows of `[B, H, W, C]`."""
  return nn.max_pool(x, window_shape=(2, 2), strides=(2, 2))


class Classifier(nn.Module):
  """Global average pooling and one dense layer.

  Attributes:
    num_classes: width of the result.
  """

  num_classes: int

  @nn.compact
  def __call__(self, x: jax.Array) -> jax.Array:
    """Maps `[B, H, W, C]` to float32 logits `[B, num_classes]`."""
    pooled = x.astype(jnp.float32).mean((1, 2))
    return nn.Dense(self.num_classes, name="dense")(pooled)
