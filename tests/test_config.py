"""Configs: the shipped files, overrides, and their errors."""

import importlib.util
import pathlib

import numpy as np
import pytest

import nasjax
from nasjax import config as configs
from nasjax import errors
from nasjax.benchmarks import registry
from nasjax.commands import config_files
from nasjax.config import representation
from nasjax.experiments import kinds
from nasjax.spaces import registry as spaces
from nasjax.systems import registry as models
from nasjax.training import losses, optimizers

ROOT = pathlib.Path(__file__).parent.parent
FOLDER = ROOT / "configs"
PACKAGED = ROOT / "nasjax" / "configs"


def _load(path):
  spec = importlib.util.spec_from_file_location(path.stem, path)
  module = importlib.util.module_from_spec(spec)
  spec.loader.exec_module(module)
  return module


def _names(folder):
  found = folder.rglob("[a-z]*.py")
  return sorted(p.relative_to(folder).with_suffix("").as_posix() for p in found)


@pytest.mark.parametrize("name", _names(FOLDER))
def test_every_shipped_config_is_complete_and_says_how_to_run_it(name):
  module = _load(FOLDER / f"{name}.py")
  words = ("pinat,nb201,156",) if name == "method" else ()
  config = module.get_config(*words)
  assert f"--config=configs/{name}.py" in module.__doc__
  kind = kinds.of(config)
  if kind is not None:
    assert kind.fields.check(config) is config
    return
  assert set(config.keys()) == set(configs.default().keys())
  assert models.create_model(config.model) is not None
  assert losses.get_loss(config.loss) is not None
  assert optimizers.create_optimizer(config.optimizer, 10) is not None
  if config.benchmark:
    assert registry.get_entry(config.benchmark).space == config.space


@pytest.mark.parametrize("space", ["nb101", "nb201", "darts"])
def test_a_representation_has_the_defaults_of_its_space(space):
  chosen = config_files.choose(f"arch2vec/{space}", [])
  assert chosen.config.space == space
  assert chosen.config == representation.space_defaults(space)


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


def test_every_config_is_a_part_of_the_package():
  assert (PACKAGED / "__init__.py").is_file()  # setuptools finds packages
  assert _names(PACKAGED) == _names(FOLDER)
  for name in _names(PACKAGED):
    assert config_files.choose(_source(name), []).config.model.name
    inner, outer = _load(PACKAGED / f"{name}.py"), _load(FOLDER / f"{name}.py")
    words = _source(name).split(":")[1:]
    expected = inner.get_config(*words).to_dict()
    assert outer.get_config(*words).to_dict() == expected


def _source(name):
  return "method:pinat,nb201,156" if name == "method" else name


def test_the_default_config_shows_every_field_and_model_default():
  shown = (PACKAGED.parent / "config" / "fields.py").read_text()
  config = configs.default()
  for name in configs.field_names(config):
    assert f'"{name.rpartition(".")[2]}": ' in shown
  assert set(config.model) == set(models.default_fields("architecture"))


def test_costs_are_not_pruned_and_share_no_function():
  config = configs.override(configs.space_defaults("nb201"), {"target": "cost"})
  assert (config.prune, config.model.functions) == (False, False)
  again = configs.restored(config.to_dict())
  assert again.to_dict() == config.to_dict()
  with pytest.raises(errors.UserError, match="target 'speed'"):
    configs.override(configs.default(), {"target": "speed"})


def test_a_config_moves_to_another_space():
  for space in ("nb101", "darts"):
    config = configs.move(configs.space_defaults("nb201"), space)
    assert config.to_dict() == configs.space_defaults(space).to_dict()
  config = configs.override(configs.space_defaults("nb201"), {"num_train": 99})
  assert configs.move(config, "darts").num_train == 99


def test_numbers_of_numpy_are_numbers():
  fields = {"seed": np.int64(3), "prune": np.bool_(False)}
  fields |= {"kernel.weight": np.float64(0.5)}
  config = configs.override(configs.default(), fields)
  assert (type(config.seed), config.seed) == (int, 3)
  assert config.prune is False
  assert (type(config.kernel.weight), config.kernel.weight) == (float, 0.5)


@pytest.mark.parametrize("name", [["nb201"], None, {}, np.array(["a", "b"])])
def test_a_name_of_another_type_is_a_users_mistake(name):
  for take in (
    configs.space_defaults,
    configs.student_defaults,
    spaces.get_space,
    registry.get_benchmark,
    models.default_fields,
    lambda name: configs.override(configs.default(), {"target": name}),
    lambda name: configs.override(configs.default(), {"model.name": name}),
  ):
    with pytest.raises(errors.UserError, match="expected one of"):
      take(name)


def test_a_config_file_of_an_older_version_sets_the_power(tmp_path):
  path = tmp_path / "mine.py"
  path.write_text(
    "from nasjax import config\n"
    "def get_config():\n"
    "  mine = config.default()\n"
    "  mine.model.kernel_power = 1.25\n"
    "  return mine\n"
  )
  chosen = config_files.choose(str(path), [])
  assert chosen.config.kernel.power == 1.25
  assert "kernel_power" not in chosen.config.model


def test_a_moved_field_is_one_of_the_model_that_had_it(tmp_path):
  """`kernel_power` was a field of the architecture-enhanced predictor alone."""
  unknown = "unknown config field 'model.kernel_power'"
  power = {"model.kernel_power": 1.25}
  assert configs.override(configs.default(), power).kernel.power == 1.25
  compared = {"model.name": "mlp", **power}
  with pytest.raises(errors.UserError, match=unknown):
    configs.override(configs.default(), compared)
  with pytest.raises(errors.UserError, match=unknown):
    nasjax.Predictor(model={"name": "mlp", "kernel_power": 1.0})
  with pytest.raises(errors.UserError, match=unknown):
    configs.override(configs.use_model(configs.default(), "mlp"), power)
  saved = configs.use_model(configs.default(), "mlp").to_dict()
  saved["model"]["kernel_power"] = 1.25
  with pytest.raises(errors.UserError, match=unknown):
    configs.restored(saved)
  words = ["--config.model.name=mlp", "--config.model.kernel_power=1.25"]
  with pytest.raises(errors.UserError, match=unknown):
    config_files.choose("default", words)
  chosen = config_files.choose("default", words[1:]).config
  assert chosen.kernel.power == 1.25
  path = tmp_path / "mine.py"
  path.write_text(
    "from nasjax import config\n"
    "def get_config():\n"
    "  mine = config.use_model(config.default(), 'mlp')\n"
    "  with mine.model.unlocked():\n"
    "    mine.model.kernel_power = 1.25\n"
    "  return mine\n"
  )
  with pytest.raises(errors.UserError, match=f"mine.py': {unknown}"):
    config_files.choose(str(path), [])
