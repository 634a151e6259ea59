"""The kernel regression beside the network: solved by hand, and attached."""

import functools
import json

import jax
import numpy as np
import pytest

import nasjax
from nasjax import compiler, errors, scoring
from nasjax import config as configs
from nasjax.experiments import experiment
from nasjax.features import inputs
from nasjax.features import tables as graph_features
from nasjax.regression import beside, ridge, solver
from nasjax.regression import layer as kernel_model
from nasjax.systems import registry as models
from nasjax.training import metrics

SMALL = {
  "epochs": 2,
  "num_members": 2,
  "model": {
    **{"width": 8, "num_heads": 2, "gcn_width": 8, "head": "mlp"},
    **{"num_layers": 0, "encoder_layers": 0},
  },
}


def labelled(num, rng):
  """Cells of NB201 with a label that counts 3x3 convolutions."""
  space = nasjax.get_space("nb201")
  genotypes = space.sample(num, rng)
  return genotypes, (genotypes == 3).sum(axis=1) + 0.1 * rng.normal(size=num)


@pytest.fixture(scope="module")
def fitted():
  """A predictor with 30 cells, and those cells with their labels."""
  genotypes, labels = labelled(30, np.random.default_rng(0))
  return nasjax.Predictor("nb201", **SMALL).fit(genotypes, labels), (
    genotypes,
    labels,
  )


def reloaded(predictor, folder, genotypes):
  """The predictor after a save and a load, which must change no score."""
  predictor.save(folder / "model")
  loaded = nasjax.Predictor.load(folder / "model")
  np.testing.assert_array_equal(
    loaded.predict(genotypes), predictor.predict(genotypes)
  )
  return loaded


def gram_of(features, rate, power):
  """The kernel between all rows of `features` `[n, F]`, `[n, n]`."""
  return np.stack(
    [kernel_model.power_kernel(row, features, rate, power) for row in features]
  )


def test_kernel_by_hand():
  cells = np.array([[1.0, 2.0], [5.0, 2.0]])
  for power, expected in ((1.0, 2.0), (1.5, 4.0), (2.0, 8.0)):
    found = kernel_model.power_kernel(cells[0], cells, 0.1, power)
    np.testing.assert_allclose(found, [1, np.exp(-0.1 * expected)], rtol=1e-6)


@pytest.mark.parametrize("power", [1.0, 1.5, 1.7])
def test_left_out_predictions_are_those_of_refits(power, rng):
  features, labels = rng.normal(size=(12, 3)), rng.normal(size=12)
  fit = solver.solve(features, labels, power=power)
  assert fit.rate in solver.RATES
  targets = solver.normal_scores(labels)
  gram = gram_of(features, fit.rate, power)
  ridges = [
    ridge
    for ridge in ridge.RIDGES
    if np.allclose(
      np.linalg.solve(gram + ridge * np.eye(12), targets),
      fit.coefficients,
      atol=1e-3,
    )
  ]
  assert len(ridges) == 1
  keep = np.arange(12) != 5
  kept = gram[np.ix_(keep, keep)] + ridges[0] * np.eye(11)
  alone = gram[5, keep] @ np.linalg.solve(kept, targets[keep])
  assert fit.left_out[5] == pytest.approx(alone, abs=1e-3)


def test_normal_scores_keep_the_order_and_share_ties():
  scores = solver.normal_scores(np.array([3.0, 1.0, 2.0, 2.0]))
  assert scores[1] < scores[2] == scores[3] < scores[0]
  assert scores.sum() == pytest.approx(0)


def test_regression_predicts_a_smooth_label(rng):
  features = rng.normal(size=(80, 4))
  fit = solver.solve(features, features[:, 0])
  assert metrics.kendall_tau(fit.left_out, features[:, 0]) > 0.5


def test_linear_part_predicts_far_from_the_training_cells(rng):
  features = rng.normal(size=(60, 5))
  labels = features @ [1.0, -2.0, 0.0, 0.5, 3.0]
  fit = solver.solve(features, labels, 5)
  far = 20 * rng.normal(size=(40, 5))
  truth = far @ [1.0, -2.0, 0.0, 0.5, 3.0]
  assert metrics.kendall_tau(far @ fit.slopes, truth) > 0.9
  assert not solver.solve(features, labels).slopes.any()


