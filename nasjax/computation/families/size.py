"""The size space of NATS-Bench as computation graphs.

Dong et al., "NATS-Bench: Benchmarking NAS Algorithms for Architecture Topology
and Size", TPAMI 2021, section 3.2: one NAS-Bench-201 cell, one a stage, whose
stages and reduction blocks have channels of their own. Where a cell changes
the channels, its skip connection is a 1 x 1 convolution.
"""

import numpy as np

from nasjax.computation.families import nb201
from nasjax.computation.families.builder import Builder
from nasjax.computation.graph import ComputationGraph


def build(
  channels: np.ndarray, num_classes: int = 10, size: int = 32
) -> list[ComputationGraph]:
  """Builds networks of channels `[n, 5]`: three cells, two blocks between."""
  rows = np.asarray(channels).tolist()
  return [_network(row, num_classes, size) for row in rows]


def _network(row, num_classes: int, size: int) -> ComputationGraph:
  b = Builder(size)
  x = b.conv_norm(0, row[0], 3)
  for place, channels in enumerate(row):
    is_block = place in (1, 3)
    x = (nb201.reduction if is_block else _cell)(b, x, channels)
  return b.classify(b.apply("relu", b.norm(x)), num_classes)


def _cell(b: Builder, x: int, channels: int) -> int:
  first = b.relu_conv_norm(x, channels, 3)
  second = b.add(
    [b.relu_conv_norm(x, channels, 3), b.relu_conv_norm(first, channels, 3)]
  )
  skip = x if b.shape(x)[-1] == channels else b.conv_norm(x, channels, 1)
  others = [b.relu_conv_norm(each, channels, 3) for each in (first, second)]
  return b.add([skip, *others])
