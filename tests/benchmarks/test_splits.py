"""Split presets on a small benchmark whose answer is known."""

import numpy as np
import pytest

from nasjax import errors
from nasjax.benchmarks import base, registry, splits
from nasjax.spaces import registry as spaces

NUM = 20
NO_VAL = [0, 7, 19]
NO_TEST = [1, 7]


@pytest.fixture
def benchmark():
  space = spaces.get_space("nb201")
  val = np.arange(NUM, dtype=float)
  test = 100 - val
  val[NO_VAL] = np.nan
  test[NO_TEST] = np.nan
  return base.Benchmark(
    name="toy",
    space=space,
    genotypes=space.enumerate()[:NUM],
    labels={},
    columns={"val": val, "test": test},
    source="made up",
  )


HAS_VAL = [row for row in range(NUM) if row not in NO_VAL]
HAS_TEST = [row for row in range(NUM) if row not in NO_TEST]


def make(benchmark, preset, num_train=5, seed=0):
  return splits.make_split(preset, benchmark, "val", "test", num_train, seed)


@pytest.mark.parametrize("preset", splits.preset_names())
@pytest.mark.parametrize("num_train", [2, 5, 8])
def test_every_preset_keeps_its_promises(benchmark, preset, num_train):
  split = make(benchmark, preset, num_train)
  assert len(split.train) == len(set(split.train)) == num_train
  assert set(split.train) <= set(HAS_VAL)
  assert set(split.rest) <= set(HAS_TEST)
  assert set(split.rest) == set(split.all) - set(split.train)
  assert {rows.dtype for rows in split} == {np.dtype(np.int64)}
  again = make(benchmark, preset, num_train)
  for first, second in zip(split, again, strict=True):
    np.testing.assert_array_equal(first, second)


def test_random_is_a_permutation_of_the_labelled_rows(benchmark):
  split = make(benchmark, "random", 6, seed=3)
  expected = np.random.default_rng(3).permutation(np.array(HAS_VAL))[:6]
  np.testing.assert_array_equal(split.train, expected)
  assert split.all.tolist() == HAS_TEST


def test_random_draws_grow(benchmark):
  small = make(benchmark, "random", 4, seed=1)
  large = make(benchmark, "random", 9, seed=1)
  np.testing.assert_array_equal(large.train[:4], small.train)
  assert set(make(benchmark, "random", 4, seed=2).train) != set(small.train)


@pytest.mark.parametrize("seed", [0, 4])
def test_tnasp_permutes_all_rows_with_the_legacy_generator(benchmark, seed):
  order = np.random.RandomState(seed).permutation(NUM)
  expected = [row for row in order if row not in NO_VAL][:5]
  split = make(benchmark, "tnasp", 5, seed)
  assert split.train.tolist() == expected
  assert split.all.tolist() == HAS_TEST


def test_tnasp_seed_0_by_value(benchmark):
  """RandomState(0).permutation(20) starts 18, 1, 19, 8, 10, 17, 6; no 19."""
  assert make(benchmark, "tnasp", 5).train.tolist() == [18, 1, 8, 10, 17]


def test_narformer_takes_the_first_rows_whatever_the_seed(benchmark):
  for seed in (0, 1):
    split = make(benchmark, "narformer", 4, seed)
    assert split.train.tolist() == [1, 2, 3, 4]
    assert split.rest.tolist() == [0, *HAS_TEST[4:]]
    assert split.all.tolist() == HAS_TEST


def test_tagates_halves_are_disjoint_and_fixed(benchmark):
  both = set(HAS_VAL) & set(HAS_TEST)
  assert len(both) == 16
  first, second = (make(benchmark, "tagates", 8, seed) for seed in (0, 1))
  assert first.rest.tolist() == first.all.tolist() == second.all.tolist()
  assert len(first.rest) == 8
  assert set(first.train) | set(first.rest) == both
  assert set(first.train) == set(second.train)
  few = [tuple(make(benchmark, "tagates", 3, s).train) for s in range(4)]
  assert len(set(few)) > 1


def test_tagates_pool_is_the_larger_half():
  """15,625 cells give 7,813 to train on and 7,812 to test on, as published."""
  benchmark = registry.get_benchmark("nb201_analog")
  label = "cifar10/test"
  split = splits.make_split("tagates", benchmark, label, label, 7813, 0)
  assert len(split.train) == 7813
  assert len(split.rest) == len(split.all) == 7812
  with pytest.raises(errors.UserError, match="expected 2 to 7813"):
    splits.make_split("tagates", benchmark, label, label, 7814, 0)


@pytest.mark.parametrize("num_train", [-1, 0, 1, 18])
def test_bad_sizes_say_how_many_there_are(benchmark, num_train):
  message = f"num_train: expected 2 to 17 .*'toy'.*'val'.* got {num_train}"
  with pytest.raises(errors.UserError, match=message):
    make(benchmark, "random", num_train)


def test_nothing_left_to_test_on(benchmark):
  benchmark.columns["test"][5:] = np.nan
  with pytest.raises(errors.UserError, match="got 1; lower num_train"):
    make(benchmark, "narformer", 4)


def test_unknown_names(benchmark):
  with pytest.raises(errors.UserError, match="unknown split 'pinat': expected"):
    make(benchmark, "pinat")
  with pytest.raises(errors.UserError, match="unknown label of 'toy' 'x'"):
    splits.make_split("random", benchmark, "x", "test", 3, 0)
