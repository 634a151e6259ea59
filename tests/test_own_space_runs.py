"""A space of one's own from labels to a found cell, by Python and commands."""

import csv
import json
import re
import shlex
import sys

import numpy as np
import own_space
import pytest
import tiny
import toy

import nasjax
from nasjax import config as configs
from nasjax import errors, scoring, search
from nasjax.commands import score as score_command
from nasjax.commands import search as search_command
from nasjax.commands import train as train_command
from nasjax.predictors import exporting
from nasjax.training import metrics

SPACE = toy.Toy()
SMALL = {
  **{f"model.{name}": value for name, value in tiny.MODEL.items()},
  **tiny.LIGHT,
}


@pytest.fixture(scope="module")
def fitted():
  cells = SPACE.sample(80, np.random.default_rng(0))
  config = tiny.config(epochs=40, **tiny.LIGHT)
  config.optimizer.learning_rate = 1e-2
  model = nasjax.Predictor(SPACE, config=config)
  return model.fit(cells, toy.additive(cells))


def test_the_toy_space_is_fitted_and_searched(fitted, rng):
  cells = SPACE.sample(200, rng)
  scores = fitted.predict(SPACE.format(cells))
  assert metrics.kendall_tau(scores, toy.additive(cells)) > 0.6
  # One mirrored cell is the other: the same graph, renumbered.
  np.testing.assert_allclose(fitted.predict(cells[:, ::-1]), scores, rtol=1e-4)
  strategy = search.get_strategy("score_all")
  everything = search.run(strategy, SPACE, fitted.predict)
  assert everything.num_scored == SPACE.size
  best = everything.genotypes[search.top_k(everything, 10)]
  assert toy.additive(best).mean() > toy.additive(SPACE.enumerate()).mean() + 3
  for name in ("evolution", "local", "random"):
    strategy = search.get_strategy(name)
    found = search.run(strategy, SPACE, fitted.predict, 60)
    assert found.num_scored == 60


def test_names_stand_for_registered_spaces(fitted, rng):
  nasjax.register_space(SPACE)
  cells = SPACE.sample(20, rng)
  strategy = search.get_strategy("random")
  by_name = search.run(strategy, "toy", fitted.predict, 20)
  by_object = search.run(strategy, SPACE, fitted.predict, 20)
  np.testing.assert_array_equal(by_name.genotypes, by_object.genotypes)
  assert by_name.space is SPACE
  raw = scoring.score(fitted.model, fitted.params, "toy", cells)
  np.testing.assert_array_equal(
    raw, scoring.score(fitted.model, fitted.params, SPACE, cells)
  )
  assert nasjax.Predictor("toy").space is SPACE


def test_save_and_load(fitted, tmp_path, rng):
  folder, cells = tmp_path / "saved", SPACE.sample(20, rng)
  fitted.save(folder)
  assert json.loads((folder / "model.json").read_text())["config"]["space"] == (
    "toy"
  )
  with pytest.raises(errors.UserError) as caught:
    nasjax.Predictor.load(folder)
  said = str(caught.value)
  assert "is a predictor of the space 'toy', which is not registered: " in said
  assert "call nasjax.register_space(space) first" in said
  assert "\n" not in said
  with pytest.raises(errors.UserError, match=r"'toy': .*, got 'nb201'"):
    nasjax.Predictor.load(folder, space=nasjax.get_space("nb201"))
  given = nasjax.Predictor.load(folder, space=toy.Toy())
  nasjax.register_space(SPACE)
  named = nasjax.Predictor.load(folder)
  for model in (given, named):
    np.testing.assert_array_equal(model.predict(cells), fitted.predict(cells))


@pytest.mark.slow
def test_export(fitted, tmp_path, rng):
  pytest.importorskip("flatbuffers")
  nasjax.export(fitted, tmp_path / "toy.stablehlo")
  cells = SPACE.sample(5, rng)
  scores = exporting.load(tmp_path / "toy.stablehlo").call(cells)
  np.testing.assert_allclose(scores, fitted.predict(cells), rtol=1e-4)


