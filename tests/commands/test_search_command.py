"""`search.py`: the main job on data that come with the installation."""

import json
import subprocess
import sys
from typing import ClassVar

import jax
import numpy as np
import pytest
import tiny

import nasjax
from nasjax import scoring
from nasjax.benchmarks import base, registry
from nasjax.commands import (
  scorers,
  search,
  search_options,
  search_report,
  shared_options,
)
from nasjax.predictors import checkpoints
from nasjax.search import strategy_names
from nasjax.spaces import registry as spaces


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
  space = nasjax.get_space("nb201")
  genotypes = space.sample(60, np.random.default_rng(0))
  labels = (genotypes == 3).sum(1) - (genotypes == 0).sum(1)
  config = tiny.config(epochs=30, **tiny.LIGHT)
  config.optimizer.learning_rate = 1e-2
  model = nasjax.Predictor("nb201", config=config).fit(genotypes, labels)
  folder = tmp_path_factory.mktemp("model") / "model"
  model.save(folder)
  return folder


def _run(capsys, *argv):
  status = search.main(["search.py", *argv])
  return status, capsys.readouterr()


def test_the_whole_space_in_one_compiled_call(checkpoint, capsys, tmp_path):
  out = tmp_path / "out.json"
  scoring.make_score_fn.cache_clear()
  compiled = []

  def count(event, duration, **fields):
    if (
      "backend_compile" in event and fields.get("fun_name") == "jit(score_all)"
    ):
      compiled.append(duration)

  jax.monitoring.register_event_duration_secs_listener(count)
  status, printed = _run(
    capsys, "--space", "nb201", "--checkpoint", str(checkpoint),
    "--out", str(out),
  )  # fmt: skip
  assert status == 0
  assert len(compiled) == 1
  report = json.loads(out.read_text())
  assert report["num_scored"] == 15625
  assert len(report["top"]) == 10
  assert report["tau"] > 0.3
  known = [row["known"] for row in report["top"]]
  best = nasjax.get_benchmark("nb201_analog").values("cifar10/test").max()
  assert report["regret"] == pytest.approx(best - max(known))
  scores = [row["score"] for row in report["top"]]
  assert scores == sorted(scores, reverse=True)
  assert report["top"][0]["arch"] in printed.out
  for name in ("space", "strategy", "seconds", "archs_per_second"):
    assert name in report
  numbers = search_names(report)
  assert len(set(numbers)) == 10  # each function once
  space = nasjax.get_space("nb201")
  everyone = space.functions().numbers.tolist()
  assert [row["num_names"] for row in report["top"]] == [
    everyone.count(number) for number in numbers
  ]


def search_names(report):
  space = nasjax.get_space("nb201")
  cells = space.parse([row["arch"] for row in report["top"]])
  return space.functions().numbers[space.rows(cells)].tolist()


@pytest.mark.parametrize(
  "strategy",
  ["random", "evolution", "local", "reinforce --embedding arch2vec"],
)
def test_strategies_on_the_table(strategy, capsys, tmp_path):
  out = tmp_path / "out.json"
  status, _ = _run(
    capsys, "--scores", "table", "--budget", "200", "--seed", "1", "--out",
    str(out), "--strategy", *strategy.split(),
  )  # fmt: skip
  report = json.loads(out.read_text())
  assert status == 0
  assert report["num_scored"] == 200
  assert report.get("embedding", "") == strategy.partition(" --embedding ")[2]
  assert report["tau"] == pytest.approx(1.0)
  assert 0 <= report["regret"] < 3
  for row in report["top"]:
    assert row["score"] == pytest.approx(row["known"])


