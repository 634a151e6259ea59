"""Measures of networks, worked by hand on small graphs."""

import numpy as np
import pytest

from nasjax.computation import ComputationGraph, Node, along_paths, measures
from nasjax.computation.families import nb201
from nasjax.computation.families.builder import Builder

# 0 -> 1 -> 3 -> 4 and 0 -> 2 -> 3, 0 -> 3; node 5 is dead.
INPUTS = [(), (0,), (0,), (1, 2, 0), (3,)]


def value(graph, name):
  return float(measures.of_graphs([graph])[0, measures.NAMES.index(name)])


def test_sums_along_paths_by_hand():
  weights = np.array([[0.0], [3.0], [1.0], [0.0], [10.0]])
  live = along_paths.live(INPUTS, [0])
  assert live.all()
  found = along_paths.measure(INPUTS, live, weights)
  assert found.most[0] == 13
  assert found.least[0] == 10
  assert found.mean[0] == pytest.approx(10 + 4 / 3)
  assert found.spread[0] == pytest.approx(np.std([3, 1, 0]))
  # Each of the three edges that leave node 0 is taken once in three.
  assert found.walks[0] == pytest.approx(10 + 4 / 3)
  assert found.log_number == pytest.approx(np.log(3))


def test_paths_count_by_number_and_walks_by_choice():
  # Two paths through node 1, one beside it: 1 -> 2 twice.
  inputs = [(), (0,), (1, 1, 0)]
  weights = np.array([[0.0], [1.0], [0.0]])
  live = along_paths.live(inputs, [0])
  found = along_paths.measure(inputs, live, weights)
  assert found.mean[0] == pytest.approx(2 / 3)
  assert found.walks[0] == pytest.approx(1 / 2)


def test_dead_nodes_do_not_count():
  inputs = [(), (0,), (0,), (), (1, 3)]
  live = along_paths.live(inputs, [0])
  assert live.tolist() == [True, True, False, False, True]
  found = along_paths.measure(inputs, live, np.ones((5, 1)))
  assert found.most[0] == found.least[0] == 3
  nothing = along_paths.live([(), ()], [0])
  assert along_paths.measure([(), ()], nothing, np.ones((2, 1))).most[0] == 0


def test_longest_without_some_nodes():
  live = np.array([True, False, True, True, True])
  inputs = [(), (0,), (0,), (1, 2), (3,)]
  weights = np.array([[0.0], [9.0], [1.0], [0.0], [0.0]])
  assert along_paths.longest(inputs, live, weights)[0] == 1
  live[2] = False
  assert along_paths.longest(inputs, live, weights)[0] == 0


def small(pooled=False):
  b = Builder(8)
  x = b.conv_norm_act(0, 4, 3, 2)
  y = b.pool("avg_pool", x, 3) if pooled else b.conv_norm_act(x, 4, 1)
  return b.classify(b.add([x, y]), 10)


def test_measures_of_a_small_network():
  graph = small()
  # 27 x 4 and 4 x 4 weights, 8 of each norm, 4 x 10 + 10.
  assert value(graph, "log params") == pytest.approx(np.log1p(190))
  assert value(graph, "log macs") == pytest.approx(np.log1p(16 * 124 + 40))
  assert value(graph, "log activations") == pytest.approx(np.log1p(2 * 64))
  assert value(graph, "log sum of channels") == pytest.approx(np.log(8))
  assert value(graph, "log conv") == pytest.approx(np.log1p(2))
  assert value(graph, "log spatial") == pytest.approx(np.log1p(1))
  assert value(graph, "log most on paths (conv)") == pytest.approx(np.log1p(2))
  assert value(graph, "log least on paths (conv)") == pytest.approx(np.log1p(1))
  assert value(graph, "mean by most (conv)") == pytest.approx(0.75)
  assert value(graph, "log paths") == pytest.approx(np.log(2))
  assert value(graph, "share of macs (pointwise)") == pytest.approx(
    16 * 16 / (16 * 124 + 40)
  )
  # The kernel of the first convolution sees 3 of 8 pixels.
  field = value(graph, "log most on paths (field)")
  assert field == pytest.approx(np.log1p(2 / 8))


def test_pools_of_stride_one_are_told_apart():
  graph = small(pooled=True)
  assert value(graph, "pools by work") == pytest.approx(1 / 2)
  assert value(graph, "log most without pool (conv)") == pytest.approx(
    np.log1p(1)
  )


def test_a_network_without_input_or_shape_is_measured():
  dead = ComputationGraph((Node("constant", (3,)), Node("output", (3,), (0,))))
  unknown = ComputationGraph(
    (
      Node("input", (0, 0, 3)),
      Node("other", (), (0,)),
      Node("output", (), (1,)),
    )
  )
  found = measures.of_graphs([dead, unknown, ComputationGraph(())])
  assert np.isfinite(found).all()
  assert not found[0].any()
  assert not found[2].any()


def test_dead_operations_change_totals_alone():
  cells = np.array([[3, 0, 0, 1, 0, 0], [0, 0, 0, 1, 0, 0]])
  found = measures.of_graphs(nb201.build(cells))
  differs = np.flatnonzero(found[0] != found[1])
  names = {measures.NAMES[place] for place in differs}
  assert names == {
    *("log params", "log macs", "macs by params"),
    *("params by conv", "macs by conv"),
  }
