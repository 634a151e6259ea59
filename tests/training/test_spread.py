"""How far a prediction may be off: standard deviations of a regression."""

import dataclasses
import json
import pathlib

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import tiny

import nasjax
from nasjax.features import reads
from nasjax.regression import solver, spread

SPACE = nasjax.get_space("nb201")
POWER = 1.5


def _smooth(features):
  return np.sin(2 * features[:, 0]) + 0.5 * features[:, 1]


def _fitted(num, noise, rng, rate=1.0, ridge=0.05):
  """A regression that is solved by hand, and its spread."""
  near = rng.uniform(-2, 2, size=(num, 2)).astype(np.float32)
  labels = _smooth(near) + noise * rng.normal(size=num)
  targets = solver.normal_scores(labels)
  gram = np.exp(-rate * solver.distances(near, near, POWER))
  inverse = np.linalg.inv(gram + ridge * np.eye(num))
  left_out = targets - (inverse @ targets) / np.diag(inverse)
  rows = np.arange(num)
  fit = solver.Fit(
    cells=rows,
    rate=rate,
    coefficients=inverse @ targets,
    slopes=np.zeros(2),
    ridge=ridge,
    rows=rows,
    left_out=left_out,
  )
  found = spread.fit(fit, near, labels, POWER, seed=0)
  unit = labels.std() / targets.std()

  def predict(others):
    similar = np.exp(-rate * solver.distances(others, near, POWER))
    scores = labels.mean() + unit * (similar @ fit.coefficients)
    return scores, found.of(scores, _variances(found, others))

  return found, near, labels, predict


def _variances(found, others):
  params = {
    name: np.asarray(a)[0] for name, a in found.params["params"].items()
  }
  apart = solver.distances(others, params["cells"], POWER)
  similar = np.exp(-params["rate"] * apart)
  explained = ((similar @ params["whitening"]) ** 2).sum(axis=1)
  return params["noise"] + np.maximum(1 - explained, 0)


def test_intervals_hold_as_many_labels_as_they_should(rng):
  _, _, _, predict = _fitted(200, 0.3, rng)
  others = rng.uniform(-2, 2, size=(2000, 2)).astype(np.float32)
  labels = _smooth(others) + 0.3 * rng.normal(size=2000)
  scores, stds = predict(others)
  off = np.abs(labels - scores) / stds
  for quantile, share in ((0.674, 0.5), (1.282, 0.8), (1.96, 0.95)):
    assert (off < quantile).mean() == pytest.approx(share, abs=0.08)


def test_it_grows_with_the_noise_of_the_labels(rng):
  means = []
  for noise in (0.05, 0.3, 1.0):
    _, near, _, predict = _fitted(150, noise, rng)
    means.append(predict(near)[1].mean())
  assert means[0] < means[1] < means[2]


def test_it_is_larger_far_from_the_training_cells(rng):
  found, near, _, _ = _fitted(100, 0.1, rng)
  far = near[:20] + 20
  middle = np.zeros(20)
  inside = found.of(middle, _variances(found, near[:20]))
  outside = found.of(middle, _variances(found, far))
  assert (outside > 1.5 * inside).all()
  np.testing.assert_allclose(_variances(found, far), 1.05, atol=1e-3)


def test_the_variance_is_that_of_a_gaussian_process(rng):
  found, near, _, _ = _fitted(40, 0.1, rng)
  others = rng.uniform(-2, 2, size=(10, 2)).astype(np.float32)
  gram = np.exp(-solver.distances(near, near, POWER)) + 0.05 * np.eye(40)
  similar = np.exp(-solver.distances(others, near, POWER))
  expected = 1.05 - np.einsum(
    "ij,ij->i", similar, np.linalg.solve(gram, similar.T).T
  )
  np.testing.assert_allclose(_variances(found, others), expected, atol=1e-4)


