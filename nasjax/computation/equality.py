"""Whether two computation graphs are one up to the numbering of their nodes.

Colours of nodes are refined by those of their neighbours until no class splits
(Weisfeiler and Lehman, 1968, one dimension). Networks that this cannot tell
apart differ in symmetric parts alone.
"""

import collections
import hashlib
from collections.abc import Callable, Hashable, Iterable

from nasjax.computation.graph import ComputationGraph, Node


def label(node: Node) -> tuple[Hashable, ...]:
  """What a node is, without its place: everything but inputs, bias and name."""
  return (
    node.operator,
    node.shape,
    node.kernel,
    node.stride,
    node.dilation,
    node.groups,
    node.params,
    node.macs,
  )


def same(first: ComputationGraph, second: ComputationGraph) -> bool:
  """Returns whether two graphs are equal up to the numbering of their nodes.

  The order of the inputs of a node does not count, their number does.
  """
  return not difference(first, second)


def difference(first: ComputationGraph, second: ComputationGraph) -> str:
  """Returns in words how two graphs differ; empty if they do not."""
  one, two = (
    collections.Counter(map(label, graph.nodes)) for graph in (first, second)
  )
  if one != two:
    missing, added = one - two, two - one
    return (
      f"only the first has {dict(missing)}; only the second has {dict(added)}"
    )
  middle = len(first.nodes)
  colours = _refined(first, second)
  if sorted(colours[:middle]) == sorted(colours[middle:]):
    return ""
  apart = collections.Counter(colours[:middle])
  apart.subtract(colours[middle:])
  nodes = first.nodes + second.nodes
  odd = {nodes[i].operator for i, c in enumerate(colours) if apart[c]}
  return f"equal nodes, other edges at {', '.join(sorted(odd))}"


def fingerprint(graph: ComputationGraph) -> str:
  """Returns a digest that is equal for graphs that are the same.

  Returns:
    32 hexadecimal digits, which do not depend on the process.
  """
  edges = _neighbours(graph)
  colours = _swept(
    [_digest(repr(label(node))) for node in graph.nodes],
    edges,
    lambda signature: _digest("|".join(map(str, signature))),
  )
  classes = 0
  while len(set(colours)) > classes:
    classes = len(set(colours))
    colours = [
      _digest("|".join(map(str, signature)))
      for signature in _signatures(colours, edges)
    ]
  return _digest(",".join(sorted(colours)))


def _digest(text: str) -> str:
  return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def _neighbours(
  *graphs: ComputationGraph,
) -> list[tuple[list[int], list[int]]]:
  """The nodes that each node of all graphs reads, and those that read it."""
  found: list[tuple[list[int], list[int]]] = []
  for graph in graphs:
    start = len(found)
    found += [([], []) for _ in graph.nodes]
    for source, target in graph.edges.tolist():
      found[start + target][0].append(start + source)
      found[start + source][1].append(start + target)
  return found


def _swept(
  colours: list, neighbours, name: Callable[[tuple], Hashable]
) -> list:
  """Colours by all that is before each node, and by all that is behind it.

  One pass along the edges and one against them. They split no class that
  refinement keeps, which alone takes as many rounds as a chain is long.
  """
  along, against = list(colours), list(colours)
  for place, (before, _) in enumerate(neighbours):
    known = sorted(along[i] for i in before)
    along[place] = name((colours[place], *known))
  for place in reversed(range(len(neighbours))):
    known = sorted(against[i] for i in neighbours[place][1])
    against[place] = name((colours[place], *known))
  return [name(both) for both in zip(along, against, strict=True)]


def _signatures(colours: list, neighbours) -> Iterable[tuple]:
  """Own colour of each node, those before it, and those behind it."""
  for colour, (before, behind) in zip(colours, neighbours, strict=True):
    yield (
      colour,
      tuple(sorted(colours[i] for i in before)),
      tuple(sorted(colours[i] for i in behind)),
    )


def _numbered(signatures: Iterable[Hashable]) -> list[int]:
  numbers: dict[Hashable, int] = {}
  return [numbers.setdefault(each, len(numbers)) for each in signatures]


def _refined(*graphs: ComputationGraph) -> list[int]:
  """Colours of the nodes of all graphs, comparable between them."""
  neighbours = _neighbours(*graphs)
  numbers: dict[Hashable, int] = {}
  colours = _swept(
    _numbered(label(node) for each in graphs for node in each.nodes),
    neighbours,
    lambda signature: numbers.setdefault(signature, len(numbers)),
  )
  classes = 0
  while len(set(colours)) > classes:
    classes = len(set(colours))
    colours = _numbered(_signatures(colours, neighbours))
  return colours
