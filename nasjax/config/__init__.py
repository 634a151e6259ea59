"""The fields that every predictor config has, and the defaults of a space."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from ml_collections import config_dict

from nasjax import errors, settings
from nasjax.config import fields as default_fields
from nasjax.spaces import registry as spaces

if TYPE_CHECKING:
  from nasjax.spaces import base as spaces_base

Config = settings.Config
check_field = settings.check_field
differences = settings.differences
field_names = settings.field_names
flatten = settings.flatten

ACCURACY, COST = TARGETS = ("accuracy", "cost")
NO_PRIOR, ZERO_PRIOR = PRIORS = ("none", "zero")

# What labels of another kind need (`target`): dead operations and operations
# that leave the function as it is take time and energy.
_COST = {"prune": False, "model.functions": False}

# Fields that were moved: files and commands of older versions have them.
_RENAMED = {"model.kernel_power": "kernel.power"}
_RENAMED_OF = "architecture"
_REMOVED = ("model.kernel_cells", "model.kernel_distance")

# What `Space.defaults` is for spaces of one's own. It stands here for those of
# nasjax, whose classes need JAX: a config is checked before JAX is loaded.
_SPACES: dict[str, dict[str, Any]] = {
  "nb101": {
    "benchmark": "nb101",
    "num_train": 424,
    "epochs": 300,
    "max_steps": 4500,
    "num_members": 2,
    "model.attention": "relations",
    "model.num_layers": 1,
    "model.encoder": "flow",
    "model.encoder_layers": 1,
    "model.paths": True,
    "model.signals": True,
    "kernel.weight": 1.0,
    "kernel.max_cells": 5000,
  },
  "nb201": {
    "benchmark": "nb201",
    "num_train": 156,
    "num_members": 2,
    "max_steps": 2500,
    "model.functions": True,
    "kernel.weight": 0.75,
  },
  "darts": {
    "benchmark": "nb301",
    "test_label": "val",
    "num_train": 1000,
    "num_members": 2,
    "epochs": 100,
    "max_steps": 6400,
    "model.paths": True,
    "model.edges": True,
    "kernel.power": 1.0,
    "kernel.linear": True,
    "kernel.weight": 2.0,
  },
}


def default() -> Config:
  """Returns the default config; `nasjax/config/fields.py` shows it.

  Labels are named `<dataset>/<label>`: `cifar10/val` is `dataset` `cifar10`
  with `train_label` `val`.
  """
  return default_fields.get_config()


def space_defaults(space: "str | spaces_base.Space") -> Config:
  """Returns the default config of a space.

  For a space of nasjax it is that of `configs/<space>.py`, for a space of one's
  own `default()` with the fields of `Space.defaults`.

  Args:
    space: a space or its name.

  Raises:
    UserError: no space has that name, or its `defaults` have an unknown field.
  """
  if isinstance(space, str) and space in _SPACES:
    return override(default(), {"space": space, **_SPACES[space]})
  found = spaces.as_space(space)
  fields = _SPACES.get(found.name, found.defaults)
  return override(default(), {**fields, "space": found.name})


# A student is as small as keeps its teacher's order of the cells.
_STUDENT: dict[str, Any] = {
  "train_label": "predicted",
  "num_seeds": 1,
  "num_members": 1,
  "max_steps": 12_000,
  "batch_size": 256,
  "model.width": 32,
  "model.num_heads": 4,
  "model.num_layers": 0,
  "model.encoder": "gcn",
  "model.encoder_layers": 0,
  "model.gcn_width": 64,
  "model.head_width": 128,
  "model.graph": "inference",
  "model.feature_dropout_rate": 0.0,
  "model.paths": False,
  "model.signals": False,
  "model.functions": False,
  "kernel.weight": 0.0,
  "optimizer.learning_rate": 3e-3,
  "optimizer.weight_decay": 0.0,
}
_STUDENTS = {
  "nb101": {"num_train": 50_000, "epochs": 40},
  "nb201": {"num_train": 12_000, "epochs": 100, "model.functions": True},
  "darts": {"num_train": 10_000, "epochs": 60},
}


def student_defaults(space: str) -> Config:
  """Returns the config of a small predictor that learns from a larger one.

  Its labels are the scores of the pretrained predictor of the space
  (`config.teacher`); no accuracy is used.

  Raises:
    UserError: no student is known for that space.
  """
  errors.check_name("space of a student", space, _STUDENTS)
  fields = {"teacher": space, **_STUDENT, **_STUDENTS[space]}
  return override(space_defaults(space), fields)


# Every step scores its cells on all data sets: narrower, to cost as much.
_IMAGES: dict[str, Any] = {
  "benchmark": "mini201",
  "num_train": 210,
  "num_members": 4,
  "num_seeds": 1,
  "epochs": 60,
  "model.width": 32,
  "model.num_heads": 4,
  "model.num_layers": 1,
  "model.ffn_width": 64,
  "model.encoder_layers": 1,
  "model.gcn_width": 48,
  "model.head_width": 64,
}


def images_defaults() -> Config:
  """Returns the config of the predictor that sees images of a data set."""
  return override(space_defaults("nb201"), _IMAGES)


def use_model(config: Config, name: str) -> Config:
  """Puts a model with its own default fields into a config, in place.

  Fields that the system keeps (`System.keeps`) have the value of the model
  before.

  Raises:
    UserError: no model has that name.
  """
  from nasjax.systems import registry as models

  before = config.model
  config.model = config_dict.ConfigDict(models.default_fields(name))
  system = models.get_system(name)
  kept = {field: before[field] for field in system.keeps if field in before}
  config.model.update(kept)
  config.update_from_flattened_dict(dict(system.fields))
  return config


def override(config: Config, fields: Mapping[str, Any]) -> Config:
  """Sets fields by dotted name, e.g. `{'model.width': 32}`, in place.

  Another `model.name` brings the default fields of that model, and `target`
  `cost` brings `prune` and `model.functions` False; the other fields are then
  set on top of them. Numbers of NumPy become those of Python.

  Raises:
    UserError: a field or a model does not exist, or a value has another type.
  """
  name = fields.get("model.name", config.model.name)
  if not isinstance(name, str) or name != config.model.name:
    use_model(config, name)
  fields = {
    renamed(key, name): value.item() if isinstance(value, np.generic) else value
    for key, value in fields.items()
  }
  known = field_names(config)
  target = fields.get("target", config.target)
  errors.check_name("config.target", target, TARGETS)
  if target != config.target and target == COST:
    fields = {**{key: _COST[key] for key in _COST if key in known}, **fields}
  for name, value in fields.items():
    check_field(name, known)
    try:
      config.update_from_flattened_dict({name: value})
    except TypeError as error:
      kind = type(flatten(config.to_dict())[name]).__name__
      raise errors.UserError(
        f"config.{name}: expected a value of the type {kind}, got "
        f"{errors.quote(value)}"
      ) from error
  return config


def move(config: Config, space: str) -> Config:
  """Gives a config the defaults of another space, in place.

  Fields that the config does not have from the defaults of its own space stay.

  Raises:
    UserError: no space has that name.
  """
  before = flatten(space_defaults(config.space).to_dict())
  after = flatten(space_defaults(space).to_dict())
  now = flatten(config.to_dict())
  fields = {
    name: value
    for name, value in after.items()
    if name in now and now[name] == before[name] != value
  }
  return override(config, {**fields, "space": space})


def renamed(name: str, model: str | None) -> str:
  """Returns the dotted name of this version for a field that was moved.

  Args:
    name: dotted name of a field.
    model: name of the model; the fields were those of `architecture`.
  """
  return _RENAMED.get(name, name) if model == _RENAMED_OF else name


def restored(saved: dict[str, Any]) -> Config:
  """Returns the config of a saved predictor.

  Fields of the model that are newer than the predictor take the model's own
  defaults, which keep it as it was, and not those of new trainings.

  Args:
    saved: the config as nested fields.

  Raises:
    UserError: it has a field or a model that does not exist.
  """
  config = use_model(default(), saved["model"]["name"])
  return override(config, modern(saved))


def adopt(config: Config) -> None:
  """Moves fields of older versions to their names of this one, in place."""
  model = config.get("model")
  if not isinstance(model, config_dict.ConfigDict):
    return
  if model.get("name") == _RENAMED_OF and "kernel_power" in model:
    power: Any = model["kernel_power"]
    with model.unlocked():
      del model["kernel_power"]
    override(config, {"kernel.power": power})


def modern(saved: Mapping[str, Any]) -> dict[str, Any]:
  """Returns the fields of a saved config by the names of this version.

  Args:
    saved: the config as nested fields.

  Returns:
    Fields by dotted name. Sizes of a regression, which older versions kept
    among the fields of the model, are left out.
  """
  flat = flatten(saved)
  model = flat.get("model.name")
  fields = {
    renamed(name, model): value
    for name, value in flat.items()
    if name not in _REMOVED
  }
  if model == _RENAMED_OF:
    fields.setdefault("kernel.power", 1.0)
  return fields


def completed(saved: Mapping[str, Any]) -> dict[str, Any]:
  """Returns `modern(saved)` with fields that are newer than it, by their names.

  They have the values that `restored` gives them. Fields that this version does
  not know stay, and so does a model that it does not know.

  Args:
    saved: the config as nested fields.
  """
  from nasjax.systems import registry as models

  found = modern(saved)
  base, name = default(), found.get("model.name")
  if isinstance(name, str) and name in models.model_names():
    base = use_model(base, name)
  return {**flatten(base.to_dict()), **found}
