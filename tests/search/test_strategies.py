"""What every registered strategy must do, whichever it is."""

import numpy as np
import pytest
import toy

from nasjax import errors, search
from nasjax.search import asynchronous

OPTIONS = {
  "evolution": {"population_size": 12, "sample_size": 4, "crossover_rate": 0.3},
  "model": {"num_first": 8, "num_candidates": 200},
  "dngo": {"num_first": 8, "epochs": 3},
}
SPACES = {"enumerable": toy.Toy(), "sampled": toy.Toy(enumerable=False)}
BUDGET = 61
MODEL_BUDGET = 23


@pytest.fixture(params=search.strategy_names())
def strategy(request):
  return search.get_strategy(request.param, **OPTIONS.get(request.param, {}))


@pytest.fixture(params=SPACES)
def space(request):
  return SPACES[request.param]


def _budget(strategy):
  """How many cells are asked; few of a strategy that fits a model each time."""
  return BUDGET if _waits(strategy) else MODEL_BUDGET


def _waits(strategy):
  """Whether the strategy wants all answers before it is asked again."""
  return not isinstance(strategy, asynchronous.Asynchronous)


def _run(strategy, space, **kwargs):
  kwargs = {"budget": _budget(strategy), "seed": 0, "batch_size": 7, **kwargs}
  return search.run(strategy, space, toy.additive, **kwargs)


def test_spends_the_budget_on_distinct_valid_cells(strategy, space):
  batches = []
  result = _run(
    strategy, space, on_batch=lambda state: batches.append(len(state.history))
  )
  assert result.num_scored == _budget(strategy)
  assert result.genotypes.shape == (_budget(strategy), 5)
  assert result.genotypes.dtype == np.int8
  assert max(np.diff([0, *batches])) == 7
  assert min(np.diff([0, *batches])) >= 1
  assert space.is_valid(result.genotypes).all()
  assert len(np.unique(space.lookup_keys(result.genotypes))) == _budget(
    strategy
  )
  np.testing.assert_array_equal(result.scores, toy.additive(result.genotypes))


@pytest.mark.parametrize("batch_size", [1, 7, 64])
def test_same_seed_same_cells_other_seed_other_cells(
  strategy, space, batch_size
):
  first, again, other = (
    _run(strategy, space, seed=seed, batch_size=batch_size).genotypes
    for seed in (3, 3, 4)
  )
  np.testing.assert_array_equal(first, again)
  assert not np.array_equal(first, other)


@pytest.mark.parametrize("num_batches", [0, 1, 4])
def test_resumed_search_equals_uninterrupted(
  strategy, space, num_batches, tmp_path
):
  path = tmp_path / "search.npz"
  state = strategy.init(space, 5, _budget(strategy))
  for _ in range(num_batches):
    genotypes, state = strategy.ask(state, 7)
    state = strategy.tell(state, genotypes, toy.additive(genotypes))
  search.save(path, strategy, state)
  restored = search.load(path, strategy, space)
  resumed = _run(strategy, space, state=restored)
  whole = _run(strategy, space, seed=5)
  assert resumed.num_scored == _budget(strategy)
  np.testing.assert_array_equal(resumed.genotypes, whole.genotypes)
  np.testing.assert_array_equal(resumed.scores, whole.scores)


def test_resumes_with_the_question_that_had_no_answer(
  strategy, space, tmp_path
):
  path = tmp_path / "search.npz"
  asked, state = strategy.ask(strategy.init(space, 5, _budget(strategy)), 7)
  search.save(path, strategy, state)
  restored = search.load(path, strategy, space)
  np.testing.assert_array_equal(restored.pending, asked)
  resumed = _run(strategy, space, state=restored)
  whole = _run(strategy, space, seed=5)
  np.testing.assert_array_equal(resumed.genotypes, whole.genotypes)


def test_ask_and_tell_leave_the_given_state_alone(strategy, space):
  state = strategy.init(space, 0, _budget(strategy))
  first, asked = strategy.ask(state, 7)
  again, _ = strategy.ask(state, 7)
  np.testing.assert_array_equal(first, again)
  strategy.tell(asked, first, toy.additive(first))
  assert len(asked.history) == 0
  assert len(asked.pending) == len(first)
  with pytest.raises(ValueError, match="read-only"):
    asked.pending[0] = 0


