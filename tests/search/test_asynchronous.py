"""Strategies that are told one by one, while other trainings go on."""

import numpy as np
import pytest
import toy

import nasjax
from nasjax import errors, search

SPACE = toy.Toy()
BUDGET = 30


@pytest.fixture
def strategy():
  return nasjax.get_strategy("model", num_first=6)


def test_a_pending_cell_is_neither_waited_for_nor_asked_again(strategy, rng):
  state = strategy.init(SPACE, 0, BUDGET)
  asked = []
  for _ in range(4):  # four workers, none of whom is done
    cells, state = strategy.ask(state, 1)
    asked.append(cells[0])
  assert len(np.unique(asked, axis=0)) == 4
  while True:
    done = int(rng.integers(len(state.pending)))
    cell = state.pending[done][None]
    state = strategy.tell(state, cell, toy.additive(cell))
    cells, state = strategy.ask(state, 1)
    if not len(cells):
      break
    asked.append(cells[0])
    assert len(state.pending) == 4
  assert len(state.pending) == 3
  assert len(asked) == BUDGET
  assert len(np.unique(asked, axis=0)) == BUDGET


def test_answers_are_kept_in_the_order_in_which_they_come(strategy):
  asked, state = strategy.ask(strategy.init(SPACE, 0, BUDGET), 5)
  for row in (3, 0, 4):
    state = strategy.tell(state, asked[[row]], [float(row)])
  np.testing.assert_array_equal(state.history.genotypes, asked[[3, 0, 4]])
  np.testing.assert_array_equal(state.history.scores, [3.0, 0.0, 4.0])
  np.testing.assert_array_equal(state.pending, asked[[1, 2]])
  unchanged = strategy.tell(state, [], [])
  assert unchanged is state


def test_rejects_answers_to_other_questions(strategy):
  asked, state = strategy.ask(strategy.init(SPACE, 0, BUDGET), 5)
  scores = toy.additive(asked)
  other = (asked[:1] + 1) % 4
  name = SPACE.format(other)[0]
  with pytest.raises(errors.UserError, match=f"pending cells.*got {name};"):
    strategy.tell(state, other, [1.0])
  twice = asked[[0, 0]]
  with pytest.raises(errors.UserError, match="pending cells, each once"):
    strategy.tell(state, twice, [1.0, 1.0])
  with pytest.raises(errors.UserError, match="one number for each"):
    strategy.tell(state, asked, scores[:, None])
  with pytest.raises(errors.UserError, match="expected finite numbers"):
    strategy.tell(state, asked[:1], [np.inf])
  state = strategy.tell(state, asked, scores)
  with pytest.raises(errors.UserError, match="pending cells, each once"):
    strategy.tell(state, asked[:1], scores[:1])


def test_a_search_with_pending_cells_goes_on_exactly(strategy, tmp_path):
  """Saved in the middle of trainings, and loaded by another process."""
  path = tmp_path / "search.npz"
  state = strategy.init(SPACE, 4, BUDGET)
  for _ in range(3):
    cells, state = strategy.ask(state, 4)
    state = strategy.tell(state, cells[1:], toy.additive(cells[1:]))
  assert len(state.pending) == 3
  search.save(path, strategy, state)
  restored = search.load(path, strategy, SPACE)
  for _ in range(3):
    first, state = strategy.ask(state, 4)
    second, restored = strategy.ask(restored, 4)
    np.testing.assert_array_equal(first, second)
    state = strategy.tell(state, first, toy.additive(first))
    restored = strategy.tell(restored, second, toy.additive(second))


def test_run_trains_what_was_pending_first(strategy):
  """A worker that died leaves its cells; the next run begins with them."""
  asked, state = strategy.ask(strategy.init(SPACE, 0, 12), 5)
  batches = []

  def score(cells):
    batches.append(cells)
    return toy.additive(cells)

  result = search.run(strategy, SPACE, score, state=state)
  np.testing.assert_array_equal(batches[0], asked)
  assert result.num_scored == 12
