"""The cells of TransNAS-Bench-101 as computation graphs.

Duan et al., "TransNAS-Bench-101", CVPR 2021, section 3: images of 256 x 256
pixels, a stem of two convolutions of stride 2, five modules of two cells. In a
module that halves the image, what leaves the input of its first cell has
stride 2. The head is the one of the classification of scenes.
"""

import numpy as np

from nasjax.computation.families.builder import Builder
from nasjax.computation.graph import ComputationGraph

_EDGES = ((0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3))
_NONE, _SKIP, _CONV1, _CONV3 = range(4)
_BASE, _CELLS = 64, 2
_MODULES = ((2, 2), (1, 1), (2, 2), (1, 1), (2, 2))  # widening, stride
CLASSES = 47


def build(
  codes: np.ndarray, num_classes: int = CLASSES, size: int = 256
) -> list[ComputationGraph]:
  """Builds the networks of cells `[n, 6]` with macro structure 64-41414."""
  rows = np.asarray(codes).tolist()
  return [_network(row, num_classes, size) for row in rows]


def _network(codes, num_classes: int, size: int) -> ComputationGraph:
  b = Builder(size)
  x = b.conv_norm_act(0, _BASE // 2, 3, 2)
  x = b.conv_norm(x, _BASE, 3, 2)
  for widening, stride in _MODULES:
    for cell in range(_CELLS):
      first = cell == 0
      channels = b.shape(x)[-1] * (widening if first else 1)
      x = _cell(b, x, codes, channels, stride if first else 1)
  return b.classify(x, num_classes)


def _cell(b: Builder, x: int, codes, channels: int, stride: int) -> int:
  """A node is the sum of its edges; zeros where it has none."""
  size = b.shape(x)[0] // stride
  nodes = [x]
  for target in range(1, 4):
    found = []
    for (source, end), code in zip(_EDGES, codes, strict=True):
      if end == target and code != _NONE:
        step = 1 if source else stride
        found.append(_operation(b, nodes[source], code, channels, step))
    is_empty = not found
    shape = size, size, channels
    nodes.append(b.zeros(shape) if is_empty else b.add(found))
  return nodes[3]


def _operation(b: Builder, x: int, code: int, channels: int, stride: int):
  if code != _SKIP:
    size = 3 if code == _CONV3 else 1
    return b.relu_conv_norm(x, channels, size, stride)
  if stride == 1 and b.shape(x)[-1] == channels:
    return x
  return _halve(b, x, channels, stride)


def _halve(b: Builder, x: int, channels: int, stride: int) -> int:
  """A skip connection that halves: two 1 x 1 convolutions, concatenated."""
  x = b.apply("relu", x)
  height, width, source = b.shape(x)
  even = b.conv(x, channels // 2, 1, stride)
  shifted = b.cut(x, (height - 1, width - 1, source))
  odd = b.conv(shifted, channels - channels // 2, 1, stride)
  return b.norm(b.concat([even, odd]))
