"""Layers of the networks that proxies look at, as functions of arrays.

Images are `[C, H, W, B]`: the last axis fills the vector registers of a CPU
even where there are few channels. Kernels are matrices `[taps * C, F]`, those
of depthwise convolutions `[taps * C, 1]`.

Dimensions: `C` channels, `H`, `W` size, `B` images, `F` output channels.
"""

import functools
from collections.abc import Callable

import jax
import jax.numpy as jnp
from jax import lax

EPSILON = 1e-5
"""What batch normalisation adds to a variance."""


def taps(
  x: jax.Array,
  kernel: tuple[int, int],
  stride: int = 1,
  dilation: int = 1,
  padding: float = 0.0,
) -> list[jax.Array]:
  """Cuts out of `[C, H, W, B]` what each tap of a kernel sees.

  Args:
    x: images.
    kernel: height and width of the kernel.
    stride: stride.
    dilation: distance of taps.
    padding: value of pixels outside; with stride 1 the size is kept.
  """
  if kernel == (1, 1) and stride == 1:
    return [x]
  _, height, width, _ = x.shape
  sides = [(0, 0)]
  for size in kernel:
    reach = dilation * (size - 1)
    sides.append((reach // 2, reach - reach // 2))
  x = jnp.pad(x, [*sides, (0, 0)], constant_values=padding)
  return [
    x[:, i : i + height : stride, j : j + width : stride]
    for i in range(0, dilation * kernel[0], dilation)
    for j in range(0, dilation * kernel[1], dilation)
  ]


def convolve(
  x: jax.Array,
  weights: jax.Array,
  kernel: tuple[int, int],
  stride: int = 1,
  dilation: int = 1,
) -> jax.Array:
  """Convolves `[C, H, W, B]` to `[F, H, W, B]`: one matrix product."""
  seen = taps(x, kernel, stride, dilation)
  patches = jnp.concatenate(seen) if len(seen) > 1 else seen[0]
  flat = weights.T @ patches.reshape(len(patches), -1)
  return flat.reshape(-1, *seen[0].shape[1:])


def convolve_channels(
  x: jax.Array, weights: jax.Array, kernel: tuple[int, int], dilation: int = 1
) -> jax.Array:
  """Convolves each channel of `[C, H, W, B]` by itself."""
  seen = taps(x, kernel, dilation=dilation)
  own = weights.reshape(len(seen), len(x), 1, 1, 1)
  products = (tap * own[i] for i, tap in enumerate(seen))
  return functools.reduce(jnp.add, products)


def max_pool(x: jax.Array, kernel: tuple[int, int]) -> jax.Array:
  """Takes the maximum of windows with stride 1."""
  return functools.reduce(jnp.maximum, taps(x, kernel, padding=-jnp.inf))


def average_pool(x: jax.Array, kernel: tuple[int, int]) -> jax.Array:
  """Averages windows with stride 1; padding does not count."""
  counts = taps(jnp.ones((1, *x.shape[1:3], 1)), kernel)
  total = functools.reduce(jnp.add, taps(x, kernel))
  return total / functools.reduce(jnp.add, counts)


def halve(x: jax.Array) -> jax.Array:
  """Averages 2 x 2 windows with stride 2."""
  channels, height, width, batch = x.shape
  x = x.reshape(channels, height // 2, 2, width // 2, 2, batch)
  return x.mean((2, 4))


def normalise(x: jax.Array) -> tuple[jax.Array, jax.Array]:
  """Batch normalisation without scale and offset.

  Returns:
    `[C, H, W, B]` of mean 0 and variance 1 of each channel, and the variances
    before, `[C]`.
  """
  mean = x.mean((1, 2, 3))
  variance = jnp.maximum((x * x).mean((1, 2, 3)) - mean * mean, 0)
  factor = lax.rsqrt(variance + EPSILON)
  offset = mean * factor
  return x * factor[:, None, None, None] - offset[:, None, None, None], variance


Observe = Callable[[jax.Array], jax.Array]
"""What is summed over all ReLUs: a function of their input `[C, H, W, B]`."""
