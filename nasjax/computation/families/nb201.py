"""NAS-Bench-201 networks as computation graphs.

The official network of Dong and Yang (2020), as `nasjax.networks.nb201` builds
it. Operations that no path uses are there too, since the network computes them
and its parameters count them.
"""

import numpy as np

from nasjax.computation.families.builder import Builder
from nasjax.computation.graph import ComputationGraph

_EDGES = ((0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3))
_NONE, _SKIP, _CONV1, _CONV3, _POOL = range(5)
_STEM, _CELLS = 16, 5


def build(
  genotypes: np.ndarray, num_classes: int = 10, size: int = 32
) -> list[ComputationGraph]:
  """Builds the networks of valid cells `[n, 6]`."""
  rows = np.asarray(genotypes).tolist()
  return [_network(row, num_classes, size) for row in rows]


def _network(codes, num_classes: int, size: int) -> ComputationGraph:
  b = Builder(size)
  x = b.conv_norm(0, _STEM, 3)
  for stage in range(3):
    if stage:
      x = reduction(b, x, _STEM << stage)
    for _ in range(_CELLS):
      x = _cell(b, x, codes)
  x = b.apply("relu", b.norm(x))
  return b.classify(x, num_classes)


def _cell(b: Builder, x: int, codes) -> int:
  """A node is the sum of its edges; zeros where all of them give zeros."""
  nodes, zeros = [x], set[int]()
  for target in range(1, 4):
    arriving = []
    for (source, end), code in zip(_EDGES, codes, strict=True):
      if end != target or code == _NONE:
        continue
      if nodes[source] not in zeros or code in (_CONV1, _CONV3):
        arriving.append(_operation(b, nodes[source], code))
    if not arriving:
      arriving = [b.zeros(b.shape(x))]
      zeros.update(arriving)
    nodes.append(b.add(arriving))
  return nodes[3]


def _operation(b: Builder, x: int, code: int) -> int:
  if code == _SKIP:
    return x
  if code == _POOL:
    return b.pool("avg_pool", x, 3)
  return b.relu_conv_norm(x, b.shape(x)[-1], 1 if code == _CONV1 else 3)


def reduction(b: Builder, x: int, channels: int) -> int:
  """A residual block that halves the image."""
  inner = b.relu_conv_norm(x, channels, 3, 2)
  inner = b.relu_conv_norm(inner, channels, 3)
  shortcut = b.conv(b.pool("avg_pool", x, 2, 2), channels, 1)
  return b.add([shortcut, inner])
