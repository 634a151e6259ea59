"""Networks of NAS-Bench-101 cells.

Ying et al., "NAS-Bench-101: Towards Reproducible Neural Architecture Search",
ICML 2019, sections 2.1 to 2.4 and the supplement's channel rule: a 3 x 3
convolution, three stacks of equal cells, the image halved by max pooling
and the channels doubled before stacks 2 and 3, global average pooling,
classifier. Convolutions are followed by batch normalisation and ReLU.
"""

from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np

from nasjax.networks import layers
from nasjax.networks.skeleton import Skeleton
from nasjax.spaces import nb101_counts
from nasjax.spaces import nb101_modelspec as modelspec

_MOMENTUM = 0.997


class Network(nn.Module):
  """The network of one cell.

  Attributes:
    genotype: 26 integers, as `nasjax.spaces.nb101` describes them.
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
    stem = _ConvNormRelu(width, 3, self.dtype, stride, name="stem")
    x = stem(images, train)
    for stage in range(3):
      if stage:
        x = layers.halve_by_maximum(x)
      for i in range(self.skeleton.cells_per_stage):
        name = f"stage{stage}_cell{i}"
        cell = _Cell(self.genotype, width * 2**stage, self.dtype, name=name)
        x = cell(x, train)
    return layers.Classifier(self.skeleton.num_classes, name="classifier")(x)


class _ConvNormRelu(nn.Module):
  features: int
  size: int
  dtype: Any
  stride: int = 1

  @nn.compact
  def __call__(self, x: jax.Array, train: bool) -> jax.Array:
    x = layers.Conv(
      self.features, self.size, self.stride, dtype=self.dtype, name="conv"
    )(x)
    norm = layers.Norm(momentum=_MOMENTUM, dtype=self.dtype, name="norm")
    return nn.relu(norm(x, train))


class _Cell(nn.Module):
  """Vertices in topological order; the output concatenates the last ones."""

  genotype: tuple[int, ...]
  features: int
  dtype: Any

  @nn.compact
  def __call__(self, x: jax.Array, train: bool) -> jax.Array:
    rows = np.array([self.genotype])
    graph = modelspec.to_matrix(rows)
    widths = nb101_counts.vertex_channels(*graph, x.shape[-1], self.features)
    adjacency, ops, channels = graph[0][0], graph[1][0], widths[0].tolist()
    output = int(np.flatnonzero(ops == modelspec.OUTPUT)[0])
    vertices = {0: x}
    for v in range(1, output):
      inputs = [
        _truncate(vertices[source], channels[v])
        for source in range(1, v)
        if adjacency[source, v]
      ]
      if adjacency[0, v]:
        inputs.append(self._project(x, channels[v], v, train))
      merged = sum(inputs[1:], inputs[0])
      vertices[v] = self._operation(ops[v], merged, v, train)
    last = [vertices[v] for v in range(1, output) if adjacency[v, output]]
    if adjacency[0, output]:
      projected = self._project(x, channels[output], output, train)
      return jnp.concatenate(last, -1) + projected if last else projected
    return jnp.concatenate(last, -1)

  def _project(self, x, features: int, vertex: int, train: bool) -> jax.Array:
    name = f"projection{vertex}"
    return _ConvNormRelu(features, 1, self.dtype, name=name)(x, train)

  def _operation(self, code, x, vertex: int, train: bool) -> jax.Array:
    if code == modelspec.MAXPOOL3X3:
      return layers.max_pool_3x3(x)
    size = {modelspec.CONV3X3: 3, modelspec.CONV1X1: 1}[int(code)]
    name = f"vertex{vertex}"
    return _ConvNormRelu(x.shape[-1], size, self.dtype, name=name)(x, train)


def _truncate(x: jax.Array, channels: int) -> jax.Array:
  """Keeps the first channels, of which there is at most one more."""
  return x[..., :channels]
