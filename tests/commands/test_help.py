"""What every form of `python -m nasjax...` says of itself, and of mistakes."""

import importlib
import pathlib
import re

import pytest

import nasjax

ROOT = pathlib.Path(nasjax.__file__).parent

MODULES = {
  "nasjax.benchmarks": "nasjax.commands.data",
  "nasjax.commands.document": "nasjax.commands.document",
  "nasjax.benchmarks.mini201_build": "nasjax.commands.mini201_build",
  "nasjax.benchmarks.mini201_embed": "nasjax.commands.mini201_embed",
  "nasjax.features.measure": "nasjax.features.measure",
  "nasjax.operators.encode": "nasjax.operators.encode",
  "nasjax.pretrained": "nasjax.commands.publish",
  "nasjax.pretrained.digests": "nasjax.commands.publish_digests",
  "nasjax.pretrained.images": "nasjax.commands.publish_images",
  "nasjax.pretrained.zero_label": "nasjax.commands.publish_zero_label",
  "nasjax.pretrained.gennape": "nasjax.commands.publish_ranker",
  "nasjax.reproduce": "nasjax.commands.reproduce",
  "nasjax.scoring": "nasjax.commands.score",
  "nasjax.spaces.nb101_order": "nasjax.spaces.nb101_order",
}
"""Each form, and the module whose `main` it runs."""
NEED_NOTHING = {
  "nasjax.spaces.nb101_order",
  "nasjax.commands.document",
  "nasjax.features.measure",
  "nasjax.operators.encode",
  "nasjax.pretrained.images",
  "nasjax.pretrained.zero_label",
  "nasjax.pretrained.gennape",
}
ENTRIES = ("nasjax",)  # tested as commands
"""Forms that are tested in other files."""


def run(name, monkeypatch, capsys, *words):
  module = importlib.import_module(MODULES[name])
  path = ROOT.parent.joinpath(*name.split("."))
  script = path / "__main__.py" if path.is_dir() else path.with_suffix(".py")
  monkeypatch.setattr("sys.argv", [str(script), *words])
  try:
    status = module.main()
  except SystemExit as ended:
    status = ended.code
  return status, capsys.readouterr()


def test_every_form_is_in_the_table():
  found = set()
  for path in ROOT.rglob("*.py"):
    if re.search(r'^if __name__ == "__main__":', path.read_text(), re.M):
      parts = path.relative_to(ROOT.parent).with_suffix("").parts
      found.add(".".join(parts).removesuffix(".__main__"))
  assert found - set(ENTRIES) == set(MODULES)


@pytest.mark.parametrize("word", ["--help", "-h"])
@pytest.mark.parametrize("name", MODULES)
def test_help_names_the_command(name, word, monkeypatch, capsys):
  status, printed = run(name, monkeypatch, capsys, word)
  assert status in (0, None)
  assert f"python -m {name}" in printed.out
  assert printed.err == ""


@pytest.mark.parametrize("name", MODULES)
def test_an_unknown_option_is_one_line(name, monkeypatch, capsys):
  status, printed = run(name, monkeypatch, capsys, "--no_such_option=1")
  assert status == 2
  assert re.fullmatch(r"error: .*\n", printed.err)


@pytest.mark.parametrize(
  "name",
  sorted(set(MODULES) - NEED_NOTHING),
)
def test_missing_arguments_are_one_line(name, monkeypatch, capsys):
  status, printed = run(name, monkeypatch, capsys)
  assert status == 2
  assert re.fullmatch(r"error: .*\n", printed.err)
  assert "--help" in printed.err or "expected" in printed.err