def test_edge_features_enter_the_linear_part_alone(rng):
  near, edges = rng.normal(size=(60, 3)), rng.integers(0, 2, (60, 4))
  labels = near[:, 0] + 5 * edges[:, 1]
  features = np.concatenate([near, edges], axis=1)
  fit = solver.solve(features, labels, 3)
  assert fit.slopes.shape == (7,)
  assert np.argmax(np.abs(fit.slopes[3:])) == 1
  alone = solver.solve(near, labels, 3)
  error = {
    name: np.mean((each.left_out - solver.normal_scores(labels)) ** 2)
    for name, each in (("both", fit), ("alone", alone))
  }
  assert error["both"] < 0.5 * error["alone"]


def test_left_out_predictions_with_a_linear_part_are_those_of_refits(rng):
  features, labels = rng.normal(size=(20, 3)), rng.normal(size=20)
  labels += 4 * features[:, 0]
  targets = solver.normal_scores(labels)
  fit = solver.solve(features, labels, 3)
  assert fit.slopes.any()
  centred = features - features.mean(0)
  weight = fit.slopes / (fit.coefficients @ centred)
  np.testing.assert_allclose(weight, weight[0], rtol=1e-6)
  gram = gram_of(features, fit.rate, 1.0)
  gram = gram + weight[0] * centred @ centred.T
  ridge = (targets - gram @ fit.coefficients) / fit.coefficients
  np.testing.assert_allclose(ridge, ridge[0], rtol=1e-2)
  keep = np.arange(20) != 7
  kept = gram[np.ix_(keep, keep)] + ridge[0] * np.eye(19)
  alone = gram[7, keep] @ np.linalg.solve(kept, targets[keep])
  assert fit.left_out[7] == pytest.approx(alone, abs=1e-2)


@pytest.mark.slow
def test_darts_predictor_with_edges_and_linear_part(tmp_path, rng):
  space = nasjax.get_space("darts")
  genotypes = space.sample(40, rng)
  labels = (genotypes.reshape(-1, 2, 8, 2)[..., 1] == 4).sum((1, 2))
  labels = labels + genotypes[:, 4 * 3]  # and where an edge comes from
  predictor = nasjax.Predictor("darts", **SMALL).fit(genotypes, labels)
  width = len(graph_features.feature_names(space))
  width += len(graph_features.path_feature_names(space))
  assert beside.sizes(predictor.params) == (40, width)
  slopes = predictor.fitted.params["params"]["kernel"]["slopes"]
  assert slopes.shape == (2, width + 196)
  assert metrics.kendall_tau(predictor.predict(genotypes), labels) > 0.6
  reloaded(predictor, tmp_path, genotypes)


def test_attached_score_is_the_network_plus_the_regression(fitted):
  with_kernel, (genotypes, labels) = fitted
  fields = {**SMALL, "kernel": {"weight": 0.0}}
  without = nasjax.Predictor("nb201", **fields).fit(genotypes, labels)
  assert beside.sizes(with_kernel.params).num_cells == 30
  assert beside.sizes(without.params).num_cells == 0
  both = with_kernel.fitted.params["params"]
  network = {name: tree for name, tree in both.items() if name != "kernel"}
  jax.tree.map(
    np.testing.assert_array_equal, network, without.fitted.params["params"]
  )
  rank = metrics.kendall_tau(with_kernel.predict(genotypes), labels)
  assert rank > metrics.kendall_tau(without.predict(genotypes), labels)


def test_saved_and_fitted_again(fitted, tmp_path):
  predictor, (genotypes, labels) = fitted
  loaded = reloaded(predictor, tmp_path, genotypes)
  loaded.fit(genotypes[:20], labels[:20])
  assert beside.sizes(loaded.params).num_cells == 20


