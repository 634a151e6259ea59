"""The graph hash: invariances, and the pairs it must separate."""

import numpy as np
import pytest

from nasjax import errors
from nasjax.spaces import wl_hash


def _random_graphs(rng, num, nodes, density=0.4):
  adjacency = np.triu(rng.random((num, nodes, nodes)) < density, 1)
  labels = rng.integers(-2, 5, (num, nodes))
  counts = rng.integers(2, nodes + 1, num)
  mask = np.arange(nodes) < counts[:, None]
  return adjacency.astype(np.int8), labels, mask


def test_relabelling_changes_nothing(rng):
  adjacency, labels, mask = _random_graphs(rng, 300, 8)
  hashes = wl_hash.dag_hash(adjacency, labels, mask)
  order = np.argsort(rng.random(labels.shape), axis=1)
  rows = np.arange(len(order))[:, None]
  moved = adjacency[rows[..., None], order[:, :, None], order[:, None, :]]
  again = wl_hash.dag_hash(moved, labels[rows, order], mask[rows, order])
  assert hashes.dtype == np.uint64
  np.testing.assert_array_equal(hashes, again)


@pytest.mark.parametrize("rounds", [None, 0, 3])
def test_padding_and_its_contents_change_nothing(rng, rounds):
  adjacency, labels, mask = _random_graphs(rng, 200, 6)
  wide = rng.integers(0, 2, (200, 11, 11))
  wide[:, :6, :6] = adjacency
  wide_labels = rng.integers(0, 9, (200, 11))
  wide_labels[:, :6] = labels
  wide_mask = np.pad(mask, ((0, 0), (0, 5)))
  np.testing.assert_array_equal(
    wl_hash.dag_hash(adjacency, labels, mask, rounds),
    wl_hash.dag_hash(wide, wide_labels, wide_mask, rounds),
  )


def test_batch_mates_change_nothing(rng):
  adjacency, labels, mask = _random_graphs(rng, 50, 7)
  together = wl_hash.dag_hash(adjacency, labels, mask)
  alone = [
    wl_hash.dag_hash(adjacency[i : i + 1], labels[i : i + 1], mask[i : i + 1])
    for i in range(50)
  ]
  np.testing.assert_array_equal(together, np.concatenate(alone))


def test_chunks_change_nothing(rng, monkeypatch):
  graphs = _random_graphs(rng, 50, 7)
  whole = wl_hash.dag_hash(*graphs)
  monkeypatch.setattr(wl_hash, "_CHUNK", 7)
  np.testing.assert_array_equal(whole, wl_hash.dag_hash(*graphs))


def test_all_labelled_dags_of_three_nodes_are_told_apart():
  """Edges among 0-1, 0-2, 1-2 and 2 labels: 64 graphs, 40 classes."""
  bits = (np.arange(64)[:, None] >> np.arange(6)) & 1
  adjacency = np.zeros((64, 3, 3), np.int8)
  adjacency[:, [0, 0, 1], [1, 2, 2]] = bits[:, :3]
  hashes = wl_hash.dag_hash(adjacency, bits[:, 3:], np.ones((64, 3), bool))
  # no edge: 4 label multisets; one edge (3 placements): 2 * 2 * 2 = 8;
  # fork: 2 * 3 = 6; join: 2 * 3 = 6; path: 8; triangle: 8.
  assert len(set(hashes.tolist())) == 4 + 8 + 6 + 6 + 8 + 8


def test_direction_label_and_multiplicity_matter():
  base = np.zeros((4, 3, 3), np.int8)
  base[:, 0, 1] = 1
  base[1] = base[1].T
  base[3, 0, 1] = 2
  labels = np.array([[0, 1, 2], [0, 1, 2], [0, 1, 3], [0, 1, 2]])
  hashes = wl_hash.dag_hash(base, labels, np.ones((4, 3), bool))
  assert len(set(hashes.tolist())) == 4


def test_rounds_bound_how_far_a_node_sees():
  """Two paths of 4 nodes differ only in how their labels are ordered."""
  path = np.zeros((2, 4, 4), np.int8)
  path[:, [0, 1, 2], [1, 2, 3]] = 1
  labels = np.array([[0, 1, 2, 0], [0, 2, 1, 0]])
  mask = np.ones((2, 4), bool)
  none = wl_hash.dag_hash(path, labels, mask, rounds=0)
  assert none[0] == none[1]
  full = wl_hash.dag_hash(path, labels, mask)
  assert full[0] != full[1]


def test_no_graphs_and_empty_graphs():
  empty = np.zeros((0, 4, 4), np.int8)
  none = wl_hash.dag_hash(empty, empty[:, 0], np.zeros((0, 4), bool))
  assert none.shape == (0,)
  zero = np.zeros((2, 4, 4), np.int8)
  two = wl_hash.dag_hash(zero, zero[:, 0], np.zeros((2, 4), bool))
  assert two[0] == two[1]


def test_shapes_that_do_not_fit_are_refused():
  with pytest.raises(errors.UserError, match=r"dag_hash: expected adjacency"):
    wl_hash.dag_hash(
      np.zeros((2, 4, 3)), np.zeros((2, 4), int), np.ones((2, 4), bool)
    )
