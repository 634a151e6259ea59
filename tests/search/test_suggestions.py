"""Which architectures to train next: `nasjax.suggest` and `Suggester`."""

import concurrent.futures
import threading

import numpy as np
import own_space
import pytest
import toy

import nasjax
from nasjax import errors, search
from nasjax.surrogates import pools

SPACE = nasjax.get_space("nb201")
OPTIONS = {"num_first": 4}
BENCHMARK = nasjax.get_benchmark("nb201_analog")


def _values(archs):
  cells = SPACE.parse(archs) if isinstance(archs[0], str) else archs
  return BENCHMARK.lookup(np.asarray(cells), "cifar10/test")


@pytest.fixture(scope="module")
def trained():
  cells = SPACE.sample(30, np.random.default_rng(2))
  return cells, _values(cells)


def test_it_is_a_public_name_and_takes_an_empty_start():
  found = nasjax.suggest("nb201", [], [], 5)
  assert [each.reason for each in found] == ["spread"] * 5
  assert {each.predicted for each in found} == {None}
  assert {each.std for each in found} == {None}
  cells = np.array([each.genotype for each in found])
  assert SPACE.format(cells) == [each.arch for each in found]
  assert len(np.unique(SPACE.function_keys(cells))) == 5
  again = nasjax.suggest("nb201", [], [], 5)
  assert [each.arch for each in again] == [each.arch for each in found]
  other = nasjax.suggest("nb201", [], [], 5, seed=1)
  assert [each.arch for each in other] != [each.arch for each in found]


def test_suggestions_are_good_new_and_in_the_unit_of_the_values(trained):
  cells, values = trained
  found = nasjax.suggest("nb201", SPACE.format(cells), values, 5)
  keys = SPACE.function_keys([each.genotype for each in found])
  assert not np.isin(keys, SPACE.function_keys(cells)).any()
  assert len(np.unique(keys)) == 5
  assert {each.reason for each in found} <= {"exploit", "explore"}
  for each in found:
    assert values.min() - 5 < each.predicted < values.max() + 5
    assert 0 < each.std < 2 * np.ptp(values)
  assert _values([each.arch for each in found]).mean() > np.quantile(
    values, 0.8
  )
  percent = nasjax.suggest("nb201", cells, values / 100, 5)
  assert [each.arch for each in percent] == [each.arch for each in found]
  assert percent[0].predicted == pytest.approx(found[0].predicted / 100)
  assert percent[0].std == pytest.approx(found[0].std / 100)


def test_of_a_cost_the_lowest_are_suggested(trained):
  cells, _ = trained
  params = SPACE.num_params(cells).astype(float)
  found = nasjax.suggest("nb201", cells, params, 5, target="cost")
  chosen = SPACE.num_params([each.genotype for each in found])
  assert np.median(chosen) < np.quantile(params, 0.3)
  assert all(each.std > 0 for each in found)
  suggester = nasjax.Suggester("nb201", target="cost")
  assert suggester.strategy.target == "cost"
  assert nasjax.Suggester("nb201").strategy.target == "accuracy"


def test_replicates_count_with_their_mean(trained):
  cells, values = trained
  twice = np.concatenate([cells, cells[:1]])
  shifted = np.append(values, values[0] + 2)
  shifted[0] -= 2
  first = nasjax.suggest("nb201", cells, values, 3)
  second = nasjax.suggest("nb201", twice, shifted, 3)
  assert [each.arch for each in first] == [each.arch for each in second]


def test_failures_are_the_worst_values(trained):
  cells, values = trained
  low = values.min() - 1
  failed, worst = values.copy(), values.copy()
  failed[:3], worst[:3] = np.nan, low
  first = nasjax.suggest("nb201", cells, failed, 4)
  second = nasjax.suggest("nb201", cells, worst, 4)
  assert [each.arch for each in first] == [each.arch for each in second]
  every = nasjax.suggest("nb201", cells, np.full(30, np.nan), 4)
  assert [each.reason for each in every] == ["spread"] * 4


def test_equal_values_are_no_reason_to_prefer_a_cell(trained):
  found = nasjax.suggest("nb201", trained[0], np.full(30, 90.0), 4)
  assert [each.reason for each in found] == ["spread"] * 4
  assert {each.predicted for each in found} == {None}


def test_one_value_beside_failures_has_no_unit_yet(trained):
  """Cells are ranked by a model; one value alone gives no scale."""
  values = np.full(30, np.nan)
  values[0] = 90.0
  found = nasjax.suggest("nb201", trained[0], values, 2)
  assert len(found) == 2
  assert {each.predicted for each in found} == {None}


def test_fewer_where_fewer_are_left():
  every = toy.Toy().enumerate()[:30]
  space = search.Subset(toy.Toy(), every)
  found = nasjax.suggest(space, every[3:], toy.additive(every[3:]), 10)
  assert {each.arch for each in found} == set(space.format(every[:3]))
  assert nasjax.suggest(space, every, toy.additive(every), 10) == []


