"""What the pages tell a reader to run: it runs, and prints what they show."""

import os
import pathlib
import subprocess
import sys

import documents
import pytest

from nasjax.systems import registry

EXAMPLES = sorted((documents.ROOT / "examples").glob("*.py"))


def run(words: list[str], folder: pathlib.Path) -> str:
  """Standard output of a program that has to end well."""
  here = pathlib.Path(sys.executable).parent
  done = subprocess.run(
    words,
    cwd=folder,
    env={**os.environ, "PATH": f"{here}{os.pathsep}{os.environ['PATH']}"},
    capture_output=True,
    text=True,
    timeout=900,
    check=False,
  )
  assert done.returncode == 0, done.stderr
  return done.stdout


@pytest.mark.slow
def test_tutorial(tmp_path):
  for name in ("train.py", "search.py", "configs"):
    (tmp_path / name).symlink_to(documents.ROOT / name)
  steps = documents.steps("docs/tutorial.md")
  assert steps[0].code == "pip install -e .\n"
  for step in steps[1:]:
    start = {"sh": ["bash", "-euc"], "python": [sys.executable, "-c"]}
    printed = run([*start[step.language], step.code], tmp_path)
    assert step.output is not None, step.code
    assert documents.form(printed) == documents.form(step.output)


@pytest.mark.slow
@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_example(path, tmp_path):
  if "nasjax.export(" in path.read_text():
    pytest.importorskip("flatbuffers", reason="the extra export")
  if "import optuna" in path.read_text():
    pytest.importorskip("optuna", reason="the extra optuna")
  assert run([sys.executable, str(path)], tmp_path)


def test_every_example_is_listed():
  text = (documents.ROOT / "docs" / "examples.md").read_text()
  assert [each.name for each in EXAMPLES if f"/{each.name}" not in text] == []


def test_every_figure_is_in_the_gallery():
  docs = documents.ROOT / "docs"
  figures = {path.relative_to(docs).as_posix() for path in docs.rglob("*.png")}
  assert figures
  text = (docs / "gallery.md").read_text()
  assert {name for name in figures if f"]({name})" not in text} == set()


@pytest.mark.slow
def test_own_model_runs(monkeypatch, capsys):
  module, use = documents.blocks("docs/own_model.md", "python")
  names: dict = {}
  exec(compile(module, "own_model", "exec"), names)
  for name, each in names["SYSTEMS"].items():
    monkeypatch.setitem(registry._SYSTEMS, name, each)
  monkeypatch.setitem(registry.WINGS, "messages", names["SYSTEMS"])
  exec(compile(use, "own_model", "exec"), names)
  assert names["predictor"].model.reads.kinds
  scores = names["predictor"].predict(names["benchmark"].genotypes)
  assert len(set(scores.round(3))) > 100
  assert capsys.readouterr().out


@pytest.mark.parametrize(
  "document",
  ["docs/search.md", "docs/own_strategy.md", "docs/next_trainings.md"],
)
def test_page_runs(document, capsys, tmp_path, monkeypatch):
  monkeypatch.chdir(tmp_path)
  for extra in ("optuna", "sklearn"):
    if extra in (documents.ROOT / document).read_text():
      pytest.importorskip(extra, reason=f"the extra {extra}")
  names: dict = {}
  for step in documents.steps(document):
    if step.language == "python":
      exec(compile(step.code, document, "exec"), names)
      if step.output is not None:
        assert capsys.readouterr().out == step.output
