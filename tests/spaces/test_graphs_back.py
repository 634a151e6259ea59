"""`Space.from_graphs`: decoded graphs become cells, or are refused."""

import numpy as np
import own_space
import pytest

from nasjax import errors, operators
from nasjax.spaces import registry

NUM = 300


@pytest.fixture(params=registry.space_names())
def space(request):
  return registry.get_space(request.param)


def test_round_trip(space, rng):
  genotypes = space.sample(NUM, rng)
  ops, adjacency = space.to_graphs(genotypes)
  assert ops.shape == (NUM, space.num_nodes)
  found, valid = space.from_graphs(ops, adjacency)
  assert valid.all()
  assert found.dtype == np.int8
  np.testing.assert_array_equal(found, genotypes)


def test_unknown_operators_back_edges_and_no_input_are_no_cells(space, rng):
  ops, adjacency = space.to_graphs(space.sample(NUM, rng))
  unknown = ops.copy()
  unknown[:, -1] = 99
  found, valid = space.from_graphs(unknown, adjacency)
  # In NAS-Bench-101 the last of 7 nodes is absent in smaller cells.
  assert not valid[ops[:, -1] == operators.OUTPUT].any()
  assert not found[~valid].any()
  back = adjacency.copy()
  back[:, -1, 0] = 1
  assert not space.from_graphs(ops, back)[1].any()
  headless = ops.copy()
  headless[:, 0] = operators.OUTPUT
  assert not space.from_graphs(headless, adjacency)[1].any()


def test_other_shapes_are_refused(space):
  with pytest.raises(errors.UserError, match=r"expected ops \[n, "):
    space.from_graphs(np.zeros((3, 2), int), np.zeros((3, 2, 2), int))
  size = space.num_nodes
  with pytest.raises(errors.UserError, match="ops of integers"):
    space.from_graphs(np.zeros((3, size)), np.zeros((3, size, size), int))


def test_nb101_prunes_what_no_path_visits():
  space = registry.get_space("nb101")
  conv = operators.operator_id("conv_3x3")
  none = operators.NONE
  ops = np.array([[0, conv, none, conv, none, none, operators.OUTPUT]])
  adjacency = np.zeros((1, 7, 7), int)
  adjacency[0, [0, 1, 0, 2], [1, 6, 2, 6]] = 1  # node 3 hangs in the air
  found, valid = space.from_graphs(ops, adjacency)
  assert valid.all()
  cell = space.parse(["011/001/000:input+conv3x3-bn-relu+output"])
  adjacency[0, 0, 6] = 1
  with_skip, _ = space.from_graphs(ops, adjacency)
  np.testing.assert_array_equal(with_skip, cell)
  assert (found != cell).any()


def test_nb101_refuses_unreached_outputs_and_ten_edges():
  space = registry.get_space("nb101")
  conv = operators.operator_id("conv_1x1")
  ops = np.full((2, 7), conv)
  ops[:, 0], ops[:, -1] = operators.INPUT, operators.OUTPUT
  adjacency = np.zeros((2, 7, 7), int)
  adjacency[0, 0, 1] = 1  # leads nowhere
  adjacency[1, 0, 1:6] = adjacency[1, 1:6, 6] = 1  # ten edges
  assert not space.from_graphs(ops, adjacency)[1].any()


def test_darts_needs_two_different_inputs_and_whole_nodes(rng):
  space = registry.get_space("darts")
  genotypes = space.sample(1, rng)
  genotypes[0, 8:12] = 0, 4, 2, 5  # node 4 reads nodes 0 and 2
  ops, adjacency = space.to_graphs(genotypes)
  assert space.from_graphs(ops, adjacency)[1].all()
  half = adjacency.copy()
  half[0, 3, 7] = 0  # node 2 is two operations; one of them is cut off
  assert not space.from_graphs(ops, half)[1].any()
  twice = adjacency.copy()
  twice[0, :, 7] = twice[0, :, 6]
  assert not space.from_graphs(ops, twice)[1].any()
  across = adjacency.copy()
  across[0, 3, 15] = 1  # from the normal into the reduction cell
  assert not space.from_graphs(ops, across)[1].any()


def test_a_space_that_reads_no_graphs_says_so():
  space = own_space.Chain()
  ops, adjacency = space.to_graphs(space.sample(2, np.random.default_rng(0)))
  with pytest.raises(errors.UserError, match="does not read graphs back"):
    space.from_graphs(ops, adjacency)
