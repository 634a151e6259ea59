"""`config.prior`: predictors that start from a score of every cell."""

import dataclasses
import json

import numpy as np
import pytest
import tiny

import nasjax
from nasjax import config as configs
from nasjax import errors, zero_label
from nasjax.commands import score, train
from nasjax.regression import gaussian, solver, with_prior
from nasjax.training import metrics

SPACE = nasjax.get_space("nb201")
BENCHMARK = nasjax.get_benchmark("nb201_analog")
REGRESSION = {"name": "regression"}
LABELS = BENCHMARK.values("cifar10/test")


def _labelled(num, seed=0):
  rows = np.random.default_rng(seed).choice(len(BENCHMARK), num, replace=False)
  return BENCHMARK.genotypes[rows], LABELS[rows]


@pytest.fixture
def good(monkeypatch):
  """A prior score that ranks as accuracies with some noise do."""
  noise = np.random.default_rng(1).normal(0, 1, len(LABELS))
  scores = solver.normal_scores(LABELS) + 0.3 * noise
  table = dict(
    zip(SPACE.lookup_keys(BENCHMARK.genotypes).tolist(), scores, strict=True)
  )

  def normal_scores(space, genotypes):
    keys = space.lookup_keys(np.asarray(genotypes))
    return np.array([table[key] for key in keys.tolist()])

  monkeypatch.setattr(zero_label, "normal_scores", normal_scores)
  return normal_scores


def _fit(num, prior="zero", seed=0, **fields):
  model = nasjax.Predictor("nb201", prior=prior, model=REGRESSION, **fields)
  return model.fit(*_labelled(num, seed))


def _tau(model):
  cells, labels = _labelled(1000, seed=9)
  return metrics.kendall_tau(model.predict(cells), labels)


@pytest.mark.slow
def test_ten_labels_rank_as_well_as_the_prior_alone(good):
  cells, labels = _labelled(1000, seed=9)
  alone = metrics.kendall_tau(good(SPACE, cells), labels)
  found = [_tau(_fit(10, seed=seed)) for seed in range(3)]
  plain = [_tau(_fit(10, "none", seed=seed)) for seed in range(3)]
  assert np.mean(found) > alone - 0.05
  assert np.mean(found) > np.mean(plain) + 0.1
  assert _tau(_fit(80)) > alone


def test_a_prior_that_says_nothing_is_left(monkeypatch):
  rng = np.random.default_rng(0)
  monkeypatch.setattr(
    zero_label, "normal_scores", lambda _, cells: rng.normal(size=len(cells))
  )
  model = _fit(80)
  stored = model.params["params"]["prior"]
  assert float(stored["slope"][0]) < 0.4
  assert float(stored["share"][0]) < 0.6


def test_without_a_prior_nothing_is_kept_or_changed():
  model = _fit(20, "none")
  assert set(model.params["params"]) == {"kernel"}
  assert configs.default().prior == "none"


def test_a_saved_folder_predicts_the_same(good, tmp_path):
  model = _fit(30)
  cells = SPACE.sample(40, np.random.default_rng(0))
  model.save(tmp_path / "model")
  again = nasjax.Predictor.load(tmp_path / "model")
  np.testing.assert_array_equal(again.predict(cells), model.predict(cells))
  assert again.config.prior == "zero"
  one = [float(again.predict(cells[at : at + 1])[0]) for at in range(5)]
  np.testing.assert_allclose(one, model.predict(cells)[:5], rtol=1e-6)
  mean, std = model.predict(cells, return_std=True)
  np.testing.assert_array_equal(mean, model.predict(cells))
  assert (std > 0).all()
  assert len(model.predict(cells[:0])) == 0


@pytest.mark.parametrize(
  "change",
  [
    lambda kept: {},
    lambda kept: {name: kept[name] for name in kept if name != "rate"},
    lambda kept: {**kept, "other": kept["rate"]},
    lambda kept: {**kept, "scores": kept["scores"][:, :-1]},
    lambda kept: {**kept, "mean": kept["mean"][:, None]},
  ],
)
def test_a_folder_without_its_arrays_is_one_line(good, tmp_path, change):
  model = _fit(15)
  meta, kept = model.params["params"], model.params["params"]["prior"]
  changed = {**meta, "prior": change(kept)}
  if not changed["prior"]:
    del changed["prior"]
  fitted = dataclasses.replace(model.fitted, params={"params": changed})
  nasjax.Predictor.from_fitted(model.config, fitted, {}).save(tmp_path / "m")
  with pytest.raises(errors.UserError, match=r"the arrays of config\.prior"):
    nasjax.Predictor.load(tmp_path / "m")


