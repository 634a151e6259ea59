"""NAS-Bench-101 networks as computation graphs.

The official network of Ying et al. (2019), as `nasjax.networks.nb101` builds
it.
"""

import numpy as np

from nasjax.computation.families.builder import Builder
from nasjax.computation.graph import ComputationGraph
from nasjax.spaces import nb101_counts
from nasjax.spaces import nb101_modelspec as modelspec

_CELLS = 3


def build(
  genotypes: np.ndarray, num_classes: int = 10, size: int = 32
) -> list[ComputationGraph]:
  """Builds the networks of valid cells `[n, 26]`."""
  adjacency, ops = modelspec.to_matrix(np.asarray(genotypes))
  widths = {}
  for source, target in ((1, 1), (1, 2), (2, 2), (2, 4), (4, 4)):
    base = nb101_counts.STEM_CHANNELS
    pair = source * base, target * base
    widths[pair] = nb101_counts.vertex_channels(adjacency, ops, *pair).tolist()
  edges, codes = adjacency.tolist(), ops.tolist()
  return [
    _network(
      edges[i],
      codes[i],
      {pair: rows[i] for pair, rows in widths.items()},
      num_classes,
      size,
    )
    for i in range(len(codes))
  ]


def _network(edges, codes, widths, num_classes, size) -> ComputationGraph:
  b = Builder(size)
  channels = nb101_counts.STEM_CHANNELS
  x = b.conv_norm_act(0, channels, 3)
  output = codes.index(modelspec.OUTPUT)
  for stage in range(3):
    if stage:
      x = b.pool("max_pool", x, 2, 2)
    for _ in range(_CELLS):
      pair = b.shape(x)[-1], channels << stage
      x = _cell(b, x, edges, codes, widths[pair], output)
  return b.classify(x, num_classes)


def _cell(b: Builder, x: int, edges, codes, widths, output: int) -> int:
  """One cell; the vertices that feed the output are concatenated."""
  found = {}
  for v in range(1, output):
    inputs = []
    for source in range(1, v):
      if edges[source][v]:
        node = found[source]
        inputs.append(b.cut(node, (*b.shape(node)[:-1], widths[v])))
    if edges[0][v]:
      inputs.append(b.conv_norm_act(x, widths[v], 1))
    merged = b.add(inputs)
    if codes[v] == modelspec.MAXPOOL3X3:
      found[v] = b.pool("max_pool", merged, 3)
    else:
      size = 3 if codes[v] == modelspec.CONV3X3 else 1
      found[v] = b.conv_norm_act(merged, widths[v], size)
  last = [found[v] for v in range(1, output) if edges[v][output]]
  joined = [b.concat(last)] if last else []
  if edges[0][output]:
    joined.append(b.conv_norm_act(x, widths[output], 1))
  return b.add(joined)
