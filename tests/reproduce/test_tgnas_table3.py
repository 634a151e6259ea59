"""The table of TG-NAS: what is trained, what is scored, and what is kept."""

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
from nasjax.reproduce import recipes, tgnas_training
from nasjax.training import metrics

LABELS = {"nb101": "test", "nb201": "test", "darts545": "val50"}


def _benchmark(name, num=40):
  space = nasjax.get_space({"darts545": "darts"}.get(name, name))
  cells = space.sample(num, np.random.default_rng(len(name)))
  value = space.num_params(cells) / 1e5
  label = f"cifar10/{LABELS[name]}"
  what = base.Label("cifar10", "test", 108, "mean")
  return base.Benchmark(name, space, cells, {label: what}, {label: value}, "")


@pytest.fixture
def tables(monkeypatch):
  found = {name: _benchmark(name) for name in LABELS}
  monkeypatch.setattr(
    registry, "get_benchmark", lambda name, _=None: found[name]
  )
  return found


def _recipe(method, space, num_train):
  config = recipes.recipe(method, space, num_train)
  fields = {"epochs": 2, "model.width": 8, "batch_size": 8}
  return configs.override(config, fields)


def _run(folder, *words):
  work = functools.partial(reproduce_run.run, recipe=_recipe)
  command = dataclasses.replace(reproduce.COMMAND, run=work)
  name = "reproduce", "tgnas_table3"
  sizes = "--sizes=20", "--dataset=cifar10", f"--workdir={folder}"
  return command.main([*name, *sizes, *words])


def test_draws_never_meet_the_cells_that_are_tested(tables):
  rows, test = tgnas_training.draw(tables["nb101"], 20, 3, 2)
  assert rows.shape == (2, 20)
  assert len(test) == 8
  assert not set(rows.ravel()) & set(test)
  assert set(rows[0]) != set(rows[1])
  again, same = tgnas_training.draw(tables["nb101"], 20, 4, 1)
  np.testing.assert_array_equal(again[0], rows[1])
  np.testing.assert_array_equal(same, test)


def test_seeds_and_sentences_by_size():
  assert tgnas_training.num_seeds(None, 5000) == 3
  assert tgnas_training.num_seeds(None, 50_000) == 1
  assert tgnas_training.num_seeds(4, 50_000) == 4
  assert len(tgnas_training.variants(5000)) == 4
  assert tgnas_training.variants(50_000) == ("short",)


@pytest.mark.slow
def test_rows_and_a_second_run_that_reads(
  tables, tmp_path, monkeypatch, capsys
):
  monkeypatch.setattr(
    tgnas_training, "SENTENCES", {"short": {"model.encoder": "minilm_pca64"}}
  )
  words = (
    "--space=nb201,darts",
    "--benchmark=nb201,darts545",
    "--methods=tgnas_code,params",
    "--num_seeds=2",
  )
  assert _run(tmp_path, *words) == 0
  file = tmp_path / "results" / "tgnas_table3.json"
  rows = json.loads(file.read_text())["rows"]
  found = {(r["benchmark"], r["method"], r["metric"]): r for r in rows}
  both = "tgnas_code short, both cells"
  assert {key[:2] for key in found} == {
    ("nb101", "tgnas_code short"),
    ("nb201", "tgnas_code short"),
    ("darts545", "tgnas_code short"),
    ("darts545", both),
    ("nb201", "params"),
    ("darts545", "params"),
  }
  assert found["nb201", "params", "tau_all"]["seeds"] == [1.0]
  normal = found["darts545", "tgnas_code short", "tau_all"]["seeds"]
  assert len(normal) == 2
  assert normal != found["darts545", both, "tau_all"]["seeds"]
  (kept,) = (tmp_path / "tgnas").glob("*.npz")
  with np.load(kept) as arrays:
    scores, table = arrays["nb201"], tables["nb201"]
  taus = [metrics.kendall_tau(s, table.values("cifar10/test")) for s in scores]
  own = found["nb201", "tgnas_code short", "tau_all"]["seeds"]
  assert own == pytest.approx(taus, abs=1e-6)

  def fail(*_, **__):
    raise AssertionError("trained again")

  monkeypatch.setattr(fitting, "fit_members", fail)
  assert _run(tmp_path, *words) == 0
  assert json.loads(file.read_text())["rows"] == rows
  text = file.with_suffix(".md").read_text()
  assert "| TG-NAS, as its code, short, both cells |" in text
  capsys.readouterr()
