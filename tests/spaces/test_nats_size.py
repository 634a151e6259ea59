"""The size space of NATS-Bench: notation, sizes, graphs, labels."""

import collections

import jax.numpy as jnp
import numpy as np
import pytest
import tiny

import nasjax
from nasjax import errors, operators
from nasjax.computation.families import size as family
from nasjax.features import columns, kinds
from nasjax.spaces import nats_size, registry
from nasjax.surrogates import onehot, pools
from nasjax.training import metrics

SPACE = nats_size.NATSSize()


@pytest.fixture(scope="module")
def cells():
  drawn = SPACE.sample(12, np.random.default_rng(0))
  ends = [[0] * 5, [7] * 5, [0, 1, 1, 3, 3], [7, 0, 7, 0, 7]]
  return np.concatenate([np.array(ends, np.int8), drawn])


@pytest.fixture(scope="module")
def networks(cells):
  return family.build(SPACE.channels(cells))


def test_the_official_notation():
  names = ["8:16:24:32:64", "64:8:64:8:64"]
  cells = SPACE.parse(names)
  assert cells.tolist() == [[0, 1, 2, 3, 7], [7, 0, 7, 0, 7]]
  assert SPACE.format(cells) == names
  whole = SPACE.enumerate()
  assert len(whole) == SPACE.size == 8**5
  np.testing.assert_array_equal(SPACE.parse(SPACE.format(whole)), whole)


@pytest.mark.parametrize(
  "text", ["8:16:24:32", "8:16:24:32:65", "8-16-24-32-64", "", 8, "08:8:8:8:8"]
)
def test_another_notation_is_one_line(text):
  with pytest.raises(errors.UserError, match="arch 1 of 'size'") as caught:
    SPACE.parse(["8:8:8:8:8", text])
  assert "\n" not in str(caught.value)


def test_sizes_are_those_of_the_computation_graphs(cells, networks):
  params = [each.params for each in networks]
  macs = np.array([each.macs for each in networks])
  np.testing.assert_array_equal(SPACE.num_params(cells), params)
  # Official tools count the bias of the classifier.
  np.testing.assert_array_equal(SPACE.flops(cells), macs + 10)
  assert SPACE.sizes(SPACE.parse(["8:16:24:32:64"])).tolist() == [
    [8, 16, 24, 32, 64]
  ]


def test_graphs_have_the_convolutions_of_the_networks(cells, networks):
  drawn = SPACE.encode(jnp.asarray(cells))
  ops, logs = np.asarray(drawn.ops), np.asarray(drawn.channels)
  widths = np.round(16 * 2**logs).astype(int)
  kernels = {operators.operator_id(f"conv_{k}x{k}"): k for k in (1, 3)}
  for row, network in enumerate(networks):
    expected = collections.Counter()
    for node in network.nodes:
      if node.operator == "conv":
        source = network.nodes[node.inputs[0]].shape[-1]
        expected[node.kernel[0], source, node.shape[-1]] += 1
    expected[3, 3, SPACE.channels(cells)[row, 0]] -= 1  # the stem
    found = collections.Counter(
      (kernels[op], *widths[row, node])
      for node, op in enumerate(ops[row])
      if op in kernels
    )
    assert found == +expected


def test_paths_of_the_graph_are_those_of_the_network():
  """Four paths through a cell, two through a block, one after the other."""
  drawn = SPACE.encode(jnp.zeros((1, 5), jnp.int8))
  adjacency = np.asarray(drawn.adjacency[0])
  paths = np.zeros(SPACE.num_nodes)
  longest = np.full(SPACE.num_nodes, -1)
  paths[0], longest[0] = 1, 0
  for node in range(1, SPACE.num_nodes):
    before = np.flatnonzero(adjacency[:, node])
    assert len(before)
    paths[node] = paths[before].sum()
    longest[node] = longest[before].max() + 1
  assert paths[-1] == 4**3 * 2**2
  assert longest[-1] == SPACE.max_hops


def test_it_is_known_where_it_is_asked_for():
  assert "size" not in registry.space_names()
  assert "size" in registry.known_names()
  space = nasjax.get_space("size")
  assert registry.get_space("size") is space
  assert "size" in registry.space_names()
  assert registry.known_names().count("size") == 1


def test_labels_of_all_networks(data_dir):
  benchmark = nasjax.get_benchmark("nats_size", data_dir)
  assert len(benchmark) == SPACE.size
  networks = nasjax.computation.families.load("size", data_dir)
  channels = SPACE.channels(benchmark.genotypes)
  np.testing.assert_array_equal(channels, networks.codes)
  np.testing.assert_array_equal(
    benchmark.values("cifar10/test"), networks.values
  )


def test_a_damaged_table_is_one_line(tmp_path):
  for channels in (np.full((2, 5), 12, np.int8), np.zeros((2, 5), np.int8)):
    np.savez(
      tmp_path / "nats_sss_cifar10.npz", channels=channels, acc=np.ones(2)
    )
    with pytest.raises(errors.UserError, match="'channels'") as caught:
      nasjax.get_benchmark("nats_size", tmp_path)
    assert "\n" not in str(caught.value)


def test_searches_tell_all_networks_apart(cells):
  codes = onehot.onehot(SPACE, cells)
  assert codes.shape == (len(cells), 40)
  assert (codes.sum(axis=1) == 5).all()
  np.testing.assert_array_equal(codes.reshape(-1, 5, 8).argmax(axis=2), cells)
  one_place = np.repeat([[3, 3, 3, 3, 3]], 8, axis=0)
  one_place[:, 2] = np.arange(8)
  features = pools.features_of(SPACE, one_place)
  assert len(np.unique(features, axis=0)) == 8


def test_distances_know_where_a_network_is_wide(cells):
  names = kinds.get("widths").names(SPACE)
  found = columns.of_kind(SPACE, cells, "widths")
  assert found.shape == (len(cells), len(names)) == (len(cells), 26)
  widths = np.log2(SPACE.channels(cells) / 16)
  np.testing.assert_allclose(found[:, [1, 7, 10, 16, 19]], widths, rtol=1e-6)
  assert not found[:, [0, 25]].any()


@pytest.mark.slow
def test_a_predictor_learns_sizes_and_is_loaded_again(tmp_path, monkeypatch):
  light = {**tiny.LIGHT, "model.graph": "inference", "num_members": 1}
  config = tiny.config(epochs=30, **light)
  config.optimizer.learning_rate = 1e-2
  model = nasjax.Predictor("size", config=config)
  cells = SPACE.sample(260, np.random.default_rng(1))
  labels = np.log(SPACE.num_params(cells))
  model.fit(cells[:60], labels[:60])
  scores = model.predict(SPACE.format(cells[60:]))
  assert metrics.kendall_tau(scores, labels[60:]) > 0.5
  model.save(tmp_path / "model")
  monkeypatch.delitem(registry._registered, "size")
  loaded = nasjax.Predictor.load(tmp_path / "model")
  np.testing.assert_allclose(loaded.predict(cells[60:]), scores, rtol=1e-5)
