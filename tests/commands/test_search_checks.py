"""Mistakes of a search that are found before anything is loaded."""

import json
import subprocess
import sys

import pytest

from nasjax import search
from nasjax.benchmarks import registry
from nasjax.commands import arguments, search_checks, search_run
from nasjax.commands.search_options import SearchOptions
from nasjax.search import base as search_base


def test_benchmarks_are_those_of_the_library():
  assert {
    name: registry.get_entry(name).space for name in registry.benchmark_names()
  } == search_checks.BENCHMARKS


@pytest.fixture
def other(tmp_path):
  """A folder that says it is a predictor of another space."""
  meta = {"format": 1, "config": {"space": "darts"}}
  (tmp_path / "other").mkdir()
  (tmp_path / "other" / "model.json").write_text(json.dumps(meta))
  run = tmp_path / "run" / "checkpoint" / "model"
  run.mkdir(parents=True)
  (run / "model.json").write_text(json.dumps(meta))
  return tmp_path


@pytest.mark.parametrize(
  ("words", "message"),
  [
    ("--checkpoint /no/such", "'/no/such' is not a saved nasjax model"),
    ("--checkpoint other", "'other' is a predictor of the space 'darts'"),
    ("--checkpoint run", "'run' is a predictor of the space 'darts'"),
    ("--checkpoint nb101", "'nb101' is a predictor of the space 'nb101'"),
    ("--checkpoint darts --evaluate 1 --dataset x", "of the space 'darts'"),
    ("--checkpoint images", "expected --evaluate and --dataset of images"),
    ("--benchmark nb999", "unknown benchmark 'nb999'"),
    ("--benchmark nb301", "'nb301' is of the space 'darts'"),
    ("--data_dir /no/such", "expected an existing folder, got '/no/such'"),
  ],
)
def test_mistakes_come_before_jax(words, message, other, monkeypatch):
  code = (
    "import sys; from nasjax.commands import search;"
    f"assert search.main(['search', *{words.split()!r}]) == 2;"
    "assert 'jax' not in sys.modules"
  )
  done = subprocess.run(
    [sys.executable, "-c", code],
    check=True,
    timeout=60,
    cwd=other,
    capture_output=True,
    text=True,
  )
  assert done.stderr.startswith("error: ")
  assert done.stderr.count("\n") == 1
  assert message in done.stderr


@pytest.mark.parametrize("name", ["student", "nb201_student", "nb201"])
def test_predictors_that_are_there_pass(name):
  options = arguments.parse(SearchOptions, ["--checkpoint", name])
  search_checks.check(options)


def test_a_budget_is_checked_before_anything_is_opened(monkeypatch):
  words = ["--space", "darts", "--budget", "10000001"]

  def no_table(_):
    raise AssertionError

  monkeypatch.setattr(search_run.known_accuracies, "load", no_table)
  with pytest.raises(ValueError, match="expected at most 10000000 arch"):
    search_run.run(arguments.parse(SearchOptions, words))


def test_a_budget_in_a_space_of_known_size():
  space = search.Subset(
    registry.get_benchmark("mini201").space,
    registry.get_benchmark("mini201").genotypes,
  )
  assert search_base.whole_budget(space, None) == space.size
  assert search_base.whole_budget(space, 7) == 7
  assert search_base.whole_budget(space, 10**9) == space.size