@pytest.mark.parametrize(
  ("argv", "message"),
  [
    (["--space", "nb999"], "unknown space 'nb999'"),
    (["--strategy", "grid"], "unknown"),
    (["--embedding", "arch2vec"], "--embedding: expected it with"),
    (
      ["--scores=table", "--strategy=dngo", "--embedding=word2vec"],
      "unknown embedding 'word2vec': expected one of adjacency, arch2vec",
    ),
    (["--scores", "dice"], "unknown --scores 'dice'"),
    (["--dataset", "mnist"], "mnist"),
    (["--top_k", "0"], "--top_k: expected at least 1"),
    (["--top_k", "many"], "top_k"),
    (["--checkpoint", "/does/not/exist"], "not a saved nasjax model"),
    (["--benchmark", "nb101", "--space", "nb201"], ""),
    (["--nope", "1"], "nope"),
    (["--scores", "table", "--budget", "0"], "budget"),
    (["--budget", "-1"], "--budget: expected at least 1, got -1"),
    (["--space", "darts", "--budget", "100000000000"], "at most 10000000 arch"),
    (["--seed", "-1"], "--seed: expected at least 0, got -1"),
    (["--top_k", "9" * 30], "--top_k: expected at most 1000000, got"),
    (["--epochs", "3"], "--epochs is an option of the trainings"),
    (["--workdir", "w"], "--workdir is an option of the trainings"),
    (["--image_size", "8"], "--image_size is an option of the trainings"),
    (["--out", "/"], "cannot write '/': a folder or device"),
    (["--out", "/dev/null"], "cannot write '/dev/null': a folder or device"),
    (["--out", "/proc/no/way.json"], "cannot write '/proc/no/way.json'"),
    (["--best", "worst"], "unknown --best 'worst'"),
    (["--scores", "table", "--best", "lowest"], "without --best=lowest"),
    (["--out", ""], "--out: expected a value, got none"),
    (["--space", ""], "--space: expected a value, got none"),
    (["--scores", "table", "--checkpoint", "nb201"], "without --checkpoint"),
    (["--data_dir", "/no/such/folder"], "expected an existing folder"),
    (["--scores", "table", "--label", "nope"], "unknown label"),
    (["--checkpoint", "x" * 9000], "path: expected"),
    (["--out", "a\0b"], "path: expected"),
    (["--checkpoint", "~nobody-has-this-name/x"], "path: expected"),
  ],
)
def test_mistakes(argv, message, capsys, monkeypatch):
  monkeypatch.delenv("NASJAX_DATA", raising=False)
  status, printed = _run(capsys, *argv)
  assert status == 2
  line = printed.err.splitlines()[-1]  # progress of a slow machine above it
  assert line.startswith("error: ")
  assert printed.err.count("error: ") == 1
  assert "Traceback" not in printed.err
  assert message in line


def test_checkpoint_of_another_space(checkpoint, capsys):
  status, printed = _run(
    capsys, "--space", "darts", "--checkpoint", str(checkpoint)
  )
  assert status == 2
  assert "a predictor of the space 'nb201'" in printed.err


def test_help(capsys):
  status, printed = _run(capsys, "--help")
  assert status == 0
  assert "--strategy" in printed.out


def test_the_names_of_the_flags_are_those_of_the_library():
  assert set(shared_options.SPACES) == set(spaces.known_names())
  assert set(search_options.STRATEGIES) == set(strategy_names())


def test_flags_are_checked_before_anything_heavy_is_imported():
  code = (
    "import sys; from nasjax.commands import search;"
    "assert search.main(['search', '--spce', 'nb201']) == 2;"
    "assert 'jax' not in sys.modules"
  )
  subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


@pytest.fixture
def partial(monkeypatch):
  """A benchmark with four labelled cells of the space, one of them twice."""
  space = nasjax.get_space("nb201")
  first = np.unique(space.functions().numbers, return_index=True)[1]
  cells = space.enumerate()[first[[10, 100, 200, 10, 3000, 5000]]]
  values = np.array([50.0, np.nan, 70.0, 50.0, 90.0, 60.0])
  benchmark = base.Benchmark(
    "nb201_analog",
    space,
    cells,
    {"cifar10/test": base.Label("cifar10", "test", 12, "one run", "made up")},
    {"cifar10/test": values},
    "a test",
  )
  monkeypatch.setattr(registry, "get_benchmark", lambda *_: benchmark)
  return benchmark


@pytest.mark.parametrize("strategy", strategy_names())
def test_a_partial_table_is_searched_among_its_labelled_cells(
  strategy, partial, capsys, tmp_path
):
  out = tmp_path / "out.json"
  status, printed = _run(
    capsys, "--scores", "table", "--strategy", strategy, "--out", str(out)
  )
  assert status == 0, printed.err
  report = json.loads(out.read_text())
  assert report["num_scored"] == report["num_cells"] == 4
  assert report["space_size"] == 15625
  assert [row["score"] for row in report["top"]] == [90.0, 70.0, 60.0, 50.0]
  assert report["regret"] == 0
  assert "4 cells have this label of 15,625" in printed.out
  assert report["score_unit"] == report["known_unit"] == "% accuracy"
  assert report["known"]["epochs"] == 12
  assert report["known"]["runs"] == "one run"
  status, printed = _run(capsys, "--scores", "table", "--budget", "2")
  assert status == 0
  assert "2 architectures of 4 in" in printed.out


