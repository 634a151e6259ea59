"""The part of a graph that lies between its inputs and its outputs."""

import dataclasses

from nasjax.computation.graph import ComputationGraph, Node


def live(graph: ComputationGraph) -> ComputationGraph:
  """Returns a graph without operators that no input or no output reaches.

  What depends on no input goes, and its parameters to the first operator that
  reads it; an output that depends on none reads a `constant`. Inputs and
  outputs stay. Graphs from `from_jax` are live.
  """
  reached = _reached(graph)
  wanted = _wanted(graph)
  nodes: list[Node] = []
  places: dict[int, int] = {}
  counted: set[int] = set()
  for index, node in enumerate(graph.nodes):
    ends = node.operator in ("input", "output")
    if not ends and not (reached[index] and index in wanted):
      continue
    still = [each for each in node.inputs if not reached[each]]
    params = _absorbed(graph, still, counted)
    inputs = tuple(places[each] for each in node.inputs if reached[each])
    if node.operator == "output" and not inputs:
      nodes.append(Node("constant", node.shape, params=params))
      inputs, params = (len(nodes) - 1,), 0
    places[index] = len(nodes)
    nodes.append(
      dataclasses.replace(node, inputs=inputs, params=node.params + params)
    )
  return ComputationGraph(tuple(nodes), graph.name)


def _reached(graph: ComputationGraph) -> list[bool]:
  """Whether each node depends on an input."""
  found: list[bool] = []
  for node in graph.nodes:
    below = any(found[each] for each in node.inputs)
    found.append(node.operator == "input" or below)
  return found


def _wanted(graph: ComputationGraph) -> set[int]:
  """Nodes that an output depends on."""
  found: set[int] = set()
  for index in reversed(range(len(graph.nodes))):
    node = graph.nodes[index]
    if node.operator == "output" or index in found:
      found.update(node.inputs)
  return found


def _absorbed(
  graph: ComputationGraph, still: list[int], counted: set[int]
) -> int:
  """Parameters of constant nodes and of those before, each counted once."""
  total, pending = 0, list(still)
  while pending:
    index = pending.pop()
    if index not in counted:
      counted.add(index)
      total += graph.nodes[index].params
      pending += graph.nodes[index].inputs
  return total
