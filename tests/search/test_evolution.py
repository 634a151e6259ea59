"""Regularised evolution on the toy space."""

import numpy as np
import pytest
import toy

from nasjax import errors, search


def _advance(strategy, state, batch_size, num, score_fn=toy.additive):
  for _ in range(num):
    genotypes, state = strategy.ask(state, batch_size)
    state = strategy.tell(state, genotypes, score_fn(genotypes))
  return state


def _distance(cells, others):
  return (cells[:, None] != others[None]).sum(axis=-1)


def test_starts_with_a_random_population_before_it_breeds():
  options = {"population_size": 20, "sample_size": 5}
  strategy = search.get_strategy("evolution", **options)
  genotypes, state = strategy.ask(strategy.init(toy.Toy(), 0, 100), 64)
  assert len(genotypes) == 20
  state = strategy.tell(state, genotypes, toy.additive(genotypes))
  children, _ = strategy.ask(state, 64)
  assert len(children) == 64
  assert _distance(children, genotypes).min(axis=1).max() == 1


def test_the_best_of_a_large_tournament_has_all_children():
  options = {"population_size": 10, "sample_size": 500}
  strategy = search.get_strategy("evolution", **options)
  state = _advance(strategy, strategy.init(toy.Toy(), 1, 100), 10, 1)
  best = state.history.genotypes[np.argmax(state.history.scores)]
  children, _ = strategy.ask(state, 6)
  assert len(children) == 6
  assert np.all(_distance(children, best[None]) == 1)


def test_the_oldest_members_die_however_good_they_are():
  options = {"population_size": 4, "sample_size": 200}
  strategy = search.get_strategy("evolution", **options)
  first_is_best = iter(range(100))
  falling = lambda cells: [-next(first_is_best) for _ in cells]  # noqa: E731
  state = strategy.init(toy.Toy(), 0, 100)
  state = _advance(strategy, state, 4, 2, falling)
  # Rows 0-3 are dead; row 4 is the best of the living rows 4-7.
  children, _ = strategy.ask(state, 4)
  parent = state.history.genotypes[4]
  assert np.all(_distance(children, parent[None]) == 1)


def test_crossover_only_mixes_parents():
  options = {"population_size": 8, "sample_size": 1, "crossover_rate": 1.0}
  strategy = search.get_strategy("evolution", **options)
  state = strategy.init(toy.Toy(), 0, 200)
  founders, state = strategy.ask(state, 8)
  state = strategy.tell(state, founders, toy.additive(founders))
  children, _ = strategy.ask(state, 30)
  assert len(children) == 30
  for edge in range(5):
    assert set(children[:, edge]) <= set(founders[:, edge])
  far = _distance(children, founders).min(axis=1)
  assert far.max() >= 2


def test_goes_on_with_new_cells_when_the_neighbourhood_is_exhausted():
  options = {"population_size": 1, "sample_size": 1}
  strategy = search.get_strategy("evolution", **options)
  state = strategy.init(toy.Toy(), 0, 1023)
  founder, state = strategy.ask(state, 1)
  state = strategy.tell(state, founder, [0.0])
  cells, state = strategy.ask(state, 40)
  around = _distance(cells, founder)[:, 0] == 1
  assert len(cells) == 40
  assert around.sum() >= 14
  assert not around.all()


def test_finds_the_optimum_and_beats_random():
  options = {"population_size": 20, "sample_size": 5}
  evolution = search.get_strategy("evolution", **options)
  random = search.get_strategy("random")
  found = {}
  for strategy in (evolution, random):
    runs = (
      search.run(strategy, toy.Toy(), toy.additive, 100, seed, batch_size=10)
      for seed in range(10)
    )
    found[strategy.name] = np.array([run.scores.max() for run in runs])
  assert (found["evolution"] == toy.BEST_SCORE).sum() >= 6
  assert found["evolution"].min() >= 21.0
  assert found["evolution"].mean() >= found["random"].mean() + 1.0


@pytest.mark.parametrize(
  ("options", "message"),
  [
    ({"population_size": 0}, "population_size: expected a whole number"),
    ({"sample_size": 1.5}, "sample_size: expected a whole number"),
    ({"crossover_rate": 1.5}, "expected a number from 0 to 1, got 1.5"),
    ({"crossover_rate": "half"}, "expected a number from 0 to 1, got 'half'"),
  ],
)
def test_rejects_options_out_of_range(options, message):
  with pytest.raises(errors.UserError, match=message):
    search.get_strategy("evolution", **options)
