"""The files in `nasjax/configs` say what they set, and how they are run."""

import ast
import importlib
import re

import documents
import pytest

from nasjax import config as configs

NAMES = sorted(
  path.stem
  for path in (documents.ROOT / "configs").glob("*.py")
  if path.stem not in ("default", "method")
)


def document(name: str) -> str:
  text = importlib.import_module(f"nasjax.configs.{name}").__doc__
  assert text is not None
  return text


def test_every_config_has_a_file_in_both_folders():
  inside = (documents.ROOT / "nasjax" / "configs").glob("[a-z]*.py")
  names = {path.stem for path in inside}
  assert names == {*NAMES, "default", "method"}


@pytest.mark.parametrize("name", NAMES)
def test_config_shows_what_it_sets(name):
  module = importlib.import_module(f"nasjax.configs.{name}")
  default = configs.flatten(configs.default().to_dict())
  own = configs.flatten(module.get_config().to_dict())
  wanted = {
    field: value
    for field, value in own.items()
    if field not in default or default[field] != value
  }
  lines = re.findall(r"^  ([a-z_.]+) = (.+)$", document(name), re.M)
  assert {field: ast.literal_eval(value) for field, value in lines} == wanted


@pytest.mark.parametrize("name", NAMES)
def test_config_shows_its_command(name):
  assert f"python train.py --config=configs/{name}.py" in document(name)
