"""Local search on the toy space."""

import numpy as np
import pytest
import toy

from nasjax import errors, search


def _run(score_fn, budget, seed=0, **kwargs):
  options = kwargs.pop("options", {})
  strategy = search.get_strategy("local", **options)
  return search.run(strategy, toy.Toy(), score_fn, budget, seed, **kwargs)


def test_asks_the_start_then_all_of_its_neighbours_then_those_of_the_best():
  space = toy.Toy()
  sizes = []
  result = _run(toy.trap, 60, on_batch=lambda s: sizes.append(len(s.history)))
  start, hood = result.genotypes[0], result.genotypes[1 : sizes[1]]
  neighbours = space.neighbours(start)
  assert sizes[0] == 1
  assert set(space.lookup_keys(hood)) == set(space.lookup_keys(neighbours))
  best = hood[np.argmax(toy.trap(hood))]
  moved = result.genotypes[sizes[1] : sizes[2]]
  assert toy.trap(best[None])[0] > toy.trap(start[None])[0]
  assert np.all((moved != best).sum(axis=1) == 1)
  # 15 neighbours of the best: 3 on the changed edge are known, 12 are new.
  assert sizes[2] - sizes[1] == 12


def test_the_additive_optimum_needs_one_climb():
  for seed in range(10):
    result = _run(toy.additive, 76, seed)
    assert result.scores.max() == toy.BEST_SCORE


def test_restarts_at_a_local_optimum_that_hides_a_better_cell():
  result = _run(toy.trap, 1023)
  ones = np.array([1, 1, 1, 1, 1])
  far = (result.genotypes != ones).sum(axis=1)
  top = int(np.argmax(far == 0))
  done = int(np.flatnonzero(far <= 1).max())
  assert top < done < 200
  # The next question is a fresh start, and the search goes on to the end.
  assert far[done + 1] > 1
  assert result.scores[done] < result.scores.max() == 9.0


def test_chunks_of_a_neighbourhood_lead_to_the_same_cell():
  for seed in range(5):
    sizes = (1, 4, 1024)
    runs = [_run(toy.additive, 76, seed, batch_size=size) for size in sizes]
    assert [run.scores.max() for run in runs] == [toy.BEST_SCORE] * 3


def test_a_tie_is_no_improvement():
  result = _run(lambda cells: np.zeros(len(cells)), 40)
  starts = [0]
  while starts[-1] < 39:
    start = result.genotypes[starts[-1]]
    far = (result.genotypes[starts[-1] + 1 :] != start).sum(axis=1) > 1
    starts.append(starts[-1] + 1 + int(np.argmax(far)) if far.any() else 39)
  # Each start is followed by its 14 or 15 neighbours only, then comes another.
  assert all(np.diff(starts)[:-1] >= 14)
  assert len(starts) >= 3


def test_a_cut_neighbourhood_favours_no_edge():
  edges = np.zeros(5, int)
  for seed in range(40):
    cells = _run(toy.additive, 6, seed).genotypes
    edges += (cells[1:] != cells[0]).sum(axis=0)
  # 200 changes on 5 edges: 40 each if they are drawn evenly.
  assert edges.sum() == 200
  assert edges.min() >= 25


def test_first_improvement_moves_before_the_neighbourhood_is_known():
  options = {"first_improvement": True}
  eager, full = (
    [
      _run(toy.additive, 100, seed, batch_size=1, options=chosen)
      for seed in range(10)
    ]
    for chosen in (options, {})
  )
  queries = [
    np.mean([np.argmax(run.scores == toy.BEST_SCORE) for run in runs])
    for runs in (eager, full)
  ]
  assert all(run.scores.max() == toy.BEST_SCORE for run in eager + full)
  assert queries[0] < queries[1] - 5


def test_beats_random():
  random = search.get_strategy("random")
  local = [_run(toy.additive, 60, seed).scores.max() for seed in range(10)]
  drawn = [
    search.run(random, toy.Toy(), toy.additive, 60, seed).scores.max()
    for seed in range(10)
  ]
  assert np.mean(local) >= np.mean(drawn) + 2.0


def test_rejects_an_option_that_is_no_truth_value():
  with pytest.raises(errors.UserError, match="expected True or False, got 1"):
    search.get_strategy("local", first_improvement=1)
