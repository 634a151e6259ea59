"""The graph of a network while its operators are read."""

import collections
import dataclasses
from collections.abc import Mapping, Set

import numpy as np

from nasjax.computation.graph import ComputationGraph, Node
from nasjax.computation.onnx.tensors import Tensor


@dataclasses.dataclass(slots=True)
class Draft:
  """A node that may still change.

  Attributes:
    operator: as `Node.operator`.
    tensor: what it makes, `node` included.
    shape: as `Node.shape`.
    inputs: numbers of the drafts that it reads.
    source: ONNX name of the operator that made it.
    constant: the constant that the operator joined, if it joined one.
    weights: arrays of the file that are its parameters.
    statistics: arrays that are running statistics of a normalisation.
    functions: what it is as a function of one number of an earlier draft, by
      the number of that draft; values at `activations.POINTS`.
    uses: how many operators read it, or return it.
  """

  operator: str
  tensor: Tensor
  shape: tuple[int, ...]
  inputs: tuple[int, ...] = ()
  source: str = ""
  constant: Tensor | None = None
  weights: tuple[str, ...] = ()
  statistics: tuple[str, ...] = ()
  kernel: tuple[int, ...] = ()
  stride: tuple[int, ...] = ()
  dilation: tuple[int, ...] = ()
  groups: int = 1
  bias: bool = False
  macs: int = 0
  name: str = ""
  functions: dict[int, np.ndarray] = dataclasses.field(default_factory=dict)
  uses: int = 0


@dataclasses.dataclass(frozen=True)
class Reading:
  """A network that was read.

  Attributes:
    graph: its graph.
    statistics: numbers of the file that are running statistics.
    others: floating-point numbers of the file that are neither parameters of
      a node nor statistics: single numbers, and what no output needs.
  """

  graph: ComputationGraph
  statistics: int
  others: int


def finished(
  drafts: list[Draft], sizes: Mapping[str, int], floats: Set[str], name: str
) -> Reading:
  """Makes the graph of the drafts that outputs need, and of all inputs.

  An array of the file that several nodes read counts for the first of them.

  Args:
    drafts: nodes, each behind those that it reads.
    sizes: numbers of each array of the file.
    floats: arrays of the file with floating-point numbers.
    name: name of the network.
  """
  live = _live(drafts)
  places: dict[int, int] = {}
  nodes: list[Node] = []
  left = dict(sizes)
  kinds: collections.Counter[str] = collections.Counter()
  for number in live:
    draft = drafts[number]
    params = sum(left.pop(root, 0) for root in draft.weights)
    kinds["statistics"] += sum(left.pop(root, 0) for root in draft.statistics)
    places[number] = len(nodes)
    nodes.append(
      Node(
        draft.operator,
        draft.shape,
        tuple(places[each] for each in draft.inputs),
        draft.kernel,
        draft.stride,
        draft.dilation,
        draft.groups,
        draft.bias,
        params,
        draft.macs,
        draft.name,
      )
    )
  graph = ComputationGraph(tuple(nodes), name)
  others = sum(size for root, size in left.items() if root in floats)
  return Reading(graph, kinds["statistics"], others)


def _live(drafts: list[Draft]) -> list[int]:
  """Numbers of the drafts that outputs need, and of all inputs, in order."""
  needed = {
    i for i, d in enumerate(drafts) if d.operator in ("input", "output")
  }
  for number in range(len(drafts) - 1, -1, -1):
    if number in needed:
      needed.update(drafts[number].inputs)
  return sorted(needed)
