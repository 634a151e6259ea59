"""Configs: the shipped files, overrides, and their errors."""

import importlib.util
import pathlib

import pytest

from nasjax import config as configs
from nasjax import errors
from nasjax.benchmarks import registry
from nasjax.models import registry as models
from nasjax.training import losses, optimizers

FOLDER = pathlib.Path(__file__).parent.parent / "configs"


def _load(path):
  spec = importlib.util.spec_from_file_location(path.stem, path)
  module = importlib.util.module_from_spec(spec)
  spec.loader.exec_module(module)
  return module


@pytest.mark.parametrize("name", sorted(p.stem for p in FOLDER.glob("*.py")))
def test_every_shipped_config_is_complete_and_says_how_to_run_it(name):
  module = _load(FOLDER / f"{name}.py")
  words = ("pinat,nb201,156",) if name == "method" else ()
  config = module.get_config(*words)
  assert set(config.keys()) == set(configs.default().keys())
  assert models.create_model(config.model) is not None
  assert losses.get_loss(config.loss) is not None
  assert optimizers.create_optimizer(config.optimizer, 10) is not None
  if config.benchmark:
    assert registry.get_entry(config.benchmark).space == config.space
  if name != "default":
    assert f"--config=configs/{name}.py" in module.__doc__


def test_override():
  config = configs.override(
    configs.default(),
    {"epochs": 3, "model.width": 32, "optimizer.name": "adam"},
  )
  assert (config.epochs, config.model.width) == (3, 32)
  assert config.optimizer.name == "adam"


@pytest.mark.parametrize(
  ("field", "value", "message"),
  [
    ("epoch", 3, "unknown config field 'epoch'"),
    ("model.depth", 3, "unknown config field 'model.depth'"),
    ("nope.width", 3, "unknown config field 'nope.width'"),
    ("epochs", 1.5, "config.epochs: "),
  ],
)
def test_bad_overrides(field, value, message):
  with pytest.raises(errors.UserError, match=message):
    configs.override(configs.default(), {field: value})


def test_another_model_brings_its_own_fields():
  config = configs.override(
    configs.default(), {"model.set_width": 8, "model.name": "pinat"}
  )
  expected = {**models.default_fields("pinat"), "set_width": 8}
  assert config.model.to_dict() == expected
  assert "model.gcn_width" not in configs.field_names(config)
  with pytest.raises(errors.UserError, match="unknown model 'nope'"):
    configs.override(configs.default(), {"model.name": "nope"})


def test_naming_the_same_model_keeps_its_fields():
  config = configs.override(configs.default(), {"model.name": "architecture"})
  assert config.model.to_dict() == configs.default().model.to_dict()


def test_space_without_defaults():
  with pytest.raises(errors.UserError, match="unknown space 'nope'"):
    configs.space_defaults("nope")
