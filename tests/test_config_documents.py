"""The files in `nasjax/configs` say what they set, and how they are run."""

import ast
import importlib
import re

import documents
import pytest

from nasjax import config as configs


def names_in(folder) -> set[str]:
  found = folder.rglob("[a-z]*.py")
  return {path.relative_to(folder).with_suffix("").as_posix() for path in found}


NAMES = sorted(names_in(documents.ROOT / "configs") - {"default", "method"})


def module_of(name: str):
  return importlib.import_module(f"nasjax.configs.{name.replace('/', '.')}")


def document(name: str) -> str:
  text = module_of(name).__doc__
  assert text is not None
  return text


def test_every_config_has_a_file_in_both_folders():
  names = names_in(documents.ROOT / "nasjax" / "configs")
  assert names == {*NAMES, "default", "method"}


@pytest.mark.parametrize("name", NAMES)
def test_config_shows_what_it_sets(name):
  module = module_of(name)
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
