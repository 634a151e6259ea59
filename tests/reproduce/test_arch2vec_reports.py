"""The reports of arch2vec: definitions by hand, methods, pages."""

import numpy as np
import pytest
import tiny

import nasjax
from nasjax import config as configs
from nasjax.benchmarks import registry as benchmarks
from nasjax.reproduce import catalog, results
from nasjax.reproduce.arch2vec import draws, maps, prediction, structure, table1
from nasjax.spaces import registry
from nasjax.surrogates import supervised
from nasjax.systems.arch2vec import drawing

(NB201,) = catalog.get_studies(("nb201",), ("cifar10",), ("nb201",))


@pytest.fixture(scope="module")
def embedder():
  return nasjax.Embedder.load("nb201")


def test_shipped_embedders_give_every_cell_back(embedder):
  space = embedder.space
  genotypes = space.enumerate()[::97]
  found, valid = embedder.decode(embedder.encode(genotypes))
  assert valid.all()
  np.testing.assert_array_equal(found, genotypes)
  assert embedder.card["reconstruction_graphs"] == 100


def test_the_published_check_does_not_look_at_the_second_node():
  kinds = drawing.classes_of(registry.get_space("nb201"))
  good = [0, 4, 4, 3, 2, 5, 6, 1]
  cells = np.array([good] * 5)
  cells[1, 1] = 0  # an input as second node: not looked at
  cells[2, 2] = 0
  cells[3, 0] = 4
  cells[4, 7] = 4
  found = draws.published_valid(kinds, cells)
  assert found.tolist() == [True, True, False, False, False]


def test_shares_of_draws_without_spread(embedder):
  """Every draw is then one cell: all valid, one of them different."""
  cell = embedder.encode(embedder.space.enumerate()[777:778])[0, 0]
  prior = np.stack([cell, np.zeros_like(cell)])
  still = nasjax.Embedder(
    embedder.space, embedder.model, embedder.variables, prior, {}
  )
  found = draws.measure(still, num=50)
  assert found == (1, pytest.approx(0.02), 1, pytest.approx(0.02))


def test_nb101_counts_graphs_before_they_are_pruned():
  kinds = drawing.classes_of(registry.get_space("nb101"))
  codes = np.array([[0, 3, 4, 2, 2, 2, 1]] * 3)
  edges = np.zeros((3, 7, 7), np.int8)
  edges[:, 0, 6] = 1
  edges[1, 0, 1] = 1  # leads nowhere
  edges[2, 0, 3] = 1  # into an absent node
  found = draws._unpruned(kinds, codes, edges)
  assert found[0] == found[2] != found[1]


def test_edit_distance_by_hand():
  space = registry.get_space("nb201")
  first = np.array([[0, 1, 2, 3, 4, 0], [1, 1, 1, 1, 1, 1]], np.int8)
  second = np.array([[0, 1, 2, 3, 4, 1], [1, 1, 1, 1, 1, 1]], np.int8)
  assert structure.edit_distance(space, first, second).tolist() == [1, 0]
  space = registry.get_space("nb101")
  cells = space.parse(
    [
      "011/001/000:input+conv3x3-bn-relu+output",
      "011/001/000:input+maxpool3x3+output",
      "010/001/000:input+maxpool3x3+output",
    ]
  )
  found = structure.edit_distance(space, cells[[0, 1]], cells[[1, 2]])
  assert found.tolist() == [1, 1]


def test_nearest_neighbours_by_hand():
  points = np.array([[0.0], [1.0], [10.0], [11.5]])
  labels = np.array([1.0, 2.0, 5.0, 7.0])
  expected = np.corrcoef(labels, [2.0, 1.0, 7.0, 5.0])[0, 1]
  assert structure.neighbour_r(points, labels) == pytest.approx(expected)


def test_few_pairs_of_a_step_are_not_shown():
  edits = np.array([1] * 60 + [2] * 3)
  steps, mean, std = structure.by_step(edits, np.ones(63))
  assert (steps.tolist(), mean.tolist(), std.tolist()) == ([1], [1.0], [0.0])