def test_ask_and_tell_in_any_order():
  suggester = nasjax.Suggester("nb201", **OPTIONS)
  first = suggester.ask(3)
  second = suggester.ask(3)  # while the first three are trained
  archs = [each.arch for each in first + second]
  assert (
    len(archs) == 4
  )  # the first cells are spread out before a model chooses
  assert len(set(archs)) == 4
  third = suggester.ask(1)  # nothing is known: spread out, as the others
  assert third[0].arch not in archs
  suggester.tell(archs[3:0:-1], _values(archs[3:0:-1]))
  assert len(suggester.state.pending) == 2
  assert len(suggester.state.history) == 3
  fourth = suggester.ask(2)
  assert not {each.arch for each in fourth} & {*archs, third[0].arch}
  assert {each.reason for each in fourth} <= {"exploit", "explore"}


def test_results_that_were_not_asked_for_are_taken(trained):
  cells, values = trained
  suggester = nasjax.Suggester("nb201", **OPTIONS)
  suggester.tell(cells, values)
  assert len(suggester.state.history) == 0
  asked = suggester.ask(2)
  suggester.tell([each.arch for each in asked], [93.0, np.nan])
  assert len(suggester.state.history) == 2
  suggester.tell([asked[0].arch] * 2, [92.0, 94.0])  # replicates of it
  assert len(suggester.state.pending) == 0
  known = nasjax.Suggester("nb201", **OPTIONS)
  known.tell(cells, values)
  assert [each.arch for each in known.ask(2)] == [each.arch for each in asked]


def test_a_refused_result_changes_nothing(trained):
  cells, values = trained
  suggester = nasjax.Suggester("nb201", **OPTIONS)
  suggester.tell(cells, values)
  state = suggester.state
  for archs, numbers, message in (
    (["|nope|"], [1.0], "expected the form"),
    (cells[:2], [1.0], r"labels: expected shape \[2\]"),
    (cells[:1], [np.inf], "label 0 is inf: expected finite numbers"),
    (cells[:1], ["93"], "expected real numbers"),
    (cells[:1], [-1e300], r"expected sizes up to 1e\+290, got -1e\+300"),
    (np.full((1, 6), 9), [1.0], "genotype 0 is not a cell"),
  ):
    with pytest.raises(errors.UserError, match=message) as caught:
      suggester.tell(archs, numbers)
    assert "\n" not in str(caught.value)
    assert suggester.state is state
  with pytest.raises(errors.UserError, match="count: expected a whole number"):
    suggester.ask(0)
  with pytest.raises(errors.UserError, match="at most 1000 suggestions"):
    suggester.ask(1001)
  with pytest.raises(errors.UserError, match="unknown target 'speed'"):
    nasjax.Suggester("nb201", target="speed")
  with pytest.raises(errors.UserError, match="option of strategy 'model'"):
    nasjax.Suggester("nb201", speed=3)
  with pytest.raises(errors.UserError, match=r"expected shape \[0\]"):
    nasjax.suggest("nb201", [], [1.0])


def test_the_largest_values_have_finite_predictions(trained):
  cells, values = trained
  for large in (1e290, -1e290):
    values = values.copy()
    values[0] = large
    found = nasjax.suggest("nb201", cells, values, 3)
    assert np.isfinite([[each.predicted, each.std] for each in found]).all()


def test_threads_share_a_suggester():
  suggester = nasjax.Suggester(toy.Toy(), num_first=4)
  begin = threading.Barrier(4)

  def work(_):
    begin.wait()
    asked = []
    for _ in range(4):
      (each,) = suggester.ask(1)
      suggester.tell([each.arch], toy.additive(each.genotype[None]))
      asked.append(each.arch)
    return asked

  with concurrent.futures.ThreadPoolExecutor(4) as workers:
    archs = [arch for part in workers.map(work, range(4)) for arch in part]
  assert len(archs) == len(set(archs)) == 16
  assert len(suggester.state.history) == 16
  assert not len(suggester.state.pending)


def test_it_goes_on_from_a_file(trained, tmp_path):
  cells, values = trained
  suggester = nasjax.Suggester("nb201", 3, **OPTIONS)
  suggester.tell(cells, values)
  suggester.ask(2)
  suggester.save(tmp_path / "suggester.npz")
  other = nasjax.Suggester("nb201", 3, **OPTIONS)
  other.load(tmp_path / "suggester.npz")
  expected = [each.arch for each in suggester.ask(3)]
  assert [each.arch for each in other.ask(3)] == expected
  wrong = nasjax.Suggester("nb201", 3, num_first=5)
  with pytest.raises(errors.UserError, match="saved search: expected strategy"):
    wrong.load(tmp_path / "suggester.npz")


def test_a_budget_ends_it():
  suggester = nasjax.Suggester("nb201", budget=3)
  assert len(suggester.ask(5)) == 3
  assert suggester.ask(5) == []


@pytest.mark.parametrize("space", [own_space.Chain(), "nb201"])
def test_no_cell_that_computes_nothing_is_suggested(space):
  suggester = nasjax.Suggester(space, num_candidates=200)
  found = suggester.ask(10)
  assert len(found) == 10
  cells = np.array([each.genotype for each in found])
  assert pools.columns.is_connected(suggester.space, cells).all()
