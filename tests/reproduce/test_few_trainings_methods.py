"""The compared methods: what every strategy promises, and their parts."""

import functools

import numpy as np
import pytest
import toy

import nasjax
from nasjax import search
from nasjax.reproduce.few_trainings import (
  bananas,
  dngo,
  encodings,
  nb301_network,
  npenas,
  weaknas,
)
from nasjax.surrogates import bayesian_linear, onehot, perceptrons

STRATEGIES = {
  "bananas": bananas.Bananas(num_first=5, epochs=3),
  "weaknas": weaknas.WeakNAS(num_first=5, epochs=3, width=8),
  "npenas": npenas.NPENAS(num_first=5, epochs=3),
  "dngo": dngo.DNGO(num_first=5, epochs=3),
}
BUDGET = 12


@pytest.fixture(params=STRATEGIES)
def strategy(request):
  return STRATEGIES[request.param]


@pytest.fixture(params=[True, False], ids=["enumerable", "sampled"])
def space(request):
  return _space(request.param)


@functools.cache
def _space(enumerable):
  return toy.Toy(enumerable=enumerable)


def run(strategy, space, **keywords):
  keywords = {"budget": BUDGET, "seed": 0, "batch_size": 4, **keywords}
  return search.run(strategy, space, toy.additive, **keywords)


@pytest.mark.slow
def test_spends_the_budget_on_distinct_valid_cells(strategy, space):
  batches = []
  result = run(
    strategy, space, on_batch=lambda state: batches.append(len(state.history))
  )
  assert batches == [4, 5, 9, 12]
  assert space.is_valid(result.genotypes).all()
  assert len(np.unique(space.lookup_keys(result.genotypes))) == BUDGET


def test_same_seed_same_cells_other_seed_other_cells(strategy, space):
  first, again, other = (
    run(strategy, space, seed=seed).genotypes for seed in (3, 3, 4)
  )
  np.testing.assert_array_equal(first, again)
  assert not np.array_equal(first, other)


@pytest.mark.parametrize("num_batches", [1, 3])
def test_resumed_search_equals_uninterrupted(
  strategy, space, num_batches, tmp_path
):
  path = tmp_path / "search.npz"
  state = strategy.init(space, 5, BUDGET)
  for _ in range(num_batches):
    genotypes, state = strategy.ask(state, 4)
    state = strategy.tell(state, genotypes, toy.additive(genotypes))
  _, state = strategy.ask(state, 4)
  search.save(path, strategy, state)
  restored = search.load(path, strategy, space)
  resumed = run(strategy, space, state=restored)
  whole = run(strategy, space, seed=5)
  np.testing.assert_array_equal(resumed.genotypes, whole.genotypes)
  np.testing.assert_array_equal(resumed.scores, whole.scores)


def test_stops_when_every_cell_of_a_list_is_scored(strategy):
  cells = _space(True).enumerate()[:BUDGET]
  subset = search.Subset(_space(True), cells)
  result = run(strategy, subset, budget=50)
  assert sorted(result.scores) == sorted(toy.additive(cells))


def test_equal_scores_are_no_obstacle(strategy, space):
  result = search.run(
    strategy, space, lambda cells: np.zeros(len(cells)), BUDGET, batch_size=4
  )
  assert len(np.unique(space.lookup_keys(result.genotypes))) == BUDGET


@pytest.mark.slow
def test_what_is_asked_is_better_than_chance():
  space = _space(True)
  chosen = {
    "bananas": bananas.Bananas(num_first=40),
    "weaknas": weaknas.WeakNAS(num_first=40),
    "npenas": npenas.NPENAS(num_first=40),
    "dngo": dngo.DNGO(num_first=40),
  }
  chance = toy.additive(space.enumerate()).mean()
  for strategy in chosen.values():
    result = search.run(strategy, space, toy.additive, 50, batch_size=40)
    first, asked = np.split(result.scores, [40])
    assert abs(first.mean() - chance) < 1.5
    assert asked.mean() > chance + 3, strategy.name


def test_paths_of_a_cell():
  space = nasjax.get_space("nb201")
  arch = (
    "|nor_conv_3x3~0|+|none~0|nor_conv_1x1~1|+"
    "|none~0|skip_connect~1|avg_pool_3x3~2|"
  )
  found = encodings.paths(space, space.parse([arch]))
  assert found.shape == (1, 1 + 4 + 16 + 64)
  skip, one, three, pool = range(4)  # as in `operator_names`
  two = 1 + 4 + 4 * three + skip
  long = 1 + 4 + 16 + 16 * three + 4 * one + pool
  assert np.flatnonzero(found[0]).tolist() == [two, long]


@pytest.mark.slow
def test_encodings_tell_cells_apart_and_do_not_depend_on_the_batch():
  rng = np.random.default_rng(0)
  for name, sizes in (
    ("nb201", (24, 85)),
    ("nb101", (35, 364)),
    ("darts", (196, 1600)),
  ):
    space = nasjax.get_space(name)
    cells = space.sample(300, rng)
    for encode, size in zip(
      (onehot.onehot, encodings.paths), sizes, strict=True
    ):
      found = encode(space, cells)
      assert found.shape == (300, size)
      assert set(np.unique(found)) == {0.0, 1.0}
      np.testing.assert_array_equal(encode(space, cells[:3]), found[:3])
    same = np.unique(cells, axis=0)
    assert len(np.unique(onehot.onehot(space, same), axis=0)) == len(same)


def test_padding_does_not_change_a_training():
  rng = np.random.default_rng(0)
  x, y = rng.random((20, 6)).astype(np.float32), rng.random(20)
  recipe = perceptrons.Recipe(
    perceptrons.Perceptron(8, 2), epochs=200, members=2
  )
  tight, loose = (
    recipe.fit(x, y - y.mean(), room, np.random.default_rng(1)).values(x)
    for room in (20, 31)
  )
  assert tight.shape == (2, 20)
  assert not np.allclose(tight[0], tight[1])
  for values in (tight, loose):
    assert np.corrcoef(values.mean(axis=0), y)[0, 1] > 0.5


def test_linear_regression_recovers_weights_and_noise():
  rng = np.random.default_rng(0)
  features = rng.normal(size=(400, 3))
  targets = features @ [1.0, -2.0, 0.0] + 0.1 * rng.normal(size=400)
  linear = bayesian_linear.regress(features, targets - targets.mean())
  mean, spread = linear.predict(np.array([[1.0, 0, 0], [0, 1, 0], [9, 9, 9]]))
  shift = targets.mean()
  np.testing.assert_allclose(mean[:2] + shift, [1.0, -2.0], atol=0.05)
  assert 0.05 < spread[0] < 0.2
  assert spread[2] > spread[0]


def test_expected_improvement_of_known_normals():
  gain = dngo.expected_improvement(
    np.array([0.0, 1.0]), np.array([1.0, 1e-9]), 0.0
  )
  np.testing.assert_allclose(gain, [1 / np.sqrt(2 * np.pi), 1.0], rtol=1e-6)


def test_the_nb301_network_says_what_its_table_says(data_dir):
  pytest.importorskip("onnxruntime", reason="needs the extra 'baselines'")
  benchmark = nasjax.get_benchmark("nb301", data_dir)
  cells = benchmark.genotypes[::1000]
  found = nb301_network.load(data_dir)(cells)
  np.testing.assert_allclose(
    found, benchmark.lookup(cells, "cifar10/val"), atol=1e-4
  )