def test_members_share_it_and_scores_are_in_the_unit_of_the_labels(good):
  cells, labels = _labelled(30)
  small = {**tiny.MODEL, "head": "mlp"}
  model = nasjax.Predictor(
    "nb201", prior="zero", num_members=2, epochs=2, model=small
  ).fit(cells, labels)
  scores = model.predict(cells)
  assert scores.mean() == pytest.approx(labels.mean(), abs=labels.std() / 5)
  assert scores.std() == pytest.approx(labels.std(), rel=0.3)
  assert {len(leaf) for leaf in model.params["params"]["prior"].values()} == {2}


def test_a_training_and_a_scoring_command_use_it(good, tmp_path, capsys):
  path = tmp_path / "mine.csv"
  cells, labels = _labelled(30)
  lines = [
    f"{arch},{label}"
    for arch, label in zip(SPACE.format(cells), labels, strict=True)
  ]
  path.write_text("\n".join(["arch,value", *lines]))
  run = tmp_path / "run"
  words = ["--config=configs/custom.py", "--config.space=nb201"]
  words += [f"--config.table={path}", "--config.prior=zero"]
  words += ["--config.model.name=regression", "--config.num_seeds=1"]
  assert train.main(["train", *words, f"--workdir={run}"]) == 0
  assert json.loads((run / "config.json").read_text())["prior"] == "zero"
  model = nasjax.Predictor.load(run)
  assert "prior" in model.params["params"]
  saved = np.load(run / "predictions.npz")
  found = model.predict(saved["genotypes"])
  if not model.config.refit:
    np.testing.assert_allclose(found, saved["scores"][0], rtol=1e-5)
  out = tmp_path / "scored"
  words = ["--space", "nb201", "--checkpoint", str(run), "--out", str(out)]
  assert score.main(["score", *words]) == 0
  capsys.readouterr()
  scored = np.load(out / "scores.npz")["scores"]
  expected = model.predict(SPACE.enumerate())
  np.testing.assert_allclose(scored, expected, rtol=1e-5)


def test_mistakes(good, tmp_path):
  cells, labels = _labelled(20)
  with pytest.raises(errors.UserError, match="unknown prior"):
    nasjax.Predictor("nb201", prior="best")
  with pytest.raises(errors.UserError, match="ranks accuracies"):
    _fit(20, target="cost")
  bare = nasjax.Predictor(
    "nb201", prior="zero", epochs=1, model={"name": "mlp", "num_layers": 1}
  )
  with pytest.raises(errors.UserError, match="a model that reads features"):
    bare.fit(cells, labels)
  pytest.importorskip("flatbuffers", reason="needs the extra 'export'")
  with pytest.raises(errors.UserError, match="without a prior"):
    nasjax.export(_fit(20), tmp_path / "program.stablehlo")


def test_left_out_errors_are_those_of_a_process_without_the_cell():
  rng = np.random.default_rng(0)
  features = rng.normal(size=(12, 5)).astype(np.float32)
  scores, labels = rng.normal(size=12), rng.normal(size=12)
  fit = with_prior.solve(features, scores, labels, 1.5, 100, 0)
  process, targets = fit.process, solver.normal_scores(labels)
  centred = targets - process.mean - process.slope * scores
  apart = with_prior.distances(features, scores, features, scores, 1.5)
  gram = np.exp(-process.rate * apart) + process.noise * np.eye(12)
  squares = []
  for at in range(12):
    rest = np.arange(12) != at
    weights = np.linalg.solve(gram[np.ix_(rest, rest)], centred[rest])
    squares.append((centred[at] - gram[at, rest] @ weights) ** 2)
  assert fit.left_out == pytest.approx(np.mean(squares), rel=1e-6)
  assert 0 < fit.share < 1
  # Every training cell is predicted from itself, too.
  own = with_prior.predict(features, scores, fit.arrays(features, scores), 1.5)
  assert np.abs(own - targets).mean() < np.sqrt(fit.left_out)
  assert isinstance(process, gaussian.Process)
