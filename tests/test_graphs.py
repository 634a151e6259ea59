"""Graph edits, against graphs worked out by hand."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import tiny

from nasjax import graphs, operators
from nasjax.graphs import tuples
from nasjax.spaces import registry

CHAIN = jnp.array([[0.0, 1, 0], [0, 0, 1], [0, 0, 0]])


def test_training_graph_of_the_chain_of_section_3_4_2():
  got = graphs.training_graph(
    CHAIN, jnp.array([1.0, 0, 0]), jnp.array([1.0, 1, 1])
  )
  # Rows and columns: S0 S1 S2 S3 op1 op2 op3.
  expected = [
    [0, 1, 0, 0, 0, 0, 0],  # S0 -> S1
    [0, 0, 1, 0, 1, 0, 0],  # S1 -> S2, op1
    [0, 0, 0, 1, 0, 1, 0],  # S2 -> S3, op2
    [0, 0, 0, 0, 0, 0, 1],  # S3 -> op3
    [0, 0, 1, 0, 0, 0, 0],  # op1 -> S2
    [0, 0, 0, 1, 1, 0, 0],  # op2 -> S3, op1
    [0, 0, 0, 0, 0, 1, 0],  # op3 -> op2
  ]
  np.testing.assert_array_equal(got, expected)


def test_training_graph_has_no_edge_at_padding():
  padded = jnp.zeros((5, 5)).at[:3, :3].set(CHAIN)
  got = graphs.training_graph(
    padded, jnp.array([1.0, 0, 0, 0, 0]), jnp.array([1.0, 1, 1, 0, 0])
  )
  real = np.array([0, 1, 2, 3, 6, 7, 8])
  small = graphs.training_graph(
    CHAIN, jnp.array([1.0, 0, 0]), jnp.array([1.0, 1, 1])
  )
  np.testing.assert_array_equal(np.asarray(got)[np.ix_(real, real)], small)
  assert float(got.sum()) == float(small.sum())


def test_inference_graph_is_the_upper_left_block():
  entry = jnp.array([1.0, 0, 0])
  whole = graphs.training_graph(CHAIN, entry, jnp.ones(3))
  np.testing.assert_array_equal(
    graphs.inference_graph(CHAIN, entry), whole[:4, :4]
  )


def test_laplacian_by_hand():
  adjacency = jnp.array([[0.0, 1, 1], [0, 0, 1], [0, 0, 0]])
  np.testing.assert_array_equal(
    graphs.laplacian(adjacency), [[2, -1, -1], [0, 1, -1], [0, 0, 0]]
  )


def test_normalize_by_hand():
  got = graphs.normalize(CHAIN, jnp.array([1.0, 1, 0]))
  np.testing.assert_allclose(got, [[0.5, 0.5, 0], [0, 0.5, 0.5], [0, 0, 0]])


def test_reachability_is_the_transitive_closure():
  np.testing.assert_array_equal(
    graphs.reachability(CHAIN), [[0, 1, 1], [0, 0, 1], [0, 0, 0]]
  )


def _ops(*names):
  return jnp.asarray(operators.operator_ids(names))


def test_live_nodes_drops_none_and_everything_that_only_it_fed():
  # input -> none -> conv -> output, and input -> skip -> output
  adjacency = np.zeros((5, 5), np.float32)
  for i, j in [(0, 1), (1, 2), (2, 4), (0, 3), (3, 4)]:
    adjacency[i, j] = 1
  ops = _ops("input", "none", "conv_3x3", "skip_connect", "output")
  got = graphs.live_nodes(ops, jnp.asarray(adjacency), jnp.ones(5))
  np.testing.assert_array_equal(got, [1, 0, 0, 1, 1])


def test_live_nodes_drops_a_dead_end_and_keeps_input_and_output():
  adjacency = np.zeros((4, 4), np.float32)
  adjacency[0, 1] = 1  # a convolution that nothing reads
  ops = _ops("input", "conv_3x3", "none", "output")
  got = graphs.live_nodes(ops, jnp.asarray(adjacency), jnp.ones(4))
  np.testing.assert_array_equal(got, [1, 0, 0, 1])


@pytest.mark.parametrize("name", registry.space_names())
def test_cell_graphs_are_well_formed(name, rng):
  space = registry.get_space(name)
  cells = tiny.cells(space, space.sample(64, rng))
  assert cells.ops.shape == (64, space.num_nodes)
  assert cells.details.shape == (64, space.num_nodes, graphs.NUM_DETAILS)
  mask = np.asarray(cells.mask)
  adjacency = np.asarray(cells.adjacency)
  assert set(np.unique(mask)) <= {0.0, 1.0}
  assert not (adjacency * (1 - mask)[:, :, None]).any()
  assert not (adjacency * (1 - mask)[:, None, :]).any()
  assert not (np.asarray(cells.details) * (1 - mask)[..., None]).any()
  assert not np.asarray(cells.ops)[mask == 0].any()
  # Every live node but inputs and outputs is fed and read.
  inner = (mask > 0) & (np.asarray(cells.ops) > operators.OUTPUT)
  assert (adjacency.sum(1) > 0)[inner].all()
  assert (adjacency.sum(2) > 0)[inner].all()


def test_pruning_makes_functionally_equal_cells_equal(rng):
  space = registry.get_space("nb201")
  none, skip, conv = 0, 1, 3
  # Node 1 is fed by nothing, so what reads node 1 does not matter.
  one = np.array([[none, skip, conv, conv, conv, skip]], np.int8)
  two = np.array([[none, skip, skip, conv, none, skip]], np.int8)
  first, second = (tiny.cells(space, x) for x in (one, two))
  jax.tree.map(np.testing.assert_array_equal, first, second)
  kept = tiny.cells(space, one, prune=False)
  assert float(kept.mask.sum()) > float(first.mask.sum())


def test_graphs_tuple_round_trip(rng):
  adjacency = jnp.asarray(
    np.triu(rng.random((6, 6)) < 0.5, 1).astype(np.float32)
  )
  nodes = jnp.asarray(rng.normal(size=(6, 4)), jnp.float32)
  tuple_ = tuples.to_graphs_tuple(nodes, adjacency, max_edges=20)
  assert int(tuple_.n_edge.sum()) == 20
  assert int(tuple_.n_edge[0]) == int(adjacency.sum())
  back_nodes, back_adjacency = tuples.from_graphs_tuple(tuple_)
  np.testing.assert_array_equal(back_nodes, nodes)
  np.testing.assert_array_equal(back_adjacency, adjacency)