def test_a_label_that_no_cell_has(partial, capsys):
  partial.columns["cifar10/test"][:] = np.nan
  status, printed = _run(capsys, "--scores", "table")
  assert status == 2
  assert "expected cells that have it, got none" in printed.err


def test_labels_are_named_where_none_is_the_usual_one(partial, capsys):
  partial.columns["cifar10/test50"] = partial.columns.pop("cifar10/test")
  status, printed = _run(capsys, "--scores", "table")
  assert status == 2
  assert "expected --label=NAME as well, NAME one of 'test50'" in printed.err


def test_darts_rows_are_short_and_the_file_has_whole_notations(
  capsys, tmp_path, monkeypatch
):
  space = nasjax.get_space("darts")

  class Model:
    card: ClassVar[dict] = {}

    def predict(self, cells):
      return cells.sum(axis=1).astype(float)

  monkeypatch.setattr(checkpoints, "open_predictor", lambda *_: Model())
  monkeypatch.delenv("NASJAX_DATA", raising=False)
  out = tmp_path / "out.json"
  status, printed = _run(
    capsys, "--space", "darts", "--budget", "30", "--out", str(out)
  )
  assert status == 0
  report = json.loads(out.read_text())
  assert report["num_cells"] == (180 * 7**8) ** 2
  assert "30 architectures of about 10^18 in" in printed.out
  assert "unknown labels" in printed.out
  cells = space.parse([row["arch"] for row in report["top"]])
  assert len(cells) == 10
  rows = [line for line in printed.out.splitlines() if "reduce" in line]
  assert len(rows) == 10
  assert max(map(len, rows)) < 130
  shown = search_report.shorten(report["top"][0]["arch"])
  assert shown in printed.out
  words = shown.replace("normal", "").replace("reduce", "").split()
  codes = list(search_report._SHORT.values())
  pairs = [word.split(".") for word in words]
  assert cells[0].tolist() == [
    number for code, node in pairs for number in (int(node), codes.index(code))
  ]


def test_a_cost_is_listed_from_low_to_high_and_not_compared(
  capsys, tmp_path, monkeypatch
):
  class Model:
    card: ClassVar[dict] = {}
    target = "cost"

    def predict(self, cells):
      return cells.sum(axis=1).astype(float)

  monkeypatch.setattr(checkpoints, "open_predictor", lambda *_: Model())
  out = tmp_path / "out.json"
  status, printed = _run(capsys, "--out", str(out))
  assert status == 0
  report = json.loads(out.read_text())
  # Cells of one function are listed apart: their costs differ.
  assert [row["score"] for row in report["top"]][:3] == [0.0, 1.0, 1.0]
  assert report["tau"] is None
  assert report["regret"] is None
  assert "a cost, lower is better" in printed.out
  assert "known   none: the scores are costs" in printed.out
  status, _ = _run(capsys, "--best", "highest", "--out", str(out))
  report = json.loads(out.read_text())
  assert [row["score"] for row in report["top"]][:3] == [24.0, 23.0, 23.0]


def test_descriptions_of_labels_are_taken_apart():
  for name in ("nb201_analog", "mini201"):
    for label in nasjax.get_benchmark(name).labels.values():
      found = scorers.read_label(label.describe())
      assert found == {
        "dataset": label.dataset,
        "split": label.split,
        "epochs": label.epochs or None,
        "runs": label.seeds,
        "note": label.note or None,
      }
  assert scorers.read_label("nothing of the kind") == {}


def test_the_shipped_predictor_says_what_it_stands_for(capsys, tmp_path):
  out = tmp_path / "out.json"
  status, printed = _run(
    capsys, "--budget", "3000", "--seed", "2", "--out", str(out)
  )
  assert status == 0
  report = json.loads(out.read_text())
  trained = report["trained_on"]
  assert trained["label"] == "cifar10/val"
  assert trained["epochs"] == 200
  assert trained["runs"] == "one run"
  assert trained["split"] == "random"
  assert trained["num_train"] == 1563
  assert trained["commit"] == "b9a8f7704ef9"
  assert report["num_tau"] == 3000
  assert 3000 * 0.8 < report["num_rest"] < 3000
  assert report["tau"] != report["tau_rest"]
  assert abs(report["tau"] - report["tau_rest"]) < 0.02
  assert "without the training cells" in printed.out
  assert "unit of scores: none" in printed.out


def test_scores_of_any_unit_are_short():
  shown = [search_report._score(x) for x in (93.84812, 0, 1.5e160, -2e-170)]
  assert shown == ["93.848", "0.000", "1.5e+160", "-2e-170"]
