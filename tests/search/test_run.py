"""The registry, the winners, regret, and saved states."""

import ast
import pathlib

import jax.numpy as jnp
import numpy as np
import pytest
import toy

from nasjax import errors, files, search
from nasjax.search import state as search_state

CELLS = toy.Toy().parse(["aaaab", "aaaac", "aaaad", "aaaba", "aaabb"])


def _result(scores, cells=CELLS):
  return search.Result(toy.Toy(), cells, np.array(scores))


def test_unknown_names_list_the_known_ones():
  with pytest.raises(errors.UserError, match="'score_all', 'random'"):
    search.get_strategy("annealing")
  message = "unknown option of strategy 'evolution' 'size': expected one of "
  with pytest.raises(errors.UserError, match=message + "'population_size'"):
    search.get_strategy("evolution", size=3)
  with pytest.raises(errors.UserError, match="it has no options"):
    search.get_strategy("random", size=3)


def test_order_is_best_first_and_the_earlier_query_wins_a_tie():
  result = _result([1.0, 3.0, 2.0, 3.0, -1.0])
  assert result.num_scored == 5
  np.testing.assert_array_equal(result.order, [1, 3, 2, 0, 4])
  np.testing.assert_array_equal(search.top_k(result, 3), [1, 3, 2])
  np.testing.assert_array_equal(search.top_k(result, 9), [1, 3, 2, 0, 4])


def test_top_k_counts_a_cell_once():
  cells = CELLS[[0, 1, 1, 1, 1, 1, 1, 2, 0]]
  result = _result([0.0, 5.0, 9.0, 8.0, 7.0, 6.0, 5.0, 4.0, 3.0], cells)
  np.testing.assert_array_equal(search.top_k(result, 1), [2])
  np.testing.assert_array_equal(search.top_k(result, 2), [2, 7])
  np.testing.assert_array_equal(search.top_k(result, 5), [2, 7, 8])
  with pytest.raises(errors.UserError, match="top_k: expected a whole number"):
    search.top_k(result, 0)


def test_evaluate_top_k_takes_the_winner_by_real_values():
  table = {"aaaab": 90.0, "aaaac": 93.0, "aaaad": 95.0, "aaaba": np.nan}
  asked = []

  def evaluate(cells):
    asked.extend(toy.Toy().format(cells))
    return [table[cell] for cell in toy.Toy().format(cells)]

  result = _result([4.0, 3.0, 1.0, 2.0, 0.0])
  best, values = search.evaluate_top_k(result, 3, evaluate)
  assert asked == ["aaaab", "aaaac", "aaaba"]
  np.testing.assert_array_equal(best, CELLS[1])
  np.testing.assert_array_equal(values, [90.0, 93.0, np.nan])


def test_evaluate_top_k_prefers_the_better_score_in_a_tie():
  result = _result([1.0, 3.0, 2.0, 0.0, 0.0])
  best, _ = search.evaluate_top_k(result, 3, lambda cells: np.ones(3))
  np.testing.assert_array_equal(best, CELLS[1])


def test_evaluate_top_k_needs_a_known_value_per_cell():
  result = _result([1.0, 3.0, 2.0, 0.0, 0.0])
  with pytest.raises(errors.UserError, match="at least one known value"):
    search.evaluate_top_k(result, 2, lambda cells: [np.nan, np.nan])
  with pytest.raises(errors.UserError, match="each of 2 cells, got shape"):
    search.evaluate_top_k(result, 2, lambda cells: [1.0])


def test_regret_and_its_curve():
  assert search.regret(93.5, 94.0) == 0.5
  assert search.regret(94.5, 94.0) == -0.5
  values = [np.nan, 90.0, 80.0, np.nan, 93.0, 94.0, 91.0]
  curve = search.regret_curve(values, 94.0)
  expected = [np.nan, 4.0, 4.0, 4.0, 1.0, 0.0, 0.0]
  np.testing.assert_array_equal(curve, expected)


def test_on_batch_sees_every_batch_and_scores_may_be_any_array():

  seen = []
  strategy = search.get_strategy("random")
  result = search.run(
    strategy,
    toy.Toy(),
    lambda cells: jnp.asarray(toy.additive(cells)),
    budget=10,
    batch_size=4,
    on_batch=lambda state: seen.append(len(state.history)),
  )
  assert seen == [4, 8, 10]
  assert result.scores.dtype == np.float64
  np.testing.assert_array_equal(result.scores, toy.additive(result.genotypes))


def test_a_saved_search_goes_on_only_as_what_it_was(tmp_path):
  strategy = search.get_strategy("evolution", population_size=5)
  state = strategy.init(toy.Toy(), 0, 20)
  path = tmp_path / "search.npz"
  search.save(path, strategy, state)
  other = search.get_strategy("evolution", population_size=6)
  with pytest.raises(errors.UserError, match="expected strategy"):
    search.load(path, other, toy.Toy())
  space = toy.Toy()
  space.name = "other"
  with pytest.raises(errors.UserError, match="expected space 'other', got"):
    search.load(path, strategy, space)
  with pytest.raises(errors.UserError, match="one of 'toy'"):
    search.run(strategy, space, toy.additive, state=state)


def test_a_file_that_is_no_search_is_refused(tmp_path):
  strategy, path = search.get_strategy("random"), tmp_path / "other.npz"
  files.save_npz(path, genotypes=CELLS)
  with pytest.raises(errors.UserError, match="expected an array 'manifest'"):
    search.load(path, strategy, toy.Toy())


def test_arrays_hold_no_objects():
  strategy = search.get_strategy("local")
  _, state = strategy.ask(strategy.init(toy.Toy(), 0, 20), 4)
  arrays = search_state.to_arrays(strategy, state)
  assert all(array.dtype != object for array in arrays.values())
  restored = search_state.from_arrays(strategy, toy.Toy(), arrays)
  assert (restored.seed, restored.budget, restored.num_asks) == (0, 20, 2)
  np.testing.assert_array_equal(restored.pending, state.pending)
  assert set(restored.memory) == {"keys", "current"}


def _rooms(paths):
  """Rooms of nasjax that modules import, also inside of functions."""
  imported = {
    f"{node.module}.{alias.name}"
    for path in paths
    for node in ast.walk(ast.parse(path.read_text()))
    if isinstance(node, ast.ImportFrom)
    for alias in node.names
  }
  return {n.split(".")[1] for n in imported if n.startswith("nasjax.")}


# A model of what was told chooses there; it sees scores, and no more.
BY_MODEL = (
  *("dngo.py", "latent.py", "model_based.py", "priors.py", "proposals.py"),
  *("reinforce.py", "suggestions.py", "winners.py"),
)


def test_search_knows_nothing_of_where_scores_come_from():
  folder = pathlib.Path(search.__file__).parent
  paths = {path.name: path for path in folder.glob("*.py")}
  by_model = [paths.pop(name) for name in BY_MODEL]
  assert _rooms(paths.values()) == {
    *("errors", "files", "foreign", "io", "search", "spaces")
  }
  assert _rooms(by_model) == {
    *("compiler", "errors", "files", "labels", "predictors", "regression"),
    *("search", "spaces", "surrogates", "zero_label"),
  }
