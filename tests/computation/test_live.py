"""The part of a graph between inputs and outputs."""

from nasjax import computation
from nasjax.computation.graph import ComputationGraph, Node


def test_dead_operators_go_and_constants_leave_their_parameters():
  found = computation.live(
    ComputationGraph(
      (
        Node("input", (4, 4, 2)),
        Node("constant", (4, 4, 2)),
        Node("conv", (4, 4, 2), (1,), params=4, macs=64),
        Node("batch_norm", (4, 4, 2), (2,), params=3),
        Node("relu", (4, 4, 2), (0,)),
        Node("add", (4, 4, 2), (4, 3)),
        Node("conv", (4, 4, 2), (4,), params=5),
        Node("mul", (4, 4, 2), (5, 3)),
        Node("output", (4, 4, 2), (7,)),
      ),
      "name",
    )
  )
  assert found.name == "name"
  assert [node.operator for node in found.nodes] == [
    "input", "relu", "add", "mul", "output",
  ]  # fmt: skip
  assert [node.inputs for node in found.nodes] == [(), (0,), (1,), (2,), (3,)]
  assert [node.params for node in found.nodes] == [0, 0, 7, 0, 0]
  assert found.macs == 0


def test_an_output_without_an_input():
  found = computation.live(
    ComputationGraph(
      (
        Node("input", (4,)),
        Node("constant", (4,), params=4),
        Node("linear", (2,), (1,), params=8),
        Node("output", (2,), (2,)),
      )
    )
  )
  assert found.nodes == (
    Node("input", (4,)),
    Node("constant", (2,), params=12),
    Node("output", (2,), (1,)),
  )


def test_a_live_graph_is_as_it_was():
  graph = ComputationGraph(
    (Node("input", (4,)), Node("relu", (4,), (0,)), Node("output", (4,), (1,)))
  )
  assert computation.live(graph) == graph
