"""Rank correlations against hand-worked values."""

import numpy as np
import pytest
from scipy import stats

from nasjax import errors, labels
from nasjax.training import metrics


def test_kendall_tau_b_with_ties_by_hand():
  # Pairs: 5 concordant-or-discordant of 6; one tie in the predictions.
  got = metrics.kendall_tau(np.array([1.0, 1, 2, 3]), np.array([1.0, 2, 3, 4]))
  assert got == pytest.approx(5 / np.sqrt(5 * 6))


@pytest.mark.parametrize("num", [1, 2, 3, 17, 64, 1000])
@pytest.mark.parametrize("kinds", [1, 2, 7, 10**6])
def test_as_scipy_has_it(num, kinds, rng):
  first = rng.integers(0, kinds, num).astype(float)
  second = np.round(first / kinds + rng.normal(size=num), 1)
  np.testing.assert_array_equal(labels.ranks(second), stats.rankdata(second))
  if num > 1:
    expected = stats.kendalltau(first, second).statistic
    np.testing.assert_equal(metrics.kendall_tau(first, second), expected)
    expected = stats.kendalltau(second, first).statistic
    np.testing.assert_equal(metrics.kendall_tau(second, first), expected)


def test_no_pair_has_no_correlation():
  for num in (0, 1):
    assert np.isnan(metrics.kendall_tau(np.ones(num), np.ones(num)))


def test_signs_are_kept():
  values = np.arange(5.0)
  assert metrics.kendall_tau(values, -values) == pytest.approx(-1)
  assert metrics.spearman_rho(values, -values) == pytest.approx(-1)


def test_spearman_by_hand():
  got = metrics.spearman_rho(np.array([1.0, 2, 3]), np.array([1.0, 3, 2]))
  assert got == pytest.approx(0.5)


def test_constant_scores_have_no_correlation():
  flat, rising = np.ones(4), np.arange(4.0)
  assert np.isnan(metrics.kendall_tau(flat, rising))
  assert np.isnan(metrics.spearman_rho(flat, rising))


def test_top_k_regret_by_hand():
  scores = np.array([0.9, 0.8, 0.1, 0.7])
  labels = np.array([90.0, 93.0, 95.0, 94.0])
  assert metrics.top_k_regret(scores, labels, 1) == pytest.approx(5)
  assert metrics.top_k_regret(scores, labels, 2) == pytest.approx(2)
  assert metrics.top_k_regret(scores, labels, 4) == pytest.approx(0)


def test_nan_and_lengths_are_refused():
  with pytest.raises(errors.UserError, match="expected finite numbers"):
    metrics.kendall_tau(np.array([1.0, np.nan]), np.array([1.0, 2]))
  with pytest.raises(errors.UserError, match="two vectors of one length"):
    metrics.kendall_tau(np.ones(3), np.ones(4))
