"""`search.py`: the main job on data that come with the installation."""

import json

import jax
import numpy as np
import pytest
import tiny

import nasjax
from nasjax import scoring
from nasjax.commands import search


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
  space = nasjax.get_space("nb201")
  genotypes = space.sample(60, np.random.default_rng(0))
  labels = (genotypes == 3).sum(1) - (genotypes == 0).sum(1)
  config = tiny.config(epochs=30)
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


@pytest.mark.parametrize("strategy", ["random", "evolution", "local"])
def test_strategies_on_the_table(strategy, capsys, tmp_path):
  out = tmp_path / "out.json"
  status, _ = _run(
    capsys, "--strategy", strategy, "--scores", "table", "--budget", "200",
    "--seed", "1", "--out", str(out),
  )  # fmt: skip
  report = json.loads(out.read_text())
  assert status == 0
  assert report["num_scored"] == 200
  assert report["tau"] == pytest.approx(1.0)
  assert 0 <= report["regret"] < 3
  for row in report["top"]:
    assert row["score"] == pytest.approx(row["known"])


@pytest.mark.parametrize(
  ("argv", "message"),
  [
    (["--space", "nb999"], "unknown space 'nb999'"),
    (["--strategy", "grid"], "unknown"),
    (["--scores", "dice"], "unknown --scores 'dice'"),
    (["--dataset", "mnist"], "mnist"),
    (["--top_k", "0"], "--top_k: expected at least 1"),
    (["--top_k", "many"], "top_k"),
    (["--checkpoint", "/does/not/exist"], "not a saved nasjax model"),
    (["--benchmark", "nb101", "--space", "nb201"], ""),
    (["--nope", "1"], "nope"),
    (["--scores", "table", "--budget", "0"], "budget"),
  ],
)
def test_mistakes(argv, message, capsys, monkeypatch):
  monkeypatch.delenv("NASJAX_DATA", raising=False)
  status, printed = _run(capsys, *argv)
  assert status == 2
  assert printed.err.startswith("error: ")
  assert printed.err.count("\n") == 1
  assert message in printed.err


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
