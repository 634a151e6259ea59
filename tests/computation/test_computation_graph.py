"""The type of computation graphs, and their equality."""

import dataclasses

import numpy as np
import pytest

from nasjax import computation
from nasjax.computation import equality, operators
from nasjax.computation.graph import ComputationGraph, Node
from nasjax.errors import UserError

IMAGE = Node("input", (8, 8, 3))
CONV = Node(
  "conv",
  (8, 8, 4),
  (0,),
  kernel=(3, 3),
  stride=(1, 1),
  dilation=(1, 1),
  params=108,
  macs=108 * 64,
)


def residual(order: tuple[int, ...] = (0, 1, 2, 3, 4, 5)) -> ComputationGraph:
  """Two branches of a convolution, one with a ReLU, added; nodes renamed."""
  nodes = [
    IMAGE,
    CONV,
    Node("relu", (8, 8, 4), (1,)),
    dataclasses.replace(CONV, inputs=(0,)),
    Node("add", (8, 8, 4), (2, 3)),
    Node("output", (8, 8, 4), (4,)),
  ]
  place = {old: new for new, old in enumerate(order)}
  return ComputationGraph(
    tuple(
      dataclasses.replace(
        nodes[old], inputs=tuple(place[i] for i in nodes[old].inputs)
      )
      for old in order
    )
  )


def test_totals_edges_and_counts():
  graph = residual()
  assert graph.params == 216
  assert graph.macs == 216 * 64
  expected = [[0, 1], [1, 2], [0, 3], [2, 4], [3, 4], [4, 5]]
  np.testing.assert_array_equal(graph.edges, expected)
  assert graph.edges.dtype == np.int32
  counts = {"input": 1, "output": 1, "conv": 2, "relu": 1, "add": 1}
  assert graph.counts() == counts
  assert list(graph.counts()) == list(counts)
  assert graph.unknown() == {}


def test_unknown_operators_are_counted_by_name():
  odd = [Node("other", (3,), (0,), name=name) for name in ("Foo", "Foo", "Bar")]
  graph = ComputationGraph((Node("input", (3,)), *odd))
  assert graph.unknown() == {"Foo": 2, "Bar": 1}


def test_a_graph_without_edges():
  assert ComputationGraph((IMAGE,)).edges.shape == (0, 2)


@pytest.mark.parametrize("inputs", [(1,), (2,), (-1,), (0, 1)])
def test_inputs_are_earlier_nodes(inputs):
  with pytest.raises(UserError, match="node 1: expected inputs"):
    ComputationGraph((IMAGE, Node("relu", (8, 8, 3), inputs)))


def test_operators_are_known():
  with pytest.raises(UserError, match="operator of node 0 'Conv'"):
    ComputationGraph((Node("Conv", (3,)),))


def test_no_operator_is_named_twice():
  assert len(set(operators.OPERATORS)) == len(operators.OPERATORS)
  assert operators.OPERATORS[operators.CODES["conv"]] == "conv"


@pytest.mark.parametrize(
  ("groups", "channels_in", "channels_out", "expected"),
  [
    (1, 3, 8, "conv"),
    (1, 1, 1, "conv"),
    (8, 8, 8, "depthwise_conv"),
    (8, 8, 16, "depthwise_conv"),
    (4, 8, 8, "grouped_conv"),
  ],
)
def test_kinds_of_convolutions(groups, channels_in, channels_out, expected):
  found = operators.convolution(groups, channels_in, channels_out)
  assert found == expected


def test_the_numbering_does_not_count():
  other = residual((0, 3, 1, 2, 4, 5))
  assert residual() != other
  assert computation.same(residual(), other)
  assert computation.fingerprint(residual()) == computation.fingerprint(other)


def test_the_order_of_inputs_does_not_count_but_their_number_does():
  def summed(inputs):
    return ComputationGraph((IMAGE, CONV, Node("add", (8, 8, 4), inputs)))

  twice = ComputationGraph((IMAGE, CONV, Node("add", (8, 8, 4), (1, 1))))
  assert computation.same(summed((0, 1)), summed((1, 0)))
  assert not computation.same(summed((0, 1)), twice)


def test_a_change_of_one_node_is_named():
  nodes = list(residual().nodes)
  nodes[2] = dataclasses.replace(nodes[2], operator="relu6")
  other = ComputationGraph(tuple(nodes))
  assert not computation.same(residual(), other)
  assert "'relu6'" in computation.difference(residual(), other)
  assert computation.fingerprint(residual()) != computation.fingerprint(other)


def test_a_change_of_one_edge_is_named():
  nodes = list(residual().nodes)
  nodes[4] = dataclasses.replace(nodes[4], inputs=(2, 1))
  other = ComputationGraph(tuple(nodes))
  assert not computation.same(residual(), other)
  found = computation.difference(residual(), other)
  assert found.startswith("equal nodes, other edges at add")
  assert computation.fingerprint(residual()) != computation.fingerprint(other)


def chains(*lengths):
  """Chains that all begin at one input."""
  nodes = [Node("input", (3,))]
  for length in lengths:
    last = 0
    for _ in range(length):
      nodes.append(Node("relu", (3,), (last,)))
      last = len(nodes) - 1
  return ComputationGraph(tuple(nodes))


def test_chains_of_other_lengths_are_told_apart_far_from_their_ends():
  assert computation.same(chains(10, 30), chains(30, 10))
  assert not computation.same(chains(10, 30), chains(20, 20))
  first, other = map(computation.fingerprint, (chains(10, 30), chains(20, 20)))
  assert first != other
  assert first == computation.fingerprint(chains(30, 10))


def test_rounds_do_not_grow_with_the_length_of_a_chain(monkeypatch):
  rounds = []
  signatures = equality._signatures

  def counted(*words):
    rounds.append(1)
    return signatures(*words)

  monkeypatch.setattr(equality, "_signatures", counted)
  assert computation.same(chains(2000), chains(2000))
  found = computation.difference(chains(900, 900), chains(899, 901))
  assert found == "equal nodes, other edges at input, relu"
  assert len(computation.fingerprint(chains(2000))) == 32
  assert 3 <= len(rounds) < 10


def test_sizes_beyond_64_bits_are_refused():
  vast = Node("conv", (8, 8, 4), (0,), macs=2**62)
  ComputationGraph((IMAGE, vast))
  with pytest.raises(UserError, match="fewer than 2\\^63 parameters") as raised:
    ComputationGraph((IMAGE, vast, vast), "vast")
  assert "network 'vast'" in str(raised.value)
