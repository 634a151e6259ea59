"""What a picture shows as one box: a layer with what follows it alone."""

import dataclasses

from nasjax.computation.graph import ComputationGraph, Node
from nasjax.computation.operators import ACTIVATIONS, LAYERS, NORMALISATIONS

TIMES = "\N{MULTIPLICATION SIGN}"
_SHORT = {
  "batch_norm": "BN",
  "layer_norm": "LN",
  "group_norm": "GN",
  "instance_norm": "IN",
  "depthwise_conv": "depthwise",
  "transposed_conv": "transposed conv",
  "global_avg_pool": "global average pool",
  "global_max_pool": "global max pool",
  "avg_pool": "average pool",
  "max_pool": "max pool",
}


@dataclasses.dataclass(frozen=True)
class Unit:
  """One box of a picture.

  Attributes:
    nodes: the nodes in it, each read by the next one alone.
    inputs: earlier units that it reads, by their number.
  """

  nodes: tuple[Node, ...]
  inputs: tuple[int, ...]

  @property
  def kind(self) -> tuple:
    """What is equal for units that do the same at other widths."""
    return tuple(
      (n.operator, n.kernel, n.stride, n.dilation, n.groups > 1, n.name)
      for n in self.nodes
    )

  @property
  def text(self) -> str:
    """Its operators, in words."""
    return " · ".join(map(_words, self.nodes))

  @property
  def shape(self) -> str:
    """Shape of what it makes; `?` for an unknown extent."""
    extents = [str(extent or "?") for extent in self.nodes[-1].shape]
    return f" {TIMES} ".join(extents) or "?"


def _words(node: Node) -> str:
  name = node.name if node.operator == "other" else ""
  words = [name or _SHORT.get(node.operator, node.operator.replace("_", " "))]
  if node.kernel:
    words.append(TIMES.join(map(str, node.kernel)))
  if max(node.stride, default=1) > 1:
    words.append("/ " + TIMES.join(map(str, dict.fromkeys(node.stride))))
  if max(node.dilation, default=1) > 1:
    words.append(
      "dilated " + TIMES.join(map(str, dict.fromkeys(node.dilation)))
    )
  return " ".join(words)


def units_of(graph: ComputationGraph) -> list[Unit]:
  """Joins layers, normalisations and activations that follow each other.

  Returns:
    Units, each behind those that it reads.
  """
  uses = [0] * len(graph.nodes)
  for node in graph.nodes:
    for source in node.inputs:
      uses[source] += 1
  place: dict[int, int] = {}
  members: list[list[int]] = []
  for index, node in enumerate(graph.nodes):
    before = node.inputs[0] if len(node.inputs) == 1 else -1
    alone = before >= 0 and uses[before] == 1
    if alone and _follows(graph.nodes[before], node):
      place[index] = place[before]
      members[place[index]].append(index)
    else:
      place[index] = len(members)
      members.append([index])
  return [
    Unit(
      tuple(graph.nodes[index] for index in group),
      tuple(place[source] for source in graph.nodes[group[0]].inputs),
    )
    for group in members
  ]


def _follows(first: Node, second: Node) -> bool:
  """Whether two nodes are one box."""
  if second.operator in NORMALISATIONS:
    return first.operator in LAYERS
  if second.operator in ACTIVATIONS:
    return first.operator in (*LAYERS, *NORMALISATIONS, "add")
  return False
