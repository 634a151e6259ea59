"""DARTS networks as computation graphs.

The network of Liu et al. (2019) for CIFAR-10 as it is trained from scratch
(C = 36, 20 cells, no auxiliary head), as `nasjax.networks.darts` builds it.
Operations that no path uses are there too; `none` adds nothing.
"""

import numpy as np

from nasjax.computation.families.builder import Builder
from nasjax.computation.graph import ComputationGraph
from nasjax.spaces import darts

_CODES = {name: code for code, name in enumerate(darts.OP_NAMES)}
_NONE, _SKIP = _CODES["none"], _CODES["skip_connect"]
_POOLS = {
  _CODES["max_pool_3x3"]: "max_pool",
  _CODES["avg_pool_3x3"]: "avg_pool",
}
# Kernel, dilation, repeats.
_CONVS = {
  _CODES["sep_conv_3x3"]: (3, 1, 2),
  _CODES["sep_conv_5x5"]: (5, 1, 2),
  _CODES["dil_conv_3x3"]: (3, 2, 1),
  _CODES["dil_conv_5x5"]: (5, 2, 1),
}


def build(
  genotypes: np.ndarray,
  num_classes: int = 10,
  size: int = 32,
  channels: int = 36,
  cells_per_stage: int = 6,
) -> list[ComputationGraph]:
  """Builds the networks of valid pairs of cells `[n, 32]`.

  Args:
    genotypes: as `nasjax.spaces.darts` describes them.
    num_classes: width of the classifier.
    size: height and width of the image.
    channels: C, the width of the first cells.
    cells_per_stage: normal cells in each of three stages.
  """
  pairs = np.reshape(genotypes, (-1, 2, 8, 2)).tolist()
  sizes = channels, cells_per_stage
  return [_network(pair, num_classes, size, *sizes) for pair in pairs]


def _network(pair, num_classes, size, width, stage) -> ComputationGraph:
  b = Builder(size)
  before = previous = b.conv_norm(0, 3 * width, 3)
  reduced = False
  for i in range(3 * stage + 2):
    reduces = i in (stage, 2 * stage + 1)
    width *= 2 if reduces else 1
    first = (
      _halve(b, before, width)
      if reduced
      else b.relu_conv_norm(before, width, 1)
    )
    states = [first, b.relu_conv_norm(previous, width, 1)]
    cell = _cell(b, states, pair[int(reduces)], reduces)
    before, previous, reduced = previous, cell, reduces
  return b.classify(previous, num_classes)


def _cell(b: Builder, states: list[int], edges, reduces: bool) -> int:
  """Four nodes of two operations each, concatenated."""
  height, width, channels = b.shape(states[0])
  if reduces:
    height, width = -(-height // 2), -(-width // 2)
  for node in range(4):
    found = []
    for source, code in edges[2 * node : 2 * node + 2]:
      stride = 2 if reduces and source < 2 else 1
      if code != _NONE:
        found.append(_operation(b, states[source], code, stride))
    zeros = (height, width, channels)
    states.append(b.add(found) if found else b.zeros(zeros))
  return b.concat(states[2:])


def _operation(b: Builder, x: int, code: int, stride: int) -> int:
  channels = b.shape(x)[-1]
  if code == _SKIP:
    return x if stride == 1 else _halve(b, x, channels)
  if code in _POOLS:
    return b.pool(_POOLS[code], x, 3, stride)
  size, dilation, repeats = _CONVS[code]
  for i in range(repeats):
    step = 1 if i else stride
    x = b.depthwise(b.apply("relu", x), size, step, dilation)
    x = b.conv_norm(x, channels, 1)
  return x


def _halve(b: Builder, x: int, channels: int) -> int:
  """Two 1 x 1 convolutions of stride 2, the second one pixel further."""
  x = b.apply("relu", x)
  height, width, source = b.shape(x)
  even = b.conv(x, channels // 2, 1, 2)
  shifted = b.cut(x, (height - 1, width - 1, source))
  odd = b.conv(shifted, channels - channels // 2, 1, 2)
  return b.norm(b.concat([even, odd]))
