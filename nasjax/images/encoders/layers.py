"""Convolutions of frozen networks: batch norms are folded into the weights.

Dimensions: `n` images, `H x W` pixels, `C` channels in, `F` channels out. A
layer is a pair: weight `[h, w, C, F]` (or `[h, w, 1, C]` where depthwise) and
bias `[F]`.
"""

from collections.abc import Mapping

import jax
import jax.numpy as jnp
import numpy as np

from nasjax import errors

Array = np.ndarray | jax.Array
Layer = tuple[Array, Array]
Params = Mapping[str, Layer]
State = Mapping[str, np.ndarray]


def fold_norm(state: State, conv: str, norm: str, epsilon: float) -> Layer:
  """Returns a convolution that includes the batch norm behind it.

  Args:
    state: names to arrays, as torch stores them; weights `[F, C, h, w]`.
    conv: name of the convolution, which has no bias.
    norm: name of the batch norm.
    epsilon: epsilon of the norm.

  Raises:
    UserError: an array is missing or of a wrong shape.
  """
  weight = fetch(state, f"{conv}.weight", 4)
  scale, shift, mean, variance = (
    fetch(state, f"{norm}.{name}", 1)
    for name in ("weight", "bias", "running_mean", "running_var")
  )
  if not len(weight) == len(scale) == len(shift) == len(mean) == len(variance):
    raise errors.UserError(
      f"weights {conv!r} and {norm!r}: expected the same number of channels, "
      f"got {len(weight)} and {len(scale)}; give the file of this network"
    )
  factor = scale / np.sqrt(variance + epsilon)
  kernel = (weight * factor[:, None, None, None]).transpose(2, 3, 1, 0)
  return kernel.astype(np.float32), (shift - mean * factor).astype(np.float32)


def fetch(state: State, name: str, num_axes: int) -> np.ndarray:
  """Returns an array of a file of weights.

  Raises:
    UserError: it is missing, or has another number of axes.
  """
  array = state.get(name)
  if array is None or array.ndim != num_axes:
    got = "none" if array is None else f"shape {array.shape}"
    raise errors.UserError(
      f"weights {name!r}: expected an array of {num_axes} axes, got {got}; "
      "give the file of this network"
    )
  return array


def convolve(
  inputs: jax.Array,
  layer: Layer,
  stride: int = 1,
  padding: str | int = "SAME",
) -> jax.Array:
  """Convolves `[n, H, W, C]` to `[n, H', W', F]`, in full float32.

  Args:
    inputs: images.
    layer: weight and bias.
    stride: stride of both axes.
    padding: `SAME` or `VALID` as in TensorFlow, or a number of rows on all
      sides as in torch.
  """
  pads = padding if isinstance(padding, str) else [(padding, padding)] * 2
  result = jax.lax.conv_general_dilated(
    inputs,
    jnp.asarray(layer[0]),
    (stride, stride),
    pads,
    dimension_numbers=("NHWC", "HWIO", "NHWC"),
    precision=jax.lax.Precision.HIGHEST,
  )
  return result + layer[1][None, None, None]


def convolve_depthwise(
  inputs: jax.Array, layer: Layer, stride: int = 1
) -> jax.Array:
  """Convolves every channel by itself, with `SAME` padding.

  A sum over shifted images, since grouped convolutions of XLA are some twenty
  times slower on a CPU.
  """
  weight, bias = layer
  size = weight.shape[0]
  length = -(-inputs.shape[1] // stride)
  total = max((length - 1) * stride + size - inputs.shape[1], 0)
  pad = (total // 2, total - total // 2)
  padded = jnp.pad(inputs, ((0, 0), pad, pad, (0, 0)))
  reach = (length - 1) * stride + 1
  result = jnp.zeros((), inputs.dtype)
  for row in range(size):
    for column in range(size):
      rows = slice(row, row + reach, stride)
      columns = slice(column, column + reach, stride)
      tap = weight[row, column, 0][None, None, None]
      result = result + padded[:, rows, columns] * tap
  return result + bias[None, None, None]


def max_pool(
  inputs: jax.Array, window: int, stride: int, padding: int = 0
) -> jax.Array:
  """Largest value of each window, `[n, H', W', C]`."""
  pads = [(0, 0), (padding, padding), (padding, padding), (0, 0)]
  return jax.lax.reduce_window(
    inputs,
    -jnp.inf,
    jax.lax.max,
    (1, window, window, 1),
    (1, stride, stride, 1),
    pads,
  )


def linear(inputs: jax.Array, layer: Layer) -> jax.Array:
  """`x W + b` in full float32, `[n, C]` to `[n, F]`."""
  product = jnp.matmul(inputs, layer[0], precision=jax.lax.Precision.HIGHEST)
  return product + layer[1][None]
