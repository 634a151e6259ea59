"""Networks of DARTS cell pairs.

Liu, Simonyan and Yang, "DARTS: Differentiable Architecture Search", ICLR
2019, section 3.1: the network for CIFAR-10 that is trained from scratch,
without its auxiliary head. See `nasjax.spaces.darts_counts` for the parts.
"""

from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np

from nasjax import operators
from nasjax.networks import layers
from nasjax.networks.skeleton import Skeleton
from nasjax.spaces import darts

_STEM_MULTIPLIER = 3


class Network(nn.Module):
  """The network of one pair of cells.

  A skeleton with n cells a stage gives 3 n + 2 layers, the reduction cells at
  1/3 and 2/3 of them.

  Attributes:
    genotype: 32 integers, as `nasjax.spaces.darts` describes them.
    skeleton: widths and depth.
    dtype: number format of the computation.
    drop_path: chance with which an operation of a cell is left out for an
      image in training; needs the random stream `drop_path`.
  """

  genotype: tuple[int, ...]
  skeleton: Skeleton
  dtype: Any = jnp.float32
  drop_path: float = 0.0

  @nn.compact
  def __call__(self, images: jax.Array, train: bool = False) -> jax.Array:
    """Maps images `[B, H, W, image_channels]` to logits `[B, classes]`."""
    normal, reduction = np.reshape(self.genotype, (2, 8, 2)).tolist()
    width, stage = self.skeleton.channels, self.skeleton.cells_per_stage
    stem = layers.Conv(
      _STEM_MULTIPLIER * width,
      3,
      self.skeleton.stem_stride,
      dtype=self.dtype,
      name="stem",
    )
    x = layers.Norm(dtype=self.dtype, name="stem_norm")(stem(images), train)
    before, previous, reduced = x, x, False
    for i in range(3 * stage + 2):
      reduces = i in (stage, 2 * stage + 1)
      width = 2 * width if reduces else width
      cell = _Cell(
        _edges(reduction if reduces else normal),
        width,
        reduces,
        reduced,
        self.drop_path,
        self.dtype,
        name=f"cell{i}",
      )
      before, previous = previous, cell(before, previous, train)
      reduced = reduces
    classifier = layers.Classifier(self.skeleton.num_classes, name="classifier")
    return classifier(previous)


def _edges(rows) -> tuple[tuple[int, int], ...]:
  return tuple((source, code) for source, code in rows)


class _Cell(nn.Module):
  """Two inputs, four nodes of two operations each, concatenated."""

  edges: tuple[tuple[int, int], ...]
  features: int
  reduces: bool
  after_reduction: bool
  drop_path: float
  dtype: Any

  @nn.compact
  def __call__(self, before, previous, train: bool) -> jax.Array:
    options: dict[str, Any] = {"dtype": self.dtype}
    if self.after_reduction:
      first = _HalveByConvs(self.features, name="input0", **options)
    else:
      first = layers.ReluConvNorm(self.features, 1, name="input0", **options)
    second = layers.ReluConvNorm(self.features, 1, name="input1", **options)
    states = [first(before, train), second(previous, train)]
    for node in range(4):
      pair = [self._edge(2 * node + k, states, train) for k in range(2)]
      states.append(pair[0] + pair[1])
    return jnp.concatenate(states[2:], -1)

  def _edge(self, edge: int, states, train: bool) -> jax.Array:
    source, code = self.edges[edge]
    stride = 2 if self.reduces and source < 2 else 1
    operation = _Operation(
      darts.OP_NAMES[code], stride, self.dtype, name=f"edge{edge}"
    )
    x = operation(states[source], train)
    is_identity = darts.OP_NAMES[code] == "skip_connect" and stride == 1
    if not train or not self.drop_path or is_identity:
      return x
    kept = 1 - self.drop_path
    shape = (len(x), 1, 1, 1)
    mask = jax.random.bernoulli(self.make_rng("drop_path"), kept, shape)
    return x * mask.astype(x.dtype) / kept


class _Operation(nn.Module):
  """One of the eight operations."""

  operation: str
  stride: int
  dtype: Any

  @nn.compact
  def __call__(self, x: jax.Array, train: bool) -> jax.Array:
    operator = operators.operators()[operators.operator_id(self.operation)]
    if operator.kind == "none":
      return jnp.zeros_like(x[:, :: self.stride, :: self.stride])
    if operator.kind == "skip":
      if self.stride == 1:
        return x
      return _HalveByConvs(x.shape[-1], self.dtype, name="halve")(x, train)
    if operator.kind == "pool":
      pools = {"max": layers.max_pool_3x3, "avg": layers.average_pool_3x3}
      return pools[operator.pool](x, self.stride)
    for i in range(operator.repeats):
      stride = 1 if i else self.stride
      x = self._separable(x, operator, stride, i, train)
    return x

  def _separable(self, x, operator, stride: int, i: int, train: bool):
    depthwise = layers.Conv(
      x.shape[-1],
      operator.kernel[0],
      stride,
      operator.dilation,
      depthwise=True,
      dtype=self.dtype,
      name=f"depthwise{i}",
    )
    pointwise = layers.Conv(
      x.shape[-1], 1, dtype=self.dtype, name=f"pointwise{i}"
    )
    norm = layers.Norm(dtype=self.dtype, name=f"norm{i}")
    return norm(pointwise(depthwise(nn.relu(x))), train)


class _HalveByConvs(nn.Module):
  """Two 1 x 1 convolutions of stride 2, the second one pixel further."""

  features: int
  dtype: Any

  @nn.compact
  def __call__(self, x: jax.Array, train: bool) -> jax.Array:
    x = nn.relu(x)
    half = self.features // 2
    options: dict[str, Any] = {"dtype": self.dtype}
    even = layers.Conv(half, 1, 2, name="even", **options)
    odd = layers.Conv(self.features - half, 1, 2, name="odd", **options)
    joined = jnp.concatenate([even(x), odd(x[:, 1:, 1:])], -1)
    return layers.Norm(name="norm", **options)(joined, train)
