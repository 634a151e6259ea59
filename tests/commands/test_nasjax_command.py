"""`nasjax`: every command under one name."""

import os
import pathlib
import subprocess
import sys

import pytest
import scoring_models
import tiny

from nasjax.commands import main
from nasjax.commands.search_options import EvaluateOptions, SearchOptions
from nasjax.experiments import invocation

ROOT = pathlib.Path(__file__).parent.parent.parent
NAMES = [each.name for each in main.NASJAX.commands]


def _run(*words, **keywords):
  return subprocess.run(
    [sys.executable, *words],
    capture_output=True,
    text=True,
    timeout=60,
    env={**os.environ, "PYTHONPATH": str(ROOT)},
    **keywords,
  )


def test_help_and_mistakes_need_no_jax_and_no_numpy():
  code = """
import sys
from nasjax.commands import main
for words in (["--help"], ["serch"], ["search", "--help"], ["search", "--x"]):
  status = main.main(["nasjax", *words])
  print(status, {"jax", "numpy"} & set(sys.modules))
"""
  done = _run("-c", code)
  lines = [line for line in done.stdout.splitlines() if "set()" in line]
  assert lines == ["0 set()", "2 set()", "0 set()", "2 set()"]
  assert done.stderr.splitlines() == [
    "error: unknown command 'serch': did you mean 'search'? see nasjax --help",
    "error: unknown option '--x'; see --help",
  ]


def test_the_module_is_the_command():
  done = _run("-m", "nasjax", "--help")
  assert done.returncode == 0
  assert "python -m nasjax COMMAND [options]" in done.stdout
  assert [line.split()[0] for line in done.stdout.splitlines()[-len(NAMES) :]]
  for name in NAMES:
    assert f"\n  {name} " in done.stdout


@pytest.mark.parametrize("name", [*NAMES, "data list", "data get"])
def test_help_of_every_command(name, capsys):
  assert main.main(["nasjax", *name.split(), "--help"]) == 0
  printed = capsys.readouterr()
  assert f"nasjax {name}" in printed.out
  assert printed.err == ""


def test_help_into_a_closed_pipe():
  done = subprocess.run(
    ["sh", "-c", '"$0" -m nasjax search --help | head -2', sys.executable],
    capture_output=True,
    text=True,
    timeout=60,
    env={**os.environ, "PYTHONPATH": str(ROOT)},
  )
  assert done.stdout.startswith("usage: python -m nasjax search [options]\n")
  assert done.stderr == ""


def test_a_search_with_evaluate_is_an_evaluation(monkeypatch):
  shared = {"space": "nb101", "seed": 3, "out": None, "epochs": 2, "top_k": 7}
  own = SearchOptions(dataset="mine", evaluate=4, **shared)
  assert own.evaluation() == EvaluateOptions(dataset="mine", top=4, **shared)


@pytest.mark.parametrize(
  ("words", "message"),
  [
    (("evaluate",), "no --dataset: expected images"),
    (("evaluate", "--dataset=x", "--top=0"), "--top: expected at least 1"),
    (("evaluate", "--dataset=x", "--seed=4294967296"), "at most 4294967295"),
    (("evaluate", "--dataset=x", "--scores=table"), "unknown option '--score"),
    (("evaluate", "--dataset=no/such"), "no/such"),
    (("export",), "no --out: expected file of the program"),
    (("export", "--space=nb2"), "unknown space 'nb2'"),
    (("export", "--out=/proc/no/x"), "cannot write '/proc/no/x'"),
    (("export", "--out=x", "--checkpoint=none"), "not a saved nasjax model"),
    (("score", "--out=x", "--space=darts"), "expected --num_samples=N"),
    (("data",), "no command: expected one of list, get"),
    (("data", "gt"), "did you mean 'get'?"),
    (("data", "get", "nb201", "--sha256=1"), "expected 64 hex digits"),
    (("reproduce", "table44"), "unknown name 'table44'"),
    (("train", "--config=nb201", "--config.epochs=x"), "a whole number"),
  ],
)
def test_mistakes(words, message, capsys, tmp_path, monkeypatch):
  monkeypatch.chdir(tmp_path)
  assert main.main(["nasjax", *words]) == 2
  printed = capsys.readouterr().err.splitlines()
  assert printed[-1].startswith("error: ")
  assert message in printed[-1]
  assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_a_predictor_is_exported(tmp_path, capsys):
  pytest.importorskip("flatbuffers", reason="export needs flatbuffers")
  from nasjax.predictors import exporting

  checkpoint = scoring_models.save_predictor(tmp_path / "model", **tiny.LIGHT)
  out = tmp_path / "predictor.stablehlo"
  words = ["nasjax", "export", "--checkpoint", str(checkpoint)]
  assert main.main([*words, "--out", str(out)]) == 0
  line = capsys.readouterr().out
  assert line.startswith(f"written to {out}: genotypes [b, 6] int8 to scores")
  model, space = scoring_models.make_predictor(**tiny.LIGHT)
  cells = space.enumerate()[:5]
  scores = exporting.load(out).call(cells)
  assert scores == pytest.approx(model.predict(cells), rel=1e-4)


@pytest.mark.parametrize(
  ("script", "program"),
  [
    ("/usr/bin/nasjax", "nasjax"),
    ("train.py", "python train.py"),
    (str(ROOT / "nasjax" / "__main__.py"), "python -m nasjax"),
    (
      str(ROOT / "nasjax" / "scoring" / "__main__.py"),
      "python -m nasjax.scoring",
    ),
    (
      str(ROOT / "nasjax" / "pretrained" / "digests.py"),
      "python -m nasjax.pretrained.digests",
    ),
  ],
)
def test_a_program_is_named_as_it_was_called(script, program):
  assert invocation.program(script) == program
