"""The model-based strategy: what it asks, of which candidates, and why."""

import dataclasses

import numpy as np
import own_space
import pytest
import toy

import nasjax
from nasjax import errors, search
from nasjax.search import acquisitions, model_based, proposals
from nasjax.surrogates import belief, distances, gaussian, network, pools, units

SPACE, SAMPLED = toy.Toy(), toy.Toy(enumerable=False)
NB201 = nasjax.get_space("nb201")


def _strategy(**options):
  return nasjax.get_strategy(
    "model", **{"num_first": 6, "num_candidates": 300, **options}
  )


def _counted(cells):
  """Counts operators, as the features of graphs do; 33333 is the best."""
  return np.array([0.0, 1.0, 2.0, 4.0])[cells].sum(axis=1)


def _told(strategy, space, cells, values, seed=0):
  state = strategy.init(space, seed, 100)
  return strategy.learn(state, cells, values)


def _proposed(strategy, state, num):
  return strategy.propose(state, num, state.generator())


def _nearest(space, cells):
  features = pools.features_of(space, cells)
  apart = distances.between(features, features, pools.power_of(space))
  return (apart + 1e9 * np.eye(len(cells))).min()


def test_the_first_cells_are_spread_out():
  state = _strategy().init(SPACE, 0, 100)
  first = _proposed(_strategy(), state, 20)
  assert len(first.genotypes) == 6
  assert first.reasons == ("spread",) * 6
  assert np.isnan(first.means).all()
  assert np.isnan(first.stds).all()
  random = [
    _nearest(SPACE, SPACE.sample(6, np.random.default_rng(seed)))
    for seed in range(20)
  ]
  assert _nearest(SPACE, first.genotypes) > np.max(random)


def test_known_and_pending_cells_count_among_the_first():
  strategy = _strategy()
  cells = SPACE.enumerate()[:4]
  state = _told(strategy, SPACE, cells, [1.0, 2.0, 3.0, 4.0])
  asked, state = strategy.ask(state, 20)
  assert len(asked) == 2
  found = _proposed(strategy, state, 3)
  assert set(found.reasons) <= {"exploit", "explore"}


@pytest.mark.slow
@pytest.mark.parametrize("space", [SPACE, SAMPLED], ids=["whole", "sampled"])
@pytest.mark.parametrize("acquisition", acquisitions.NAMES)
def test_every_acquisition_finds_better_cells_than_chance(
  space, acquisition, monkeypatch
):
  monkeypatch.setattr(proposals, "_DRAWN", 100)
  strategy = _strategy(acquisition=acquisition)
  result = search.run(strategy, space, _counted, 26, batch_size=5)
  assert result.num_scored == 26
  every = np.sort(_counted(SPACE.enumerate()))
  assert result.scores[6:].mean() > every.mean() + 1
  assert result.scores.max() >= every[-10]


def test_of_many_trainings_the_best_and_some_others_are_compared(monkeypatch):
  """Time and memory of a large table are those of a small one."""
  monkeypatch.setattr(gaussian, "MOST_CELLS", 40)
  targets = np.random.default_rng(3).normal(size=100)
  rows = gaussian.compared(targets, 0)
  assert len(np.unique(rows)) == 40
  assert set(np.argsort(-targets)[:20]) <= set(rows)
  assert 5 < np.isin(np.argsort(targets)[:50], rows).sum() < 20
  more = gaussian.compared(np.append(targets, 9.0), 0)
  assert len(set(more) - set(rows)) <= 2
  np.testing.assert_array_equal(gaussian.compared(targets[:40], 0), range(40))
  widths = []
  kept_to = distances.Kept.to

  def to(self, cells):
    widths.append(len(cells))
    return kept_to(self, cells)

  monkeypatch.setattr(distances.Kept, "to", to)
  cells = SPACE.enumerate()[::5]
  state = _told(_strategy(), SPACE, cells, _counted(cells))
  found = _proposed(_strategy(), state, 5)
  assert widths == [40]
  assert _counted(found.genotypes).mean() > np.quantile(_counted(cells), 0.9)


def test_many_cells_are_kept_away_from_in_parts(monkeypatch, rng):
  pool = pools.whole(SPACE)
  taken, free = pool.features[:50], np.arange(50, len(pool))
  rows = proposals.spread_out(pool, free, taken, 3, rng)
  monkeypatch.setattr(proposals, "_AT_ONCE", 7)
  again = proposals.spread_out(pool, free, taken, 3, rng)
  np.testing.assert_array_equal(again, rows)


