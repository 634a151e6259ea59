"""Gaussian process regression: closed forms, and rate and noise by evidence."""

import numpy as np
import pytest

from nasjax.regression import gaussian, solver


def _problem(num, rng, noise=0.1):
  features = rng.uniform(-2, 2, size=(num, 2))
  targets = np.sin(2 * features[:, 0]) + noise * rng.normal(size=num)
  return features, targets


def _distances(first, second):
  return np.asarray(
    solver.distances(first.astype(np.float32), second.astype(np.float32), 2.0),
    np.float64,
  )


def test_mean_and_variance_by_the_formula(rng):
  features, targets = _problem(30, rng)
  others, _ = _problem(12, rng)
  own, apart = _distances(features, features), _distances(others, features)
  process = gaussian._best(own, targets, None, (0.7,), (0.05,))
  assert (process.rate, process.noise) == (0.7, 0.05)
  gram = np.exp(-0.7 * own) + 0.05 * np.eye(30)
  ones = np.ones(30)
  mean = (ones @ np.linalg.solve(gram, targets)) / (
    ones @ np.linalg.solve(gram, ones)
  )
  rest = targets - mean
  variance = rest @ np.linalg.solve(gram, rest) / 30
  assert process.mean == pytest.approx(mean)
  assert process.variance == pytest.approx(variance)
  similar = np.exp(-0.7 * apart)
  means, variances, explained = gaussian.posterior(process, apart)
  np.testing.assert_allclose(
    means, mean + similar @ np.linalg.solve(gram, rest), atol=1e-6
  )
  covariance = np.exp(-0.7 * _distances(others, others)) - similar @ (
    np.linalg.solve(gram, similar.T)
  )
  np.testing.assert_allclose(
    variances, variance * np.diag(covariance), atol=1e-6
  )
  found = np.exp(-0.7 * _distances(others, others)) - explained @ explained.T
  np.testing.assert_allclose(found, covariance, atol=1e-6)


def test_it_is_the_process_of_scikit_learn(rng):
  pytest.importorskip("sklearn", reason="the extra sklearn")
  from sklearn import gaussian_process
  from sklearn.gaussian_process import kernels

  features, targets = _problem(40, rng)
  targets = targets - targets.mean()
  others, _ = _problem(15, rng)
  process = gaussian._best(
    _distances(features, features), targets, None, (1.0,), (0.1,)
  )
  # exp(-mean of squares) over two features has the length scale 1.
  known = gaussian_process.GaussianProcessRegressor(
    process.variance * kernels.RBF(1.0),
    alpha=process.variance * 0.1,
    optimizer=None,
  ).fit(features, targets - process.mean)
  expected, std = known.predict(others, return_std=True)
  means, variances, _ = gaussian.posterior(
    process, _distances(others, features)
  )
  np.testing.assert_allclose(means, expected + process.mean, atol=1e-5)
  np.testing.assert_allclose(np.sqrt(variances), std, rtol=1e-3, atol=1e-5)


def test_rate_and_noise_have_the_largest_evidence(rng):
  features, targets = _problem(35, rng)
  own = _distances(features, features)
  chosen = gaussian.fit(own, targets)

  def evidence(rate, noise):
    gram = np.exp(-rate * own) + noise * np.eye(35)
    process = gaussian._best(own, targets, None, (rate,), (noise,))
    rest = targets - process.mean
    _, size = np.linalg.slogdet(process.variance * gram)
    return -size - rest @ np.linalg.solve(process.variance * gram, rest)

  best = evidence(chosen.rate, chosen.noise)
  for rate in gaussian.RATES:
    for noise in gaussian.NOISES:
      assert evidence(rate, noise) <= best + 1e-6


@pytest.mark.parametrize("noise", [0.03, 0.5])
def test_noise_is_recognised(rng, noise):
  features, targets = _problem(150, rng, noise)
  process = gaussian.fit(_distances(features, features), targets)
  found = np.sqrt(process.noise * process.variance)
  assert 0.5 * noise < found < 2 * noise


def test_intervals_hold_as_many_values_as_they_should(rng):
  features, targets = _problem(80, rng, 0.2)
  others, values = _problem(1500, rng, 0.2)
  process = gaussian.fit(_distances(features, features), targets)
  means, variances, _ = gaussian.posterior(
    process, _distances(others, features)
  )
  off = np.abs(values - means)
  off /= np.sqrt(variances + process.noise * process.variance)
  assert (off < 1.282).mean() == pytest.approx(0.8, abs=0.08)
  assert (off < 1.96).mean() == pytest.approx(0.95, abs=0.05)


def test_many_cells_take_rate_and_noise_of_some(rng, monkeypatch):
  monkeypatch.setattr(gaussian, "CHOSEN_ON", 30)
  features, targets = _problem(60, rng)
  own = _distances(features, features)
  process = gaussian.fit(own, targets, seed=3)
  some = np.random.default_rng(3).choice(60, 30, replace=False)
  few = gaussian.fit(own[np.ix_(some, some)], targets[some])
  assert (process.rate, process.noise) == (few.rate, few.noise)
  assert process.coefficients.shape == (60,)


def test_equal_cells_with_other_values(rng):
  """Replicates make the kernel singular; the noise keeps it solvable."""
  features = np.repeat(rng.uniform(-2, 2, size=(5, 2)), 4, axis=0)
  targets = rng.normal(size=20)
  process = gaussian.fit(_distances(features, features), targets)
  means, variances, _ = gaussian.posterior(
    process, _distances(features, features)
  )
  assert np.isfinite(means).all()
  assert (variances > 0).all()
