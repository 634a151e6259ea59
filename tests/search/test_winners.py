"""Which of the tried cells is the best: noise, failures, costs, ties."""

import numpy as np
import pytest

import nasjax
from nasjax import errors
from nasjax.search import winners

SPACE = nasjax.get_space("nb201")
BENCHMARK = nasjax.get_benchmark("nb201_analog")
STRATEGY = nasjax.get_strategy("model")


@pytest.fixture(scope="module")
def cells():
  return SPACE.sample(60, np.random.default_rng(3))


@pytest.fixture(scope="module")
def truth(cells):
  return BENCHMARK.lookup(cells, "cifar10/test")


def test_the_model_takes_noise_out_of_trainings(cells, truth):
  """Over draws of noise the winner is better than the highest value."""
  by_model, by_value = [], []
  for seed in range(20):
    rng = np.random.default_rng(seed)
    noisy = truth + rng.normal(0, 3, len(truth))
    means = winners.expected(STRATEGY, SPACE, cells, noisy, seed)
    by_model.append(truth[winners.best(means, noisy)])
    by_value.append(truth[np.argmax(noisy)])
  assert np.mean(by_model) > np.mean(by_value)


def test_failures_never_win_and_equal_values_name_the_first(cells, truth):
  values = truth.copy()
  best = int(np.argmax(truth))
  values[best] = np.nan
  means = winners.expected(STRATEGY, SPACE, cells, values)
  assert np.isnan(means[best])
  assert winners.best(means, values) != best
  same = np.full(len(cells), 5.0)
  means = winners.expected(STRATEGY, SPACE, cells, same)
  assert np.isnan(means).all()
  assert winners.best(means, same) == 0
  with pytest.raises(errors.UserError, match="at least one training"):
    winners.best(means, np.full(len(cells), np.nan))


def test_a_suggester_says_it_in_the_unit_of_the_values(cells, truth):
  suggester = nasjax.Suggester(SPACE)
  suggester.tell(cells, truth)
  winner = suggester.best()
  row = SPACE.format(cells).index(winner.arch)
  assert winner.value == pytest.approx(truth[row])
  assert abs(winner.predicted - winner.value) < np.ptp(truth) / 4
  params = SPACE.num_params(cells).astype(float)
  cheap = nasjax.Suggester(SPACE, target="cost")
  cheap.tell(cells, params)
  assert cheap.best().value <= np.quantile(params, 0.2)
  assert cheap.best().predicted > 0
  with pytest.raises(errors.UserError, match="at least one training"):
    nasjax.Suggester(SPACE).best()


def test_a_name_of_one_function_shares_what_is_expected(cells, truth):
  keys = SPACE.function_keys(SPACE.enumerate())
  _, first, counts = np.unique(keys, return_index=True, return_counts=True)
  twin = SPACE.enumerate()[keys == keys[first[np.argmax(counts)]]][:2]
  tried = np.concatenate([cells, twin])
  values = np.concatenate([truth, [80.0, 84.0]])
  means = winners.expected(STRATEGY, SPACE, tried, values)
  assert means[-1] == means[-2]