def test_a_batch_is_diverse():
  """The best cell takes the gain of what is like it away."""
  strategy = _strategy()
  cells = SPACE.enumerate()[::40]
  state = _told(strategy, SPACE, cells, _counted(cells))
  batch = _proposed(strategy, state, 6).genotypes
  assert len(np.unique(batch, axis=0)) == 6
  single = dataclasses.replace(strategy, acquisition="mean")
  greedy = _proposed(single, state, 6).genotypes
  assert _nearest(SPACE, batch) >= _nearest(SPACE, greedy)


def test_the_reasons_are_those_of_the_means():
  strategy = _strategy(acquisition="mean")
  cells = SPACE.enumerate()[::40]
  state = _told(strategy, SPACE, cells, _counted(cells))
  found = _proposed(strategy, state, 4)
  assert found.reasons == ("exploit",) * 4
  assert (np.diff(found.means) <= 0).all()
  assert (found.stds > 0).all()
  brave = _strategy(acquisition="upper_confidence_bound", beta=1e6)
  assert "explore" in _proposed(brave, state, 4).reasons


def test_pending_cells_change_what_is_asked_next():
  strategy = _strategy()
  cells = SPACE.enumerate()[::40]
  state = _told(strategy, SPACE, cells, _counted(cells))
  alone = _proposed(strategy, state, 1).genotypes
  waiting = dataclasses.replace(state, pending=alone)
  following = _proposed(strategy, waiting, 1).genotypes
  assert not (following == alone).all()
  pair = _proposed(strategy, state, 2).genotypes
  np.testing.assert_array_equal(following[0], pair[1])


def test_cells_of_one_function_are_asked_once():
  strategy = nasjax.get_strategy("model")
  cells = NB201.sample(20, np.random.default_rng(0))
  state = _told(strategy, NB201, cells, (cells == 3).sum(axis=1) * 1.0)
  found = _proposed(strategy, state, 40).genotypes
  keys = NB201.function_keys(np.concatenate([cells, found]))
  assert len(np.unique(keys)) == len(np.unique(NB201.function_keys(cells))) + 40


def test_replicates_ask_for_names_of_one_function():
  functions = NB201.functions()
  assert functions is not None
  number = np.argmax(np.bincount(functions.numbers))
  names = NB201.enumerate()[functions.numbers == number]
  once, apart = (
    pools.keys_of(NB201, names, replicates) for replicates in (False, True)
  )
  assert len(np.unique(once)) == 1
  assert len(np.unique(apart)) == len(names) > 1
  values = np.arange(len(names), dtype=float)
  cells, means = _strategy().merged(NB201, names, values)
  assert len(cells) == 1
  assert means == pytest.approx([values.mean()])
  cells, means = _strategy(replicates=True).merged(NB201, names, values)
  np.testing.assert_array_equal(means, values)


def test_a_failure_is_the_worst_value_and_no_more():
  targets = model_based.normal_targets(np.array([3.0, np.nan, 1.0, 2.0]))
  assert np.argsort(targets).tolist() == [1, 2, 3, 0]
  assert np.isfinite(targets).all()
  nothing = model_based.normal_targets(np.array([np.nan, np.nan]))
  np.testing.assert_array_equal(nothing, [0.0, 0.0])
  cells = SPACE.enumerate()[[5, 5, 9]]
  _, values = _strategy().merged(SPACE, cells, np.array([np.nan, 4.0, np.nan]))
  np.testing.assert_array_equal(values, [4.0, np.nan])


def test_a_failed_cell_is_avoided_and_not_asked_again():
  strategy = _strategy()
  state = strategy.init(SPACE, 0, 60)
  asked = []
  while len(asked) < 60:
    cells, state = strategy.ask(state, 6)
    asked += cells.tolist()
    values = np.where(cells[:, 0] == 2, np.nan, _counted(cells))
    state = strategy.tell(state, cells, values)
  assert len(np.unique(asked, axis=0)) == 60
  late = np.array(asked[30:])
  assert (late[:, 0] == 2).mean() < 0.2


@pytest.mark.parametrize("value", [7.0, np.nan])
def test_equal_values_tell_nothing_so_that_cells_are_spread(value):
  strategy = _strategy()
  cells = SPACE.enumerate()[::100]
  state = _told(strategy, SPACE, cells, np.full(len(cells), value))
  found = _proposed(strategy, state, 3)
  assert found.reasons == ("spread",) * 3
  assert np.isnan(found.means).all()


def test_nothing_is_left_in_the_end():
  strategy = _strategy(num_first=200)
  small = search.Subset(SPACE, SPACE.enumerate()[:12])
  state = strategy.init(small, 0, 50)
  cells, state = strategy.ask(state, 50)
  assert len(np.unique(cells, axis=0)) == 12
  again, after = strategy.ask(state, 5)
  assert again.shape == (0, 5)
  assert len(after.pending) == 12
  assert len(strategy.init(small, 0, 50).pending) == 0


