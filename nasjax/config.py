"""The fields that every predictor config has, and the defaults of a space."""

import functools
from typing import Any

from ml_collections import config_dict

from nasjax import errors
from nasjax.models import registry as models

Config = Any
"""An `ml_collections.ConfigDict`; its type knows nothing of the fields."""

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
    "model.kernel_power": 1.0,
    "kernel.linear": True,
    "kernel.weight": 2.0,
  },
}


def default() -> Config:
  """Returns the default config; `configs/*.py` change what they state.

  Labels are named `<dataset>/<label>`: `cifar10/val` is `dataset` `cifar10`
  with `train_label` `val`.
  """
  return config_dict.ConfigDict(
    {
      "space": "nb201",
      "benchmark": "",
      "table": "",
      "teacher": "",
      "dataset": "cifar10",
      "split": "random",
      "train_label": "val",
      "test_label": "test",
      "num_train": 156,
      "seed": 0,
      "num_seeds": 5,
      "num_members": 1,
      "epochs": 200,
      "max_steps": 12_000,
      "batch_size": 32,
      "drop_last": False,
      "loss": "pairwise_logistic",
      "init": "lecun",
      "prune": True,
      "checkpoint_every": 20,
      "refit": False,
      "model": {
        **models.default_fields("architecture"),
        "attention": "structural",
        "adjacency": "norm",
        "bidirectional": True,
        "position": False,
        "ffn_width": 128,
        "gcn_width": 96,
        "features": "head",
        "feature_dropout_rate": 0.1,
        "kernel_power": 1.5,
      },
      "kernel": {"weight": 0.5, "max_cells": 1000, "linear": False},
      "optimizer": {
        "name": "adamw",
        "learning_rate": 1e-3,
        "schedule": "cosine",
        "warmup_rate": 0.1,
        "weight_decay": 0.05,
        "clip_norm": 1.0,
      },
      "pretrain": {
        "num_cells": 0,
        "epochs": 20,
        "batch_size": 128,
        "learning_rate": 1e-3,
        "mask_rate": 0.75,
      },
    }
  )


def space_defaults(space: str) -> Config:
  """Returns the default config of a space, that of `configs/<space>.py`.

  Raises:
    UserError: no default is known for that space.
  """
  if space not in _SPACES:
    raise errors.one_of("space", space, _SPACES)
  return override(default(), {"space": space, **_SPACES[space]})


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
  if space not in _STUDENTS:
    raise errors.one_of("space of a student", space, _STUDENTS)
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

  Raises:
    UserError: no model has that name.
  """
  config.model = config_dict.ConfigDict(models.default_fields(name))
  return config


def override(config: Config, fields: dict[str, Any]) -> Config:
  """Sets fields by dotted name, e.g. `{'model.width': 32}`, in place.

  Another `model.name` brings the default fields of that model; the other
  `model.*` fields are then set on top of them.

  Raises:
    UserError: a field or a model does not exist, or a value has another type.
  """
  name = fields.get("model.name", config.model.name)
  if name != config.model.name:
    use_model(config, name)
  known = _names(config)
  for name, value in fields.items():
    if name not in known:
      raise errors.one_of("config field", name, known)
    *parents, field = name.split(".")
    node = functools.reduce(getattr, parents, config)
    try:
      node[field] = value
    except TypeError as error:
      kind = type(node[field]).__name__
      raise errors.UserError(
        f"config.{name}: expected a value of the type {kind}, got "
        f"{errors.quote(value)}"
      ) from error
  return config


def _names(config: Config, prefix: str = "") -> list[str]:
  names = []
  for name, value in config.items():
    if isinstance(value, config_dict.ConfigDict):
      names += _names(value, f"{prefix}{name}.")
    else:
      names.append(prefix + name)
  return names


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
  return override(config, flatten(saved))


def flatten(config: dict[str, Any], prefix: str = "") -> dict[str, Any]:
  """Returns nested fields by dotted name."""
  flat = {}
  for name, value in config.items():
    if isinstance(value, dict):
      flat.update(flatten(value, f"{prefix}{name}."))
    else:
      flat[prefix + name] = value
  return flat