def test_a_walk_ends_in_good_cells(embedder):
  benchmark = benchmarks.get_benchmark("nb201_analog")
  labels = benchmark.values("cifar10/test")
  found = structure.walk(embedder, benchmark, labels, np.random.default_rng(0))
  assert set(found) == set(structure.WALK)
  assert found["ends"] > found["random"]
  assert 0 < found["valid"] <= 1


def test_methods_of_table1_change_one_thing():
  config = table1.make_config("nb101", "gae", 3)
  assert (config.model.encoder, config.variational) == ("gcn", False)
  assert (config.seed, config.epochs) == (3, 1)
  assert table1.make_config("nb101", "arch2vec", 0).epochs == 2
  assert table1.make_config("nb101", "arch2vec_long", 0).epochs == 5
  assert table1.make_config("darts", "vgae", 0).num_cells == 50_000
  assert table1.make_config("nb201", "arch2vec_no_kl", 0).kl_weight == 0


def test_pages_show_published_beside_measured():
  row = results.make_row(
    NB201,
    "arch2vec",
    0,
    "validity",
    [82.39],
    published=79.41,
    note="n",
    commit="c",
  )
  text = table1.render({"name": "t", "rows": [row], "command": "run"})
  assert "| arch2vec | - | - | - | 79.41 | 82.39 |" in text
  row = results.make_row(
    NB201,
    "arch2vec",
    250,
    "pearson",
    [0.5],
    published=None,
    note="n",
    commit="c",
  )
  text = prediction.render({"name": "t", "rows": [row], "command": "run"})
  assert "| Gaussian process, arch2vec | .500 +- .000 (1) |" in text
  rows = [
    results.make_row(
      NB201, "distance", 2, metric, [0.25], published=None, note="n", commit="c"
    )
    for metric in ("l2_mean", "l2_std")
  ]
  text = maps.render({"name": "t", "rows": rows, "command": "run"})
  assert "| 2 | .250 | .250 |" in text


def test_a_gaussian_process_learns_from_embeddings(embedder):
  pytest.importorskip("sklearn")
  benchmark = benchmarks.get_benchmark("nb201_analog")
  labels = benchmark.values("cifar10/test")
  problem = prediction.draw(benchmark, labels, 80, seed=0)
  assert not set(problem.train) & set(problem.test)
  problem = problem._replace(test=problem.test[:200])
  found = prediction.predict("arch2vec", problem)
  assert found.shape == (200,)
  assert np.corrcoef(found, labels[problem.test])[0, 1] > 0.2


@pytest.mark.parametrize("method", prediction.ENCODINGS)
def test_every_encoding_is_a_row_for_each_cell(embedder, method):
  cells = embedder.space.enumerate()[:5]
  found = prediction.ENCODINGS[method](embedder.space, cells)
  assert found.ndim == 2
  assert len(found) == 5


@pytest.mark.slow
def test_a_supervised_embedding_is_what_the_last_layer_reads():
  space = registry.get_space("nb201")
  cells = space.enumerate()[5:600:30]
  fields = {f"model.{name}": value for name, value in tiny.MODEL.items()}
  config = configs.override(
    configs.space_defaults("nb201"),
    {
      **fields,
      **tiny.LIGHT,
      "epochs": 2,
      "num_members": 1,
      "kernel.weight": 0.0,
    },
  )
  model = nasjax.Predictor(space, config=config).fit(cells, np.arange(20.0))
  found = supervised.represent(model, cells)
  assert found.shape == (20, 8)
  last = model.params["params"]["head_output"]
  raw = found @ last["kernel"][0, :, 0] + last["bias"][0, 0]
  scores = model.fitted.scale[0] * raw + model.fitted.shift[0]
  np.testing.assert_allclose(model.predict(cells), scores, rtol=1e-5)


def test_a_map_has_two_dimensions():
  pytest.importorskip("sklearn")
  pytest.importorskip("matplotlib")
  values = np.random.default_rng(0).normal(size=(60, 5)).astype(np.float32)
  flat = maps.flatten("pca", values, 0)
  assert flat.shape == (60, 2)
  assert len(maps.draw_map(flat, np.arange(60), "cells").axes) == 2
