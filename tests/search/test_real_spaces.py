"""Searches of NB201 and DARTS by a synthetic score with a known optimum."""

import numpy as np
import pytest

from nasjax import search
from nasjax.spaces import registry

WEIGHTS = np.random.default_rng(7).random((6, 5))
OPTIMUM = WEIGHTS.max(axis=1).sum()


def _additive(genotypes):
  return WEIGHTS[np.arange(6), genotypes].sum(axis=1)


def _best(name, budget, **options):
  strategy = search.get_strategy(name, **options)
  space = registry.get_space("nb201")
  runs = (
    search.run(strategy, space, _additive, budget, seed, batch_size=10)
    for seed in range(10)
  )
  return np.array([run.scores.max() for run in runs])


def test_score_all_of_nb201_finds_the_optimum():
  space = registry.get_space("nb201")
  strategy = search.get_strategy("score_all")
  result = search.run(strategy, space, _additive)
  assert result.num_scored == 15625
  best = result.genotypes[search.top_k(result, 1)[0]]
  np.testing.assert_array_equal(best, WEIGHTS.argmax(axis=1))


def test_evolution_and_local_search_beat_random_on_nb201():
  random = _best("random", 300)
  evolution = _best("evolution", 300)
  local = _best("local", 300)
  np.testing.assert_allclose(evolution, OPTIMUM)
  np.testing.assert_allclose(local, OPTIMUM)
  assert random.max() < OPTIMUM - 0.05
  assert random.mean() < OPTIMUM - 0.2


@pytest.mark.slow
@pytest.mark.parametrize("name", search.strategy_names())
def test_every_strategy_asks_distinct_cells_of_darts(name):
  space = registry.get_space("darts")
  options = {"population_size": 20} if name == "evolution" else {}
  strategy = search.get_strategy(name, **options)
  counts = lambda cells: -space.num_params(cells)  # noqa: E731
  result = search.run(strategy, space, counts, 150, batch_size=32)
  assert result.num_scored == 150
  assert space.is_valid(result.genotypes).all()
  assert len(np.unique(space.lookup_keys(result.genotypes))) == 150