def test_known_labels_are_a_warm_start():
  strategy = _strategy()
  rng = np.random.default_rng(1)
  known = SPACE.sample(40, rng)
  state = _told(strategy, SPACE, known, _counted(known))
  cells, state = strategy.ask(state, 5)
  assert _counted(cells).mean() > _counted(known).mean() + 3
  assert len(state.history) == 0
  assert state.budget == 100
  bad = known.copy()
  bad[0] = 9
  with pytest.raises(errors.UserError, match="genotype 0 is not a cell"):
    strategy.learn(state, bad, np.zeros(40))
  with pytest.raises(errors.UserError, match="expected finite numbers"):
    strategy.learn(state, known, np.full(40, np.inf))


def test_a_warm_start_is_saved_too(tmp_path):
  strategy = _strategy()
  known = SPACE.enumerate()[::30]
  state = _told(strategy, SPACE, known, _counted(known))
  search.save(tmp_path / "s.npz", strategy, state)
  restored = search.load(tmp_path / "s.npz", strategy, SPACE)
  np.testing.assert_array_equal(
    strategy.ask(state, 4)[0], strategy.ask(restored, 4)[0]
  )
  other = _strategy(num_first=7)
  with pytest.raises(errors.UserError, match="saved search: expected strategy"):
    search.load(tmp_path / "s.npz", other, SPACE)


@pytest.mark.slow
@pytest.mark.parametrize(
  "space", [own_space.Chain(), nasjax.get_space("darts")]
)
def test_other_spaces_are_searched(space):
  strategy = nasjax.get_strategy("model", num_first=4, num_candidates=100)
  weights = np.random.default_rng(5).normal(size=space.genotype_length)
  result = search.run(
    strategy, space, lambda cells: cells @ weights, 14, batch_size=5
  )
  assert result.num_scored == 14
  assert space.is_valid(result.genotypes).all()
  assert len(np.unique(space.function_keys(result.genotypes))) == 14


def test_candidates_of_a_large_space_are_children_of_the_best_and_samples(rng):
  space = nasjax.get_space("darts")
  parents = space.sample(2, rng)
  pending = space.sample(2, rng)
  pool = pools.drawn(space, parents, pending, 100, rng)
  np.testing.assert_array_equal(pool.genotypes[:2], pending)
  assert 80 <= len(pool) <= 102
  assert len(np.unique(pool.keys)) == len(pool)
  differing = (pool.genotypes[:, None] != parents[None]).sum(axis=2).min(axis=1)
  assert 40 <= (differing <= 4).sum() <= 50
  assert len(pools.drawn(space, parents[:0], parents[:0], 100, rng)) >= 90


def test_the_default_predictor_is_trained_on_a_schedule(monkeypatch):
  trained = []

  class Quick:
    """Predicts the mean of what it was given."""

    def __init__(self, space, seed):
      assert space.name == "toy"
      self.params = {"params": {"kernel": {"rate": np.ones(1)}}}

    def fit(self, cells, labels):
      trained.append(len(cells))
      return self

    def predict(self, cells, return_std):
      assert return_std
      return _counted(cells), np.ones(len(cells))

  monkeypatch.setattr(network.predictor, "Predictor", Quick)
  network.kept.cache_clear()
  strategy = _strategy(surrogate="default", refit_every=10)
  result = search.run(strategy, SPACE, _counted, 31, batch_size=5)
  network.kept.cache_clear()
  assert trained == [6, 10, 20]
  assert result.scores.max() == 20.0


@pytest.mark.parametrize(
  ("options", "message"),
  [
    ({"num_first": 0}, "num_first: expected a whole number of at least 1"),
    ({"num_candidates": 2.5}, "num_candidates: expected a whole number"),
    ({"acquisition": "luck"}, "unknown acquisition 'luck'"),
    ({"surrogate": "oracle"}, "unknown surrogate 'oracle'"),
    ({"beta": -1}, "beta: expected a number of at least 0, got -1"),
    ({"beta": True}, "beta: expected a number of at least 0, got True"),
    ({"replicates": 1}, "replicates: expected True or False, got 1"),
  ],
)
def test_bad_options_are_one_line(options, message):
  with pytest.raises(errors.UserError, match=message):
    _strategy(**options)