def test_order_within_a_batch_does_not_matter(strategy, space, rng):
  state = strategy.init(space, 2, _budget(strategy))
  genotypes, state = strategy.ask(state, 7)
  while len(genotypes):
    shuffled = rng.permutation(genotypes)
    state = strategy.tell(state, shuffled, toy.additive(shuffled))
    genotypes, state = strategy.ask(state, 7)
  if not _waits(strategy):  # answers are kept in the order in which they came
    assert len(state.history) == _budget(strategy)
    return
  whole = _run(strategy, space, seed=2)
  np.testing.assert_array_equal(state.history.genotypes, whole.genotypes)
  np.testing.assert_array_equal(state.history.scores, whole.scores)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_names_the_cell_whose_score_is_not_finite(strategy, space, bad):
  state = strategy.init(space, 0, _budget(strategy))
  genotypes, state = strategy.ask(state, 7)
  scores = toy.additive(genotypes)
  scores[-1] = bad
  if np.isnan(bad) and not _waits(strategy):
    state = strategy.tell(state, genotypes, scores)
    np.testing.assert_array_equal(state.history.scores, scores)
    return
  cell = space.format(genotypes[-1:])[0]
  message = f"got {bad} for cell {len(scores) - 1} of the batch, {cell};"
  with pytest.raises(errors.UserError, match=message):
    strategy.tell(state, genotypes, scores)


def test_budget_above_the_size_stops_when_all_are_scored(strategy, space):
  if not _waits(strategy):
    pytest.skip("a model of 1,023 cells takes long: test_model_based.py")
  result = _run(strategy, space, budget=5000, batch_size=200)
  if space.size is None:
    assert 1000 <= result.num_scored <= 1023 or strategy.name == "score_all"
  else:
    assert result.num_scored == 1023
  keys = space.lookup_keys(result.genotypes)
  assert len(np.unique(keys)) == result.num_scored


@pytest.mark.slow
def test_no_budget_means_the_whole_space(strategy):
  size = 1023 if not _waits(strategy) else None
  result = _run(strategy, toy.Toy(), budget=None, batch_size=size)
  assert result.num_scored == 1023
  assert result.scores.max() == toy.BEST_SCORE
  with pytest.raises(errors.UserError, match="say how many to score"):
    strategy.init(toy.Toy(enumerable=False), 0)


def test_rejects_answers_to_other_questions(strategy, space):
  if not _waits(strategy):
    pytest.skip("it is told one by one: tests/search/test_asynchronous.py")
  state = strategy.init(space, 0, _budget(strategy))
  genotypes, state = strategy.ask(state, 7)
  scores = toy.additive(genotypes)
  message = "expected the .* asked cells"
  with pytest.raises(errors.UserError, match=message):
    strategy.tell(state, (genotypes + 1) % 4, scores)
  with pytest.raises(errors.UserError, match=message):
    strategy.tell(state, genotypes[:-1], scores[:-1])
  with pytest.raises(errors.UserError, match=message):
    strategy.tell(state, [], [])
  with pytest.raises(errors.UserError, match="one number for each"):
    strategy.tell(state, genotypes, scores[:, None])
  with pytest.raises(errors.UserError, match="before asking again"):
    strategy.ask(state, 7)
  state = strategy.tell(state, genotypes, scores)
  with pytest.raises(errors.UserError, match="expected the 0 asked cells"):
    strategy.tell(state, genotypes, scores)


@pytest.mark.parametrize(
  ("kwargs", "message"),
  [
    ({"budget": 0}, "budget: expected a whole number of at least 1, got 0"),
    ({"budget": 2.5}, "budget: expected a whole number .* got 2.5"),
    ({"seed": -1}, "seed: expected a whole number of at least 0, got -1"),
    ({"batch_size": 0}, "batch_size: expected a whole number .* got 0"),
  ],
)
def test_rejects_numbers_out_of_range(strategy, space, kwargs, message):
  with pytest.raises(errors.UserError, match=message):
    _run(strategy, space, **kwargs)
