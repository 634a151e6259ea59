"""The nodes of a computation graph as arrays.

Dimensions: `N` nodes.
"""

import dataclasses
import math

import numpy as np

from nasjax.computation import along_paths
from nasjax.computation.graph import ComputationGraph
from nasjax.computation.operators import (
  ACTIVATIONS,
  CODES,
  NORMALISATIONS,
)

_CONVS = ("conv", "depthwise_conv", "grouped_conv", "transposed_conv")

_LOCAL_POOLS = ("max_pool", "avg_pool")
_GLOBAL_POOLS = ("global_avg_pool", "global_max_pool")


def _codes(*names: str) -> np.ndarray:
  """Which operators are meant, by code."""
  found = np.zeros(len(CODES), bool)
  found[[CODES[name] for name in names]] = True
  return found


_IS = {
  "conv": _codes(*_CONVS, "linear", "matmul"),
  "kernel": _codes(*_CONVS),
  "depthwise": _codes("depthwise_conv"),
  "grouped": _codes("grouped_conv"),
  "pool": _codes(*_LOCAL_POOLS),
  "max_pool": _codes("max_pool"),
  "avg_pool": _codes("avg_pool"),
  "global": _codes(*_GLOBAL_POOLS),
  "add": _codes("add", "sub"),
  "concat": _codes("concat"),
  "activation": _codes(*ACTIVATIONS),
  "norm": _codes(*NORMALISATIONS),
  "mul": _codes("mul"),
}


@dataclasses.dataclass(frozen=True, eq=False)
class NodeArrays:
  """Nodes in the order of the graph.

  Attributes:
    inputs: the earlier nodes that each node reads.
    live: on a path from an input to the output, `[N]` bool.
    codes: operators, `[N]`.
    size: places of the output, its height times its width, `[N]`.
    channels: of the output, `[N]`.
    kernel: the longest side of the kernel, 1 where there is none, `[N]`.
    stride: the largest step, `[N]`.
    dilation: the largest one, `[N]`.
    params: `[N]` float64.
    macs: `[N]` float64.
    image: places of the largest input.
  """

  inputs: list[tuple[int, ...]]
  live: np.ndarray
  codes: np.ndarray
  size: np.ndarray
  channels: np.ndarray
  kernel: np.ndarray
  stride: np.ndarray
  dilation: np.ndarray
  params: np.ndarray
  macs: np.ndarray
  image: float

  def where(self, kind: str) -> np.ndarray:
    """Live nodes of a kind: a key of the table above, `[N]` bool."""
    return self.live & _IS[kind][self.codes]


def of_graph(graph: ComputationGraph) -> NodeArrays:
  """Turns nodes into arrays; an unknown extent counts as 1."""
  nodes = graph.nodes
  inputs = [node.inputs for node in nodes]
  starts = [v for v, node in enumerate(nodes) if node.operator == "input"]
  live = along_paths.live(inputs, starts) if nodes else np.zeros(0, dtype=bool)
  columns = np.array(
    [
      (
        CODES[node.operator],
        math.prod(max(each, 1) for each in node.shape[:-1]),
        max(node.shape[-1], 1) if node.shape else 1,
        max(node.kernel, default=1),
        max(node.stride, default=1),
        max(node.dilation, default=1),
        node.params,
        node.macs,
      )
      for node in nodes
    ],
    np.float64,
  ).reshape(-1, 8)
  codes, size, channels, kernel, stride, dilation, params, macs = columns.T
  image = max((size[v] for v in starts), default=1.0)
  return NodeArrays(
    inputs,
    live,
    codes.astype(int),
    size,
    channels,
    kernel,
    stride,
    dilation,
    params,
    macs,
    float(max(image, 1.0)),
  )