def test_acquisitions_by_hand():
  means, stds = np.array([0.0, 1.0, 2.0]), np.array([1.0, 1.0, 0.0])
  found = acquisitions.expected_improvement(means, stds, 1.0)
  # 1 / sqrt(2 pi) at the mean, and what is certain gains its distance.
  np.testing.assert_allclose(found[1:], [0.39894228, 1.0], atol=1e-6)
  assert 0 < found[0] < found[1]
  bound = acquisitions.upper_confidence_bound(means, stds, 1.0, 2.0)
  np.testing.assert_array_equal(bound, [2.0, 3.0, 2.0])
  assert acquisitions.plain_mean(means, stds, 1.0) is means


def test_a_belief_is_conditioned_as_a_normal_distribution_is():
  covariance = np.array([[2.0, 1.0, 0.0], [1.0, 2.0, 0.5], [0.0, 0.5, 1.0]])
  noise = 0.3
  found = belief.Belief(
    np.array([1.0, 2.0, 3.0]),
    np.diag(covariance),
    noise,
    lambda rows: covariance[:, rows],
  )
  expected = covariance.copy()
  for index in (1, 2):
    found.condition(index)
    column = expected[:, index]
    expected = expected - np.outer(column, column) / (column[index] + noise)
    np.testing.assert_allclose(found.variances, np.diag(expected), atol=1e-12)
  np.testing.assert_array_equal(found.means, [1.0, 2.0, 3.0])
  rng = np.random.default_rng(0)
  drawn = np.array([found.draw(rng) for _ in range(20_000)])
  np.testing.assert_allclose(np.cov(drawn.T), expected, atol=0.05)
  np.testing.assert_allclose(drawn.mean(axis=0), found.means, atol=0.05)


def test_spread_cells_keep_away_from_those_that_are_taken(rng):
  pool = pools.whole(SPACE)
  taken = pool.features[[0]]
  free = np.arange(1, len(pool))
  (row,) = proposals.spread_out(pool, free, taken, 1, rng)
  apart = distances.between(pool.features, taken, pools.power_of(SPACE))[:, 0]
  assert apart[row] == apart.max()


def test_scores_come_back_in_the_unit_of_the_values():
  targets, values = np.array([-1.0, 0.0, 1.0]), np.array([10.0, 20.0, 60.0])
  np.testing.assert_allclose(
    units.to_values(np.array([-1.0, 0.5, 1.0]), targets, values), [10, 40, 60]
  )
  beyond = units.to_values(np.array([-2.0, 2.0]), targets, values)
  np.testing.assert_allclose(beyond, [0.0, 100.0])


def test_kept_distances_are_those_that_are_computed_anew(rng):
  features = rng.normal(size=(30, 5)).astype(np.float32)
  kept = distances.Kept(features, 1.5)
  for rows in ([0, 3], [3, 5, 0], list(range(12)), [7, 7]):
    expected = (np.abs(features[:, None] - features[rows][None]) ** 1.5).mean(
      axis=2
    )
    np.testing.assert_allclose(kept.to(features[rows]), expected, atol=1e-5)


def test_of_a_cost_every_name_of_a_function_has_its_own_features():
  functions = NB201.functions()
  assert functions is not None
  number = np.argmax(np.bincount(functions.numbers))
  names = NB201.enumerate()[functions.numbers == number]
  for target, is_one in (("accuracy", True), ("cost", False)):
    keys = pools.keys_of(NB201, names, False, target)
    features = pools.features_of(NB201, names, target)
    assert (len(np.unique(keys)) == 1) is is_one
    assert (len(np.unique(features, axis=0)) == 1) is is_one


def test_values_that_agree_once_they_are_averaged_tell_nothing_apart():
  cells = SPACE.enumerate()[[5, 5, 9]]
  state = _told(_strategy(num_first=1), SPACE, cells, [1.0, 3.0, 2.0])
  assert _proposed(_strategy(num_first=1), state, 2).reasons == ("spread",) * 2


def test_the_cell_of_the_highest_mean_is_exploited():
  strategy = _strategy(num_first=1, acquisition="mean")
  cells = SPACE.enumerate()[::7]
  state = _told(strategy, SPACE, cells, _counted(cells))
  assert _proposed(strategy, state, 1).reasons == ("exploit",)


def test_numbers_of_numpy_are_saved(tmp_path):
  strategy = _strategy(num_first=np.int64(4))
  asked, state = strategy.ask(strategy.init(SPACE, 0, 10), 2)
  search.save(tmp_path / "state.npz", strategy, state)
  found = search.load(tmp_path / "state.npz", _strategy(num_first=4), SPACE)
  np.testing.assert_array_equal(found.pending, asked)
  assert (found.budget, found.num_asks) == (10, 2)
