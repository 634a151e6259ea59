"""Reads a network, prints its graph and draws it."""

import dataclasses
import json
import sys
from collections.abc import Sequence
from typing import Any

from nasjax import files
from nasjax.commands.graph_options import GraphOptions
from nasjax.computation import onnx
from nasjax.computation.drawing import draw
from nasjax.computation.graph import ComputationGraph, Node
from nasjax.computation.notes import notes_of


def run(options: GraphOptions) -> None:
  """Reads, prints and draws.

  Raises:
    UserError: the file cannot be read, or the drawing not be written.
  """
  reading = onnx.read(options.model, options.shape or None)
  graph = reading.graph
  for note in notes_of(graph):
    print(f"note: {note}", file=sys.stderr)
  if options.json:
    stored = {"statistics": reading.statistics, "others": reading.others}
    print(json.dumps(_report(graph) | stored, indent=2))
  else:
    _show(graph, options.nodes)
    print(
      f"the file holds {reading.statistics:,} running statistics and "
      f"{reading.others:,} other numbers beside"
    )
  if options.svg:
    text = draw(graph).encode()
    files.write_atomic(options.svg, lambda file: file.write(text))


def _report(graph: ComputationGraph) -> dict[str, Any]:
  return {
    "name": graph.name,
    "params": graph.params,
    "macs": graph.macs,
    "counts": graph.counts(),
    "unknown": graph.unknown(),
    "nodes": [dataclasses.asdict(node) for node in graph.nodes],
  }


def _show(graph: ComputationGraph, every_node: bool) -> None:
  rows = _nodes(graph) if every_node else _operators(graph)
  widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
  text = 2 if every_node else 1  # columns of words stand to the left
  for row in rows:
    cells = [
      cell.rjust(width) if text <= place < text + 3 else cell.ljust(width)
      for place, (cell, width) in enumerate(zip(row, widths, strict=True))
    ]
    print("  ".join(cells).rstrip())


def _operators(graph: ComputationGraph) -> list[Sequence[str]]:
  """A row for each operator, and their sum."""
  rows: list[Sequence[str]] = [
    ("operator", "nodes", "parameters", "multiply-adds")
  ]
  for operator, count in graph.counts().items():
    nodes = [node for node in graph.nodes if node.operator == operator]
    rows.append((operator, *_numbers(count, nodes)))
  rows.append(("all", *_numbers(len(graph.nodes), graph.nodes)))
  return rows


def _numbers(count: int, nodes: Sequence[Node]) -> tuple[str, str, str]:
  params = sum(node.params for node in nodes)
  macs = sum(node.macs for node in nodes)
  return f"{count:,}", f"{params:,}", f"{macs:,}"


def _nodes(graph: ComputationGraph) -> list[Sequence[str]]:
  """A row for each node."""
  rows: list[Sequence[str]] = [
    (
      "node",
      "operator",
      "parameters",
      "multiply-adds",
      "kernel",
      "shape",
      "reads",
    )
  ]
  for index, node in enumerate(graph.nodes):
    rows.append(
      (
        str(index),
        node.name or node.operator,
        f"{node.params:,}",
        f"{node.macs:,}",
        "x".join(map(str, node.kernel)),
        "x".join(str(extent or "?") for extent in node.shape),
        " ".join(map(str, node.inputs)),
      )
    )
  return rows
