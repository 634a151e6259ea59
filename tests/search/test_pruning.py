"""Pruning of a supernet, and evolution of genes."""

import numpy as np
import own_space
import pytest
import toy

import nasjax
from nasjax import errors, search
from nasjax.search import options, pruning

SPACE = toy.Toy()


def _run(space, score, budget, **fields):
  strategy = nasjax.get_strategy("pruning", **fields)
  return search.run(strategy, space, score, budget, seed=0)


def test_pruning_alone_finds_the_best_of_independent_options():
  result = _run(SPACE, toy.additive, 1000, parts="pruning")
  best = result.genotypes[result.order[0]]
  np.testing.assert_array_equal(best, toy.BEST)
  # Each of five places loses three of four options: 4 + 3 + 2 are tried, in
  # eight cells each.
  assert result.num_scored <= 5 * (4 + 3 + 2) * 8


def test_an_option_is_as_good_as_its_cells_by_hand():
  strategy = pruning.Pruning(parts="pruning", num_samples=2)
  state = strategy.init(SPACE, 0, 100)
  cells, state = strategy.ask(state, 100)
  assert len(cells) in (7, 8)  # four options in two cells; 00000 is no cell
  assert len(np.unique(cells[:, 1:], axis=0)) == 2
  assert set(cells[:, 0]) == {0, 1, 2, 3}
  scores = np.where(cells[:, 0] == 2, -1.0, 1.0)
  state = strategy.tell(state, cells, scores)
  cells, state = strategy.ask(state, 100)
  assert state.memory["alive"][0].tolist() == [True, True, False, True]
  assert state.memory["alive"][1:].all()
  assert 2 not in cells[:, 0]
  assert set(cells[:, 1]) == {0, 1, 2, 3}


@pytest.mark.parametrize("name", ["nb101", "nb201", "darts"])
def test_cells_of_every_space_are_valid_and_pruning_ends(name):
  space = nasjax.get_space(name)
  weights = np.random.default_rng(1).normal(size=space.genotype_length)

  def score(cells):
    assert space.is_valid(cells).all()
    return cells @ weights

  result = _run(space, score, 6000, parts="pruning", num_samples=4)
  assert 20 < result.num_scored < 6000
  drawn = space.sample(result.num_scored, np.random.default_rng(2)) @ weights
  assert result.scores.max() > np.quantile(drawn, 0.95)


def test_evolution_alone_beats_random_cells():
  space = nasjax.get_space("darts")
  weights = np.random.default_rng(1).normal(size=(32, 8))

  def score(cells):
    return weights[np.arange(32), cells].sum(axis=1)

  found = _run(space, score, 600, parts="evolution")
  random = search.run(nasjax.get_strategy("random"), space, score, 600, seed=0)
  assert found.scores.max() > random.scores.max() + 2
  hybrid = _run(space, score, 3000)
  assert hybrid.num_scored == 3000
  assert hybrid.scores.max() > found.scores.max()


def test_genes_share_the_interval_evenly():
  found = options.find(SPACE, np.random.default_rng(0))
  assert found.counts.tolist() == [4] * 5
  genes = np.array([[0.0, 0.24, 0.26, 0.74, 1.0]])
  np.testing.assert_array_equal(found.of_genes(genes), [[0, 0, 1, 2, 3]])
  cells = SPACE.enumerate()
  again = found.cells(found.of_genes(found.genes(cells)))
  np.testing.assert_array_equal(again, cells)


def test_places_with_other_options_than_codes():
  space = nasjax.get_space("darts")
  found = options.find(space, np.random.default_rng(0))
  # The inputs of the first node are 0 and 1; then one of 0, 1 and one of 1, 2.
  assert found.counts[:8].tolist() == [1, 7, 1, 7, 2, 7, 2, 7]
  assert 0 not in found.values[1]  # `none` is never drawn
  cells = space.sample(50, np.random.default_rng(3))
  again = found.cells(found.of_genes(found.genes(cells)))
  np.testing.assert_array_equal(again, cells)


def test_a_supernet_of_one_cell_has_it():
  class One(own_space.Chain):
    choices = (1, 1, 1, 1)

  for parts in pruning.PARTS:
    score = lambda cells: np.ones(len(cells))  # noqa: E731
    result = _run(One(), score, 9, parts=parts)
    np.testing.assert_array_equal(result.genotypes, np.zeros((1, 4)))


def test_a_supernet_without_cells_gives_none():
  found = options.find(SPACE, np.random.default_rng(0))
  alive = np.zeros((5, 4), bool)
  alive[:, 0] = True  # the cell 00000 is none
  drawn = options.draw(SPACE, found, alive, 3, np.random.default_rng(0))
  assert drawn.shape == (0, 5)


@pytest.mark.parametrize(
  ("fields", "message"),
  [
    ({"parts": "both"}, "unknown parts 'both'"),
    ({"num_samples": 0}, "num_samples"),
    ({"population_size": 0}, "population_size"),
    ({"step": 0}, "step: expected a number above 0"),
    ({"step": True}, "step"),
  ],
)
def test_wrong_options(fields, message):
  with pytest.raises(errors.UserError, match=message):
    nasjax.get_strategy("pruning", **fields)
