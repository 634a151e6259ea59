"""Pretrained checkpoints and how they are made."""

import json

import numpy as np
import pytest
import tiny

import nasjax
from nasjax.benchmarks import mini201
from nasjax.commands import publish as pretrained
from nasjax.experiments import experiment
from nasjax.images import sample as samples
from nasjax.predictors import checkpoints, dataset_predictor, predictor
from nasjax.training import metrics


def test_every_space_has_a_checkpoint_and_tabulated_ones_a_student():
  assert set(predictor.pretrained_names()) >= {
    *("nb201", "nb101", "darts"),
    *("nb201_student", "nb101_student"),
  }


@pytest.mark.parametrize("name", predictor.pretrained_names())
def test_a_checkpoint_is_small_and_has_a_card(name):
  folder = predictor.PRETRAINED / name
  model = nasjax.Predictor.pretrained(name)
  assert model.space.name == name.removesuffix("_student")
  size = sum(p.stat().st_size for p in folder.rglob("*") if p.is_file())
  assert size < 3e6
  card = (folder / "README.md").read_text()
  for fact in ("train label", "seed", "split", "Kendall tau-b", "python train"):
    assert fact in card
  assert str(model.card["num_train"]) in card


def test_pretrained_nb201_ranks_the_installed_benchmark():
  benchmark = nasjax.get_benchmark("nb201_analog")
  rows = np.random.default_rng(0).choice(len(benchmark), 600, replace=False)
  scores = nasjax.Predictor.pretrained("nb201").predict(
    benchmark.genotypes[rows]
  )
  truth = benchmark.values("cifar10/test")[rows]
  assert metrics.kendall_tau(scores, truth) > 0.75


def test_student_ranks_like_its_teacher():
  space = nasjax.get_space("nb201")
  cells = space.sample(1000, np.random.default_rng(1))
  student = checkpoints.open_predictor("nb201", "student")
  assert student.card["label"].startswith("cifar10 predicted accuracy")
  teacher = checkpoints.open_predictor("nb201")
  same = metrics.kendall_tau(student.predict(cells), teacher.predict(cells))
  assert same > 0.95


def _finished(tmp_path, seeds):
  space = nasjax.get_space("nb201")
  cells = space.enumerate()[::700]
  table = tmp_path / "mine.csv"
  lines = [
    f"{name},{sum(cell)}"
    for name, cell in zip(space.format(cells), cells.tolist(), strict=True)
  ]
  table.write_text("\n".join(["arch,value", *lines]))
  config = tiny.config(
    table=str(table),
    num_train=0,
    epochs=7,
    max_steps=1,
    num_seeds=seeds,
    **tiny.LIGHT,
  )
  experiment.run(config, tmp_path / "run")
  return tmp_path / "run"


@pytest.mark.slow
def test_add_writes_the_model_and_a_true_card(tmp_path, monkeypatch, capsys):
  run = _finished(tmp_path, seeds=1)
  monkeypatch.setattr(predictor, "PRETRAINED", tmp_path / "pretrained")
  assert pretrained.main(["pretrained", str(run), "mine"]) == 0
  assert predictor.pretrained_names() == ("mine",)
  card = (tmp_path / "pretrained" / "mine" / "README.md").read_text()
  summary = json.loads((run / "summary.json").read_text())
  assert f"{summary['tau_rest'][0]:.4f}" in card
  assert "one run" not in card
  assert ", 1 epochs, " in card  # max_steps bounds the 7 of the config
  assert pretrained.main(["pretrained", str(tmp_path), "mine"]) == 2
  assert "not a finished training" in capsys.readouterr().err


@pytest.mark.parametrize("name", predictor.pretrained_names())
def test_checkpoint_tells_no_path_of_the_machine_that_made_it(name):
  for path in (predictor.PRETRAINED / name).rglob("*"):
    if path.is_file():
      content = path.read_bytes()
      assert b"/pretrained/" not in content, path


def test_the_predictor_that_sees_images():
  folder = dataset_predictor.PRETRAINED / "nb201"
  size = sum(p.stat().st_size for p in folder.rglob("*") if p.is_file())
  assert size < 3e6
  card = (folder / "README.md").read_text()
  for fact in ("train label", "seed", "split", "tau", "python -m nasjax"):
    assert fact in card
  model = nasjax.DatasetPredictor.pretrained("nb201")
  images = mini201.load_embeddings()
  benchmark = nasjax.get_benchmark("mini201")
  assert model.card["num_train"] == len(benchmark) * len(images.names)
  place = images.names.index("digits_noise")
  seen = samples.ClassEmbeddings(
    images.embeddings[place, 1], images.mask[place, 1]
  )
  opened = checkpoints.open_on_images("nb201", None, lambda: seen)
  assert opened.card == model.card
  scores = opened.predict(benchmark.genotypes)
  truth = benchmark.values("digits_noise/test")
  assert metrics.kendall_tau(scores, truth) > 0.6
