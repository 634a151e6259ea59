"""The report `tgnas_search`: what is found, what is counted, the page."""

import dataclasses
import functools
import json

import numpy as np
import pytest

import nasjax
from nasjax import config as configs
from nasjax.benchmarks import base, registry
from nasjax.commands import reproduce, reproduce_run
from nasjax.predictors import fitting
from nasjax.reproduce import recipes, search_page, search_scorers, tgnas_search
from nasjax.reproduce.few_trainings import nb301_network

NAME = "tgnas_search"
SPACE = nasjax.get_space("nb201")
BEST = np.full(6, 3, np.int8)  # six 3 x 3 convolutions


def _benchmark(name, _=None):
  space = nasjax.get_space(name)
  if name == "nb201":
    cells = space.enumerate()
  else:
    cells = space.sample(40, np.random.default_rng(0))
  value = space.num_params(cells) / 1e6
  label = base.Label("cifar10", "test", 200, "mean")
  return base.Benchmark(
    name, space, cells, {"cifar10/test": label}, {"cifar10/test": value}, ""
  )


@pytest.fixture
def tables(monkeypatch):
  monkeypatch.setattr(registry, "get_benchmark", functools.cache(_benchmark))
  monkeypatch.setattr(
    nb301_network, "load", lambda _: lambda cells: 90.0 + cells.mean(axis=1)
  )
  monkeypatch.setattr(tgnas_search, "BUDGETS", {"nb201": 900, "darts": 120})


def _recipe(method, space, num_train):
  config = recipes.recipe(method, space, num_train)
  fields = {"epochs": 2, "model.width": 8, "batch_size": 8}
  return configs.override(config, fields)


def _run(folder, *words):
  work = functools.partial(reproduce_run.run, recipe=_recipe)
  command = dataclasses.replace(reproduce.COMMAND, run=work)
  where = "--dataset=cifar10", f"--workdir={folder}", "--num_seeds=2"
  return command.main(["reproduce", NAME, *where, *words])


def _rows(folder):
  data = json.loads((folder / "results" / f"{NAME}.json").read_text())
  return {
    (row["space"], row["method"], row["metric"]): row for row in data["rows"]
  }


def test_the_cell_of_most_parameters_is_found(tables, tmp_path, capsys):
  assert _run(tmp_path, "--space=nb201", "--methods=params,random") == 0
  rows = _rows(tmp_path)
  (best,) = SPACE.format(BEST[None])
  found = rows["nb201", "params hybrid", "found"]
  assert found["cells"] == [best, best]
  assert found["seeds"] == rows["nb201", "params hybrid", "params"]["seeds"]
  flops = rows["nb201", "params hybrid", "flops"]["mean"]
  assert flops == pytest.approx(SPACE.flops(BEST[None])[0] / 1e6)
  assert rows["nb201", "params pruning", "num_scored"]["mean"] < 900
  random = rows["nb201", "random", "found"]["mean"]
  mean = SPACE.num_params(SPACE.enumerate()).mean() / 1e6
  assert random == pytest.approx(mean, abs=0.02)
  page = (tmp_path / "results" / f"{NAME}.md").read_text()
  assert page in capsys.readouterr().out
  assert f"| parameters, hybrid | {found['mean']:.2f} +- 0.00 (2) |" in page
  assert "| TG-NAS | 93.75 | 70.64 | 44.97 | 113.95 | 0.802 | 0.01 h |" in page


def test_darts_cells_are_labelled_by_the_surrogate(
  tables, tmp_path, monkeypatch, capsys
):
  space = nasjax.get_space("darts")
  scorer = search_scorers.Scorer(lambda cells: -cells.sum(axis=1), 2.0, "sum")
  monkeypatch.setattr(search_scorers, "make", lambda *_: scorer)
  words = "--space=darts", "--benchmark=nb301", "--methods=transfer,zero,random"
  assert _run(tmp_path, *words) == 0
  rows = _rows(tmp_path)
  assert {method for _, method, _ in rows} == {
    *(f"transfer {part}" for part in ("pruning", "evolution", "hybrid")),
    "random",
    *search_page.CELLS["darts"],
  }
  found = rows["darts", "transfer evolution", "found"]
  cells = space.parse(found["cells"])
  np.testing.assert_allclose(found["seeds"], 90 + cells.mean(axis=1), atol=1e-5)
  assert rows["darts", "transfer hybrid", "seconds_before"]["mean"] == 2.0
  assert rows["darts", "transfer evolution", "num_scored"]["mean"] == 120
  capsys.readouterr()


@pytest.mark.slow
def test_a_model_is_trained_once(tables, tmp_path, monkeypatch, capsys):
  monkeypatch.setattr(search_scorers, "TRAINED", 20)
  words = "--space=nb201", "--methods=tgnas_code"
  assert _run(tmp_path, *words) == 0
  rows = _rows(tmp_path)
  model = nasjax.Predictor.load(next((tmp_path / "tgnas").glob("model-20-1-*")))
  cell = rows["nb201", "tgnas_code evolution", "found"]["cells"][1]
  scores = model.transfer("nb201").predict(SPACE.enumerate())
  (place,) = SPACE.rows(SPACE.parse([cell]))
  assert np.mean(scores <= scores[place]) > 0.95

  def fail(*_, **__):
    raise AssertionError("trained again")

  monkeypatch.setattr(fitting, "fit_members", fail)
  assert _run(tmp_path, *words) == 0
  capsys.readouterr()


def test_zero_label_is_its_own_in_one_space():
  assert search_scorers.has("zero", "nb201")
  assert not search_scorers.has("zero", "darts")


def test_published_cells_are_cells_of_their_size():
  space = nasjax.get_space("darts")
  counts = space.num_params(
    space.parse(list(search_page.CELLS["darts"].values()))
  )
  np.testing.assert_allclose(counts / 1e6, [3.35, 3.63], atol=0.05)


def test_mistakes_are_one_line(tmp_path, capsys):
  assert _run(tmp_path, "--methods=tgnas") == 2
  printed = capsys.readouterr().err
  assert "unknown method 'tgnas'" in printed
  assert printed.count("\n") == 1