def test_a_predictor_older_than_a_field_scores_as_it_did(tmp_path, rng):
  genotypes, labels = labelled(24, rng)
  fields = {**SMALL, "kernel": {"power": 1.0}}
  predictor = nasjax.Predictor("nb201", **fields).fit(genotypes, labels)
  predictor.save(tmp_path / "model")
  path = tmp_path / "model" / "model.json"
  meta = json.loads(path.read_text())
  for name in ("regression", "config.kernel.power", "config.model.paths"):
    *parents, field = name.split(".")
    del functools.reduce(dict.__getitem__, parents, meta)[field]
  found = beside.sizes(predictor.params)
  meta["config"]["model"]["kernel_cells"] = found.num_cells
  meta["config"]["model"]["kernel_distance"] = found.num_distance
  path.write_text(json.dumps(meta))
  loaded = nasjax.Predictor.load(tmp_path / "model")
  np.testing.assert_array_equal(
    loaded.predict(genotypes), predictor.predict(genotypes)
  )


def test_the_field_of_older_versions_sets_the_power():
  model = nasjax.Predictor("nb201", model={"kernel_power": 1.25})
  assert model.config.kernel.power == 1.25


@pytest.mark.parametrize(
  ("fields", "used"),
  [
    ({}, True),
    ({"kernel.weight": 0.0}, False),
    ({"model.features": "none"}, False),
  ],
)
def test_when_it_is_used(fields, used):
  config = configs.override(configs.default(), fields)
  model = models.create_model(config.model)
  assert solver.is_used(config, model) is used


def test_too_few_cells_to_compare_with(rng, tmp_path):
  message = r"max_cells: expected.*got 1"
  genotypes, labels = labelled(20, rng)
  predictor = nasjax.Predictor("nb201", kernel={"max_cells": 1})
  with pytest.raises(errors.UserError, match=message):
    predictor.fit(genotypes, labels)
  with pytest.raises(errors.UserError, match=message):
    experiment.train(predictor.config, None, tmp_path)
  predictor.config.kernel.weight = 0.0
  solver.check(predictor.config)


def test_more_labels_than_are_fitted(rng):
  features = rng.normal(size=(500, 3))
  labels = features[:, 0] + features[:, 1]
  fit = solver.solve(features, labels, max_cells=10)
  assert len(fit.left_out) == 200
  assert len(set(fit.cells)) == len(fit.coefficients) == 10
  assert fit.cells.max() >= 200  # rows of all cells, not of those drawn
  near = features[fit.cells]
  gram = np.exp(-fit.rate * np.abs(features[:, None] - near).mean(axis=-1))
  assert metrics.kendall_tau(gram @ fit.coefficients, labels) > 0.5


@pytest.mark.parametrize("num_distance", [0, 4])
def test_kernel_chosen_on_few_is_fitted_to_all(num_distance, monkeypatch, rng):
  monkeypatch.setattr(ridge, "CHOSEN_ON", 20)
  features = rng.normal(size=(40, 6))
  labels = rng.normal(size=40) + 3 * features[:, 1]
  fit = solver.solve(features, labels, num_distance, 1.5)
  np.testing.assert_array_equal(fit.cells, np.arange(40))
  centred = features - features.mean(axis=0)
  near = features[:, : num_distance or None]
  fitted = gram_of(near, fit.rate, 1.5) @ fit.coefficients
  fitted += centred @ fit.slopes
  assert np.any(fit.slopes) == bool(num_distance)
  ridges = (solver.normal_scores(labels) - fitted) / fit.coefficients
  np.testing.assert_allclose(ridges, np.median(ridges), rtol=1e-2)
  assert np.any(np.isclose(np.median(ridges), ridge.RIDGES, rtol=1e-3))


def test_most_labels_of_a_regression():
  sizes = (10, 1000, 5000)
  assert [solver._most_labels(size) for size in sizes] == [200, 20_000, 5000]


def test_students_have_no_regression():
  for space in ("nb101", "nb201", "darts"):
    assert configs.student_defaults(space).kernel.weight == 0


@pytest.mark.parametrize("num_distance", [0, 4])
def test_fit_to_all_is_exact_on_as_many_cells(num_distance, rng):
  features = rng.normal(size=(40, 6))
  labels = rng.normal(size=40) + 3 * features[:, 1]
  centred = features - features.mean(axis=0)
  targets = solver.normal_scores(labels)
  kernels = solver._candidates(centred, num_distance, 1.5)
  found, exact = solver._solve_exactly(kernels, centred, targets)
  every = solver._solve_all(centred, targets, found, np.arange(40), 1.5)
  np.testing.assert_allclose(every.left_out, exact.left_out, atol=1e-4)
  np.testing.assert_allclose(every.slopes, exact.slopes, atol=1e-4)
  np.testing.assert_allclose(every.coefficients, exact.coefficients, atol=1e-3)