@pytest.fixture
def folder(tmp_path, monkeypatch):
  """A folder with `my_space.py` of the document and labels of its cells."""
  monkeypatch.chdir(tmp_path)
  monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
  monkeypatch.delitem(sys.modules, "my_space", raising=False)
  (tmp_path / "my_space.py").write_text(own_space.SOURCE)
  space = own_space.Chain()
  cells = space.sample(60, np.random.default_rng(0))
  with open(tmp_path / "own.csv", "w", newline="") as file:
    writer = csv.writer(file)
    writer.writerow(["arch", "value"])
    values = 90 + (cells == 1).sum(axis=1)
    writer.writerows(zip(space.format(cells), values, strict=True))
  yield tmp_path
  sys.modules.pop("my_space", None)


@pytest.mark.slow
def test_the_documents_code_runs(folder, monkeypatch, capsys):
  small = tiny.config(batch_size=40, **{"kernel.weight": 0.0}, **tiny.LIGHT)
  monkeypatch.setattr(configs, "default", small.copy_and_resolve_references)
  code = re.sub(r"epochs=\d+", "epochs=2", own_space.USE)
  names: dict = {}
  exec(compile(code, "docs/spaces.md", "exec"), names)
  printed = capsys.readouterr().out
  assert len(re.findall(r"'[012]-[012]-[012]-[012]'", printed)) == 3
  assert names["result"].num_scored == 60
  assert names["predictor"].space is names["space"]
  assert (folder / "chain_predictor" / "model.json").is_file()


@pytest.mark.slow
def test_the_documents_commands_run(folder, capsys):
  train, find = (shlex.split(line) for line in own_space.COMMANDS)
  fields = {**SMALL, "epochs": 1, "num_seeds": 1, "kernel.weight": 0.0}
  words = [f"--config.{name}={value}" for name, value in fields.items()]
  assert train_command.main([*train, *words]) == 0
  printed = capsys.readouterr().out
  assert "space        chain (custom)" in printed
  assert "--space my_space:Chain --checkpoint runs/custom" in printed
  summary = json.loads((folder / "runs/custom/summary.json").read_text())
  rows = (folder / "own.csv").read_text().split()[1:]
  assert (summary["space"], summary["num_all"]) == ("chain", len(set(rows)))
  assert search_command.main([*find, "--out=found.json"]) == 0
  printed = capsys.readouterr().out
  assert "known   none: space 'chain' has no benchmark" in printed
  found = json.loads((folder / "found.json").read_text())
  assert (found["space"], found["num_scored"]) == ("chain", 81)
  for row in found["top"]:
    assert re.fullmatch("[012](-[012]){3}", row["arch"])
  shards = ["--checkpoint=runs/custom", "--out=shards", "--num_shards=1"]
  assert score_command.main(["score", "--space=my_space:Chain", *shards]) == 0
  assert "81 scores merged" in capsys.readouterr().out


@pytest.mark.parametrize(
  ("words", "message"),
  [
    (["--space=chain"], "unknown space 'chain': expected one of 'nb101', "),
    (["--space=my_space:Link"], "expected 'Link' in the module 'my_space'"),
    (
      ["--space=my_space:Chain"],
      "no predictor of the space 'chain' comes with nasjax",
    ),
    (
      ["--space=my_space:Chain", "--scores=table"],
      "space 'chain' has no benchmark of known accuracies",
    ),
    (
      ["--space=my_space:Chain", "--dataset=mnist", "--evaluate=1"],
      "space 'chain' has no networks",
    ),
  ],
)
def test_mistakes_of_a_search(folder, capsys, words, message):
  assert search_command.main(["search", *words]) == 2
  said = capsys.readouterr().err.splitlines()[-1]
  assert said.startswith("error: ")
  assert message in said


@pytest.mark.parametrize(
  ("words", "message"),
  [
    (["--config=nb201"], "space 'chain' has no benchmark"),
    (["--config=custom"], "no such file: 'FILE.csv'"),
    (
      ["--config=nb201", "--config.benchmark=nb201_analog"],
      "of the space 'nb201'",
    ),
  ],
)
def test_mistakes_of_a_training(folder, capsys, words, message):
  space = "--config.space=my_space:Chain"
  assert train_command.main(["train", *words, space]) == 2
  said = capsys.readouterr().err.splitlines()[-1]
  assert said.startswith("error: ")
  assert message in said
