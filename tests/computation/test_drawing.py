"""Pictures of computation graphs: boxes, repetitions, well-formed SVG."""

import dataclasses
import re
from xml.etree import ElementTree

import pytest

from nasjax.computation import drawing
from nasjax.computation.drawing import blocks, svg
from nasjax.computation.drawing.units import units_of
from nasjax.computation.graph import ComputationGraph, Node
from nasjax.errors import UserError

WINDOW = {"kernel": (3, 3), "stride": (1, 1), "dilation": (1, 1)}


def network(widths: list[int]) -> ComputationGraph:
  """A stem, then a residual block of each width, then a classifier."""
  nodes = [Node("input", (8, 8, 3))]

  def add(operator, width, *inputs, **fields):
    nodes.append(Node(operator, (8, 8, width), inputs, **fields))
    return len(nodes) - 1

  last = add("conv", widths[0], 0, params=7, **WINDOW)
  for width in widths:
    inner = add("conv", width, last, **WINDOW)
    inner = add("batch_norm", width, inner)
    inner = add("relu", width, inner)
    last = add("add", width, last, inner)
  nodes.append(Node("linear", (10,), (last,)))
  nodes.append(Node("output", (10,), (len(nodes) - 1,)))
  return ComputationGraph(tuple(nodes), "mine")


def texts(graph: ComputationGraph) -> list[str]:
  """Texts of a picture, which has to be well-formed."""
  root = ElementTree.fromstring(drawing.draw(graph))
  assert root.tag.endswith("svg")
  names = {each.tag.rpartition("}")[2] for each in root.iter()}
  assert names <= {"svg", "style", "rect", "text", "g", "title", "path"}
  found = [each for each in root.iter() if each.tag.endswith("}text")]
  return [each.text or "" for each in found]


def test_a_layer_is_one_box_with_what_follows_it_alone():
  units = units_of(network([4]))
  assert [each.text for each in units] == [
    "input", "conv 3\u00d73", "conv 3\u00d73 · BN · relu", "add", "linear",
    "output",
  ]  # fmt: skip
  assert [each.inputs for each in units] == [
    (), (0,), (1,), (1, 2), (3,), (4,),
  ]  # fmt: skip


def test_a_layer_that_two_nodes_read_is_its_own_box():
  nodes = (
    Node("input", (4,)),
    Node("linear", (4,), (0,)),
    Node("relu", (4,), (1,)),
    Node("add", (4,), (1, 2)),
  )
  units = units_of(ComputationGraph(nodes))
  assert [each.text for each in units] == ["input", "linear", "relu", "add"]


@pytest.mark.parametrize(
  ("widths", "times", "note"),
  [
    ([4] * 5, 5, "\u00d7 5"),
    ([4, 4, 8, 8], 4, "\u00d7 4, to 8 \u00d7 8 \u00d7 8"),
    ([4], 1, ""),
  ],
)
def test_blocks_that_follow_themselves_are_drawn_once(widths, times, note):
  graph = network(widths)
  parts = blocks.parts_of(units_of(graph))
  assert max(part.times for part in parts) == times
  shown = texts(graph)
  assert shown.count("add") == 1
  assert [text for text in shown if text.startswith("\u00d7")] == [note] * bool(
    note
  )
  assert shown[0].startswith("mine: 7 parameters")


def test_a_pattern_of_two_blocks_that_repeats():
  kinds = [0, *[1, 1, 2] * 3, 3]
  assert blocks._repetition(kinds, 1) == (3, 3)
  assert blocks._repetition([1, 2, 2, 1, 2, 2], 0) == (1, 1)
  assert blocks._repetition([1, 2, 1, 2], 0) == (2, 2)
  assert blocks._repetition([1, 2, 3], 0) == (1, 1)


def test_names_of_others_are_escaped():
  nodes = (
    Node("input", (4,)),
    Node("other", (), (0,), name="<script>&\"'"),
  )
  text = drawing.draw(ComputationGraph(nodes, "<b>"))
  assert "<script>" not in text
  assert "&lt;script&gt;&amp;" in text
  assert "<script>&\"'" in texts(ComputationGraph(nodes))


def test_too_many_boxes(monkeypatch):
  monkeypatch.setattr(svg, "MOST", 3)
  with pytest.raises(UserError, match="at most 3 boxes in a picture, got 6"):
    drawing.draw(network([4]))


def test_no_line_crosses_a_box():
  """The edge around a block has its corners beside the boxes between."""
  graph = network([4])
  text = drawing.draw(graph)
  around = [path for path in re.findall(r'd="(M.*?)"', text) if "L" in path]
  assert len(around) == 1
  x = float(re.search(r"L(-?\d+)", around[0]).group(1))
  widths = [float(w) for w in re.findall(r'rx="5" width="(\d+)"', text)]
  assert x > max(widths) / 2


def test_an_unknown_extent_is_a_question_mark():
  graph = network([4])
  nodes = (dataclasses.replace(graph.nodes[0], shape=(0, 0, 3)),)
  assert "? \u00d7 ? \u00d7 3" in texts(ComputationGraph(nodes))


def test_control_characters_are_no_xml():
  nodes = (Node("input", (3,)), Node("other", (3,), (0,), name="a\x1b\x01\n"))
  assert "a???" in texts(ComputationGraph(nodes, "b\x07"))


def test_a_network_without_nodes():
  assert texts(ComputationGraph(()))[0].startswith("network: 0 parameters")
