"""Networks of NAS-Bench-201 cells.

Dong and Yang, "NAS-Bench-201: Extending the Scope of Reproducible Neural
Architecture Search", ICLR 2020, section 2.1: a 3 x 3 convolution with batch
normalisation, three stages of equal cells with a residual block of stride 2
between them, batch normalisation, ReLU, global average pooling, classifier.
"""

from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp

from nasjax import operators
from nasjax.networks import layers
from nasjax.networks.skeleton import Skeleton

# Operations of the genotype's codes, and the edges source -> target.
_OPERATIONS = ("none", "skip_connect", "conv_1x1", "conv_3x3", "avg_pool_3x3")
_EDGES = ((0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3))


class Network(nn.Module):
  """The network of one cell.

  Attributes:
    genotype: six codes, as `nasjax.spaces.nb201` describes them.
    skeleton: widths and depth.
    dtype: number format of the computation.
  """

  genotype: tuple[int, ...]
  skeleton: Skeleton
  dtype: Any = jnp.float32

  @nn.compact
  def __call__(self, images: jax.Array, train: bool = False) -> jax.Array:
    """Maps images `[B, H, W, image_channels]` to logits `[B, classes]`."""
    width, stride = self.skeleton.channels, self.skeleton.stem_stride
    x = layers.Conv(width, 3, stride, dtype=self.dtype, name="stem")(images)
    x = layers.Norm(dtype=self.dtype, name="stem_norm")(x, train)
    for stage in range(3):
      if stage:
        name = f"reduction{stage}"
        x = _Reduction(width * 2**stage, self.dtype, name=name)(x, train)
      for i in range(self.skeleton.cells_per_stage):
        name = f"stage{stage}_cell{i}"
        x = _Cell(self.genotype, self.dtype, name=name)(x, train)
    x = nn.relu(layers.Norm(dtype=self.dtype, name="last_norm")(x, train))
    return layers.Classifier(self.skeleton.num_classes, name="classifier")(x)


class _Cell(nn.Module):
  """Four nodes; a node is the sum of what its incoming edges give."""

  genotype: tuple[int, ...]
  dtype: Any

  @nn.compact
  def __call__(self, x: jax.Array, train: bool) -> jax.Array:
    nodes = [x] + [jnp.zeros_like(x)] * 3
    for i, ((source, target), code) in enumerate(
      zip(_EDGES, self.genotype, strict=True)
    ):
      edge = self._edge(f"edge{i}", _OPERATIONS[code], nodes[source], train)
      if edge is not None:
        nodes[target] = nodes[target] + edge
    return nodes[-1]

  def _edge(self, name: str, operation: str, x, train: bool):
    operator = operators.operators()[operators.operator_id(operation)]
    if operator.kind == "none":
      return None
    if operator.kind == "skip":
      return x
    if operator.kind == "pool":
      return layers.average_pool_3x3(x)
    size = operator.kernel[0]
    conv = layers.ReluConvNorm(x.shape[-1], size, dtype=self.dtype, name=name)
    return conv(x, train)


class _Reduction(nn.Module):
  """A residual block of two 3 x 3 convolutions that halves the image."""

  features: int
  dtype: Any

  @nn.compact
  def __call__(self, x: jax.Array, train: bool) -> jax.Array:
    options: dict[str, Any] = {"dtype": self.dtype}
    first = layers.ReluConvNorm(self.features, 3, 2, name="first", **options)
    second = layers.ReluConvNorm(self.features, 3, name="second", **options)
    shortcut = layers.Conv(self.features, 1, name="shortcut", **options)
    residual = second(first(x, train), train)
    return shortcut(layers.halve_by_average(x)) + residual
