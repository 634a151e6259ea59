"""Scoring whole spaces, and random cells."""

import numpy as np
import toy

from nasjax import search


def _cells(name, space, **kwargs):
  strategy = search.get_strategy(name)
  return search.run(strategy, space, toy.additive, **kwargs).genotypes


def test_score_all_follows_the_documented_order():
  space = toy.Toy()
  for batch_size in (None, 100):
    cells = _cells("score_all", space, batch_size=batch_size)
    np.testing.assert_array_equal(cells, space.enumerate())


def test_score_all_takes_the_whole_space_in_one_batch():
  strategy = search.get_strategy("score_all")
  state = strategy.init(toy.Toy(), 0)
  assert len(strategy.ask(state, strategy.batch_size)[0]) == 1023


def test_score_all_below_the_size_is_a_uniform_sample():
  space = toy.Toy()
  counts = np.zeros(1024, int)
  for seed in range(200):
    keys = space.lookup_keys(_cells("score_all", space, budget=512, seed=seed))
    assert np.all(np.diff(keys.astype(int)) > 0)
    counts[keys] += 1
  assert counts[0] == 0
  low, high = counts[1:512].sum(), counts[512:].sum()
  assert low + high == 200 * 512
  # Half of the cells, half of the draws; a prefix would give 51,100 to none.
  assert abs(low - 200 * 512 * 511 / 1023) < 600


def test_score_all_scores_one_cell_per_fingerprint_of_a_sampled_space():
  space = toy.Toy(enumerable=False)
  cells = _cells("score_all", space, budget=300)
  assert len(np.unique(space.fingerprint(cells))) == 300
  # 1,024 words have 64 palindromes: (1,024 + 64) / 2 classes, 00000 is none.
  everything = _cells("score_all", space, budget=1023)
  assert len(np.unique(space.fingerprint(everything))) == len(everything)
  assert 500 <= len(everything) <= 543


def test_random_does_not_depend_on_the_batch_size_or_the_scores():
  space, strategy = toy.Toy(), search.get_strategy("random")
  whole = search.run(strategy, space, toy.additive, 90, batch_size=90)
  single = search.run(strategy, space, toy.trap, 90, batch_size=1)
  np.testing.assert_array_equal(whole.genotypes, single.genotypes)


def test_random_is_in_random_order_even_where_it_covers_the_space():
  space = toy.Toy()
  cells = _cells("random", space, budget=1023)
  keys = space.lookup_keys(cells).astype(int)
  assert sorted(keys) == list(range(1, 1024))
  assert abs(np.corrcoef(keys, np.arange(1023))[0, 1]) < 0.1


def test_sample_distinct_leaves_out_what_was_seen(rng):
  for space in (toy.Toy(), toy.Toy(enumerable=False)):
    seen = np.arange(1, 1001, dtype=np.uint64)
    found = search.sample_distinct(space, 10, rng, seen=seen)
    keys = space.lookup_keys(found)
    assert np.all(keys > 1000)
    assert len(np.unique(keys)) == len(found)
    assert len(found) == 10 or space.size is None
