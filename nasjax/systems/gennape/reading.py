"""What the graph encoder reads of a network: condensed graphs as arrays.

A normalisation or an activation that reads one node is no node of its own: it
leaves a mark on what it reads. So graphs have half as many nodes.

Dimensions: `N` nodes, `F` features, `E` edges.
"""

import math
from typing import NamedTuple

import numpy as np

from nasjax.computation.graph import ComputationGraph
from nasjax.computation.operators import (
  ACTIVATIONS,
  NORMALISATIONS,
  OPERATORS,
)

_MARKS = frozenset((*ACTIVATIONS, *NORMALISATIONS))
_GATES = frozenset(("sigmoid", "hard_sigmoid", "softmax", "tanh"))
_KERNELS = (3, 5, 7)
_KEPT = tuple(name for name in OPERATORS if name not in _MARKS)
_PLACE = {name: place for place, name in enumerate(_KEPT)}
_EXTRA = (
  *("size", "channels", "channels in", "kernel 1", "kernel 3", "kernel 5"),
  *("kernel 7", "kernel", "stride", "dilation", "bias", "params", "macs"),
  *("norms", "activations", "gates"),
)
NAMES = (*_KEPT, *_EXTRA)
"""Names of the `F` features of a node."""


class Reading(NamedTuple):
  """A condensed graph.

  Attributes:
    features: `[N, F]` float32.
    edges: pairs `(from, to)`, `[E, 2]` int32.
  """

  features: np.ndarray
  edges: np.ndarray


def read(graph: ComputationGraph) -> Reading:
  """Reads a computation graph of at least one node."""
  nodes = graph.nodes
  place: list[int] = []
  rows: list[np.ndarray] = []
  edges: list[tuple[int, int]] = []
  for node in nodes:
    if node.operator in _MARKS and len(node.inputs) == 1:
      place.append(place[node.inputs[0]])
      rows[place[-1]][-3:] += _mark(node.operator)
      continue
    place.append(len(rows))
    edges += [(place[source], place[-1]) for source in node.inputs]
    source = nodes[node.inputs[0]].shape if node.inputs else node.shape
    rows.append(_features(node, source))
  pairs = np.asarray(edges, np.int32).reshape(-1, 2)
  return Reading(np.stack(rows).astype(np.float32), pairs)


def _mark(operator: str) -> np.ndarray:
  is_norm = operator in NORMALISATIONS
  is_gate = operator in _GATES
  return np.array([is_norm, not is_norm and not is_gate, is_gate], float) / 2


def _features(node, source: tuple[int, ...]) -> np.ndarray:
  found = np.zeros(len(NAMES))
  if node.operator in _PLACE:
    found[_PLACE[node.operator]] = 1
  size = math.prod(max(each, 1) for each in node.shape[:-1])
  channels = max(node.shape[-1], 1) if node.shape else 1
  before = max(source[-1], 1) if source else 1
  kernel = max(node.kernel, default=0)
  found[len(_KEPT) : -3] = (
    math.log2(size) / 8,
    math.log2(channels) / 4 - 1.5,
    math.log2(before) / 4 - 1.5,
    kernel == 1,
    *(kernel == each for each in _KERNELS),
    kernel / 4,
    max(node.stride, default=1) - 1,
    max(node.dilation, default=1) - 1,
    node.bias,
    math.log2(1 + node.params) / 8 - 1,
    math.log2(1 + node.macs) / 8 - 2,
  )
  return found


def spectrum(reading: Reading, number: int) -> np.ndarray:
  """Largest eigenvalues of the normalised Laplacian, descending.

  Of the graph without directions. Graphs with fewer nodes are filled up with
  zeros.

  Args:
    reading: a graph.
    number: of eigenvalues.

  Returns:
    `[number]` float32, from 0 to 2.
  """
  size = len(reading.features)
  joined = np.zeros((size, size))
  senders, receivers = reading.edges.T
  joined[senders, receivers] = joined[receivers, senders] = 1
  degrees = joined.sum(axis=1)
  scale = np.where(degrees > 0, 1 / np.sqrt(np.maximum(degrees, 1)), 0)
  laplacian = np.diag(degrees > 0) - scale[:, None] * joined * scale
  values = np.linalg.eigvalsh(laplacian)[::-1][:number]
  return np.pad(values, (0, number - len(values))).astype(np.float32)
