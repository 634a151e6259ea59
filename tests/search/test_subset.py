"""A search among listed cells: it asks for no other."""

import numpy as np
import pytest
import toy

from nasjax import errors, search
from nasjax.spaces import registry

SPACE = toy.Toy()
CELLS = np.array(
  [
    *([0, 0, 0, 0, 1], [0, 0, 0, 1, 1], [0, 0, 1, 1, 1], [0, 1, 1, 1, 1]),
    *([1, 1, 1, 1, 1], [3, 3, 3, 3, 3], [0, 0, 0, 0, 1]),
  ],
  np.int8,
)


@pytest.fixture
def subset():
  return search.Subset(SPACE, CELLS)


def test_it_enumerates_the_list_once(subset):
  assert subset.size == 6
  assert subset.name == "toy"
  assert subset.enumerate().tolist() == CELLS[:6].tolist()
  assert subset.has(CELLS).all()
  others = np.array([[0, 0, 0, 0, 2], [0, 0, 0, 0, 0]], np.int8)
  assert not subset.is_valid(others).any()


def test_moves_stay_on_the_list(subset, rng):
  path = CELLS[:5]
  children = subset.mutate(np.repeat(path, 200, axis=0), rng)
  assert subset.has(children).all()
  assert (children != np.repeat(path, 200, axis=0)).any()
  # Each step along the path changes one edge; nothing is beside the last cell.
  beside = sorted(subset.neighbours(CELLS[1]).tolist())
  assert beside == [CELLS[0].tolist(), CELLS[2].tolist()]
  assert len(subset.neighbours(CELLS[5])) == 0
  mixed = subset.crossover(path[:4], path[1:], rng)
  assert subset.has(mixed).all()
  assert subset.has(subset.sample(50, rng)).all()


def test_a_state_goes_on_among_the_same_cells_alone(subset, tmp_path):
  """All cuts of a space have its name; their cells tell them apart."""
  strategy = search.get_strategy("random")
  _, state = strategy.ask(strategy.init(subset, 0, 4), 2)
  path = tmp_path / "state.npz"
  search.save(path, strategy, state)
  again = search.load(path, strategy, search.Subset(SPACE, CELLS))
  np.testing.assert_array_equal(again.pending, state.pending)
  others = (CELLS[:5], CELLS[::-1], SPACE.enumerate())
  for space in (*(search.Subset(SPACE, cells) for cells in others), SPACE):
    with pytest.raises(errors.UserError, match="expected cells of digest"):
      search.load(path, strategy, space)
    with pytest.raises(errors.UserError, match="of the given cells of 'toy'"):
      search.run(strategy, space, toy.trap, state=state)
  search.save(path, strategy, strategy.init(SPACE, 0, 4))
  with pytest.raises(errors.UserError, match="expected cells of digest"):
    search.load(path, strategy, subset)


def test_a_cell_off_the_list_is_called_so(subset):
  message = "genotype 1: expected one of the 6 listed cells of 'toy', got 'c"
  with pytest.raises(errors.UserError, match=message):
    subset.check([[3, 3, 3, 3, 3], [2, 2, 2, 2, 2]])


@pytest.mark.parametrize("name", search.strategy_names())
@pytest.mark.parametrize("enumerable", [True, False])
def test_every_strategy_asks_each_listed_cell_once(name, enumerable):
  space = search.Subset(toy.Toy(enumerable), CELLS)
  options = {"population_size": 2, "sample_size": 1}
  strategy = search.get_strategy(name, **options if name == "evolution" else {})
  result = search.run(strategy, space, toy.trap, 50, seed=3)
  assert sorted(result.genotypes.tolist()) == sorted(CELLS[:6].tolist())
  assert result.genotypes[result.order[0]].tolist() == [3, 3, 3, 3, 3]
  few = search.run(strategy, space, toy.trap, 3, seed=3)
  assert few.num_scored == 3
  assert space.has(few.genotypes).all()


def test_an_empty_list_is_refused():
  with pytest.raises(errors.UserError, match="at least one cell, got none"):
    search.Subset(SPACE, CELLS[:0])


def test_a_budget_that_no_memory_holds_is_refused():
  strategy = search.get_strategy("random")
  space = toy.Toy(enumerable=False)
  with pytest.raises(errors.UserError, match="at most 10000000 arch") as error:
    strategy.init(space, 0, 10**11)
  assert "\n" not in str(error.value)
  # An enumerable space holds fewer anyway.
  assert strategy.init(SPACE, 0, 10**11).budget == SPACE.size


def test_each_function_is_listed_once():
  space = registry.get_space("nb201")
  cells = space.enumerate()
  numbers = space.functions().numbers
  keys = search.function_keys(space)
  assert keys(cells).tolist() == numbers.tolist()
  scores = -numbers.astype(float)
  result = search.Result(space, cells, scores)
  rows = search.top_k(result, 20, keys)
  assert numbers[rows].tolist() == sorted(set(numbers.tolist()))[:20]
  assert len(search.top_k(result, 10**5, keys)) == 5044
  toys = search.function_keys(SPACE)(CELLS)
  assert toys.tolist() == SPACE.lookup_keys(CELLS).tolist()