def test_of_many_cells_some_are_compared_with(rng, monkeypatch):
  monkeypatch.setattr(spread, "MOST_CELLS", 30)
  monkeypatch.setattr(spread, "_MOST_ERRORS", 60)
  found, near, _, predict = _fitted(100, 0.1, rng)
  assert found.num_cells == 30
  assert np.isfinite(predict(near)[1]).all()
  assert len(found.scores) == len(found.levels) <= 16
  assert (np.diff(found.scores) > 0).all()


def test_labels_without_an_error_have_a_deviation_above_0():
  predicted = np.linspace(0, 1, 40)
  scores, levels = spread._levels(predicted, np.zeros(40))
  assert (levels > 0).all()
  assert (np.diff(scores) > 0).all()


def test_levels_by_hand():
  """Small errors at the low end, large ones at the high end."""
  predicted = np.linspace(0, 1, 400)
  errors = np.where(predicted < 0.5, 0.1, 1.0)
  scores, levels = spread._levels(predicted, errors)
  mean = (5 * (0.01 + 1) / 2, 55)  # five errors of the mean level
  assert levels[0] == pytest.approx(np.sqrt((50 * 0.01 + mean[0]) / mean[1]))
  assert levels[-1] == pytest.approx(np.sqrt((50 * 1.0 + mean[0]) / mean[1]))
  found = spread.Spread(None, scores, levels).of([-5.0, 5.0], [1.0, 4.0])
  np.testing.assert_allclose(found, [levels[0], 2 * levels[-1]])


@pytest.fixture(scope="module")
def fitted():
  cells = SPACE.sample(60, np.random.default_rng(0))
  labels = (cells == 3).sum(axis=1) + np.random.default_rng(1).normal(size=60)
  config = tiny.config(epochs=1, num_members=2)
  return nasjax.Predictor("nb201", config=config).fit(cells, labels)


@pytest.mark.slow
def test_a_default_predictor_keeps_it(fitted, tmp_path):
  cells = SPACE.sample(50, np.random.default_rng(2))
  scores, stds = fitted.predict(cells, return_std=True)
  np.testing.assert_array_equal(fitted.predict(cells), scores)
  assert (stds > 0).all()
  fitted.save(tmp_path / "model")
  loaded = nasjax.Predictor.load(tmp_path / "model")
  again, spreads = loaded.predict(cells, return_std=True)
  np.testing.assert_array_equal(again, scores)
  np.testing.assert_array_equal(spreads, stds)


def test_the_layer_computes_the_same(rng):
  found, _, _, _ = _fitted(40, 0.1, rng)
  others = rng.uniform(-2, 2, size=(3, 2)).astype(np.float32)
  what = reads.Reads(("graph",), by_function=False)
  module = spread.PosteriorVariance(what, 40, POWER)
  cells = tiny.cells(SPACE, SPACE.sample(3, rng), only=("graph",))
  cells = dataclasses.replace(cells, features={"graph": jnp.asarray(others)})
  params = jax.tree.map(lambda leaf: leaf[0], found.params)
  variances = jax.vmap(lambda cell: module.apply(params, cell))(cells)
  np.testing.assert_allclose(variances, _variances(found, others), atol=1e-4)


@pytest.mark.slow
def test_a_deviation_does_not_depend_on_its_batch(fitted):
  cells = SPACE.sample(9, np.random.default_rng(3))
  _, together = fitted.predict(cells, return_std=True)
  alone = [fitted.predict(cells[[i]], return_std=True)[1][0] for i in range(9)]
  np.testing.assert_allclose(together, alone, rtol=1e-4)


def test_folders_of_earlier_versions_have_the_spread_of_the_members():
  root = pathlib.Path(__file__).parents[1] / "golden" / "models"
  folder = root / "architecture"
  assert "spread" not in json.loads((folder / "model.json").read_text())
  model = nasjax.Predictor.load(folder)
  assert model.fitted.spread is None
  cells = model.space.sample(20, np.random.default_rng(0))
  scores, stds = model.predict(cells, return_std=True)
  assert scores.shape == stds.shape == (20,)
  assert (stds >= 0).all()