def test_left_out_predictions_of_a_fit_to_all_are_those_of_refits(rng):
  inputs, targets = rng.normal(size=(30, 5)), rng.normal(size=30)
  _, weights, left_out = ridge.ridge_regression(inputs, targets)
  gram = inputs.T @ inputs
  ridges = [
    ridge
    for ridge in ridge.RIDGES
    if np.allclose((gram + ridge * np.eye(5)) @ weights, inputs.T @ targets)
  ]
  assert len(ridges) == 1
  keep = np.arange(30) != 4
  kept = inputs[keep].T @ inputs[keep] + ridges[0] * np.eye(5)
  alone = inputs[4] @ np.linalg.solve(kept, inputs[keep].T @ targets[keep])
  assert left_out[4] == pytest.approx(alone)


def test_fit_to_all_ranks_better_than_to_the_cells_alone(rng):
  features = rng.normal(size=(600, 4))
  labels = np.sin(features[:, 0]) + features[:, 1] * features[:, 2]
  labels += rng.normal(size=600)
  few, every = (
    solver.solve(features[:num], labels[:num], max_cells=60)
    for num in (60, 600)
  )
  assert len(few.cells) == len(every.cells) == len(every.coefficients) == 60
  assert len(every.left_out) == 600
  far = rng.normal(size=(300, 4))
  truth = np.sin(far[:, 0]) + far[:, 1] * far[:, 2]
  taus = []
  for fit in (few, every):
    near = features[fit.cells]
    gram = np.exp(-fit.rate * np.abs(far[:, None] - near).mean(axis=-1))
    taus.append(metrics.kendall_tau(gram @ fit.coefficients, truth))
  assert taus[1] > taus[0] + 0.05


def test_predictor_compares_with_max_cells_alone(tmp_path, rng):
  genotypes, labels = labelled(60, rng)
  fields = {**SMALL, "kernel": {"max_cells": 25}}
  predictor = nasjax.Predictor("nb201", **fields).fit(genotypes, labels)
  assert beside.sizes(predictor.params).num_cells == 25
  cells = predictor.fitted.params["params"]["kernel"]["cells"]
  assert cells.shape[:2] == (2, 25)
  reloaded(predictor, tmp_path, genotypes)


def test_members_that_share_similarities_score_as_each_alone(fitted):
  predictor, (genotypes, _) = fitted
  cells = inputs.samples(
    predictor.space, genotypes[None], predictor.model.reads
  )
  raw = scoring.score(
    predictor.model, predictor.fitted.params, predictor.space, genotypes
  )
  apply = jax.jit(predictor.model.apply, compiler_options=compiler.options())
  for member in range(2):
    own = jax.tree.map(
      lambda leaf, index=member: leaf[index], predictor.fitted.params
    )
    alone = [
      apply(own, jax.tree.map(lambda leaf, i=i: leaf[0, i], cells))
      for i in range(3)
    ]
    np.testing.assert_allclose(raw[member, :3], alone, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("power", [1.0, 2.0, 4.0])
def test_many_cells_are_solved_as_few_are(power, rng, monkeypatch):
  """Cholesky factors give what eigenvectors do, where there are factors."""
  features, labels = rng.normal(size=(90, 4)), rng.normal(size=90)
  distances = solver.distances(features, features, power)
  gram = np.exp(-0.05 * distances)
  expected = list(ridge.leave_one_out(gram, labels))
  monkeypatch.setattr(ridge, "CHOSEN_ON", 50)
  found = list(ridge.leave_one_out(gram, labels))
  assert [each[0] for each in found] == list(ridge.RIDGES)
  for one, other in zip(found, expected, strict=True):
    np.testing.assert_allclose(one[1:], other[1:], rtol=1e-9)
  if power == 4:
    with pytest.raises(np.linalg.LinAlgError, match="not positive definite"):
      ridge.by_cholesky(gram, 1e-9, labels)
