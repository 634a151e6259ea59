"""Allowed values of every config field, for fresh and saved configs.

`config.override` holds names and types of what it sets; this holds ranges, and
types where a config came from a file.
"""

import dataclasses
import functools
import importlib
import math
import numbers
from typing import Any

import numpy as np
from ml_collections import config_dict

from nasjax import config as configs
from nasjax import errors, files

MAX_SEED = 2**32 - 1
"""Largest seed: keys and host generators distinguish 32 bits."""
_COUNT = 10**9
_STEPS = 10**12
_WIDTH = 16_384
_LAYERS = 64
_MEMBERS = 10_000
_TEXT = 4096
_REAL = (int, float, np.integer, np.floating)
_OPTIONAL = ("max_steps", "init", "prior")


@dataclasses.dataclass(frozen=True)
class Whole:
  """A whole number from `low` to `high`."""

  low: int
  high: int

  def admits(self, value: Any) -> bool:
    """Says whether the value is one."""
    whole = isinstance(value, numbers.Integral) and not isinstance(value, bool)
    return whole and self.low <= int(value) <= self.high

  def __str__(self):
    return f"a whole number from {self.low} to {self.high}"


@dataclasses.dataclass(frozen=True)
class Real:
  """A finite number from `low` to `high`; `low` itself only with `closed`."""

  low: float
  high: float
  closed: bool = True

  def admits(self, value: Any) -> bool:
    """Says whether the value is one."""
    if isinstance(value, bool) or not isinstance(value, _REAL):
      return False
    number: Any = value  # `Real` says nothing of order
    above = self.low <= number if self.closed else self.low < number
    return above and number <= self.high

  def __str__(self):
    start = "from" if self.closed else "above"
    return f"a number {start} {self.low:g} and at most {self.high:g}"


@dataclasses.dataclass(frozen=True)
class Flag:
  """True or False."""

  def admits(self, value: Any) -> bool:
    """Says whether the value is one."""
    return isinstance(value, bool)

  def __str__(self):
    return "True or False"


@dataclasses.dataclass(frozen=True)
class Text:
  """A text of at most `most` characters."""

  most: int = _TEXT

  def admits(self, value: Any) -> bool:
    """Says whether the value is one."""
    return isinstance(value, str) and len(value) <= self.most

  def __str__(self):
    return f"a text of at most {self.most} characters"


@dataclasses.dataclass(frozen=True)
class Choice:
  """One of the names that a module holds, which needs JAX.

  Attributes:
    module: the module, imported where the names are asked for.
    attribute: its names, or a function that returns them.
  """

  module: str
  attribute: str

  @functools.cached_property
  def names(self) -> tuple[str, ...]:
    """The names."""
    found: Any = getattr(importlib.import_module(self.module), self.attribute)
    names: Any = found() if callable(found) else found
    return tuple(names)

  def admits(self, value: Any) -> bool:
    """Says whether the value is one."""
    return isinstance(value, str) and value in self.names

  def __str__(self):
    return "one of " + ", ".join(repr(name) for name in self.names)


Rule = Whole | Real | Flag | Text | Choice

_WIDE, _DEEP = Whole(1, _WIDTH), Whole(0, _LAYERS)
_SHARE, _SIZE = Real(0, 1), Real(0, 1e9)
_DROPOUT = Real(0, 0.998)  # rounded to 256ths, of which one is kept

FIELDS: dict[str, Rule] = {
  "space": Text(64),  # whoever looks the space up knows whether it is there
  "benchmark": Text(),
  "table": Text(),
  "teacher": Text(),
  "target": Choice("nasjax.config", "TARGETS"),
  "prior": Choice("nasjax.config", "PRIORS"),
  "dataset": Text(),
  "split": Text(),
  "train_label": Text(),
  "test_label": Text(),
  "num_train": Whole(0, _COUNT),
  "seed": Whole(0, MAX_SEED),
  "num_seeds": Whole(1, _MEMBERS),
  "num_members": Whole(1, _MEMBERS),
  "epochs": Whole(1, _COUNT),
  "max_steps": Whole(0, _STEPS),
  "batch_size": Whole(1, _COUNT),
  "drop_last": Flag(),
  "loss": Choice("nasjax.training.losses", "LOSSES"),
  "init": Choice("nasjax.training.state", "INITS"),
  "prune": Flag(),
  "checkpoint_every": Whole(1, _COUNT),
  "refit": Flag(),
  "kernel.weight": _SIZE,
  "kernel.max_cells": Whole(0, _COUNT),
  "kernel.linear": Flag(),
  "kernel.power": Real(0, 10, closed=False),
  "optimizer.name": Choice("nasjax.training.optimizers", "OPTIMIZERS"),
  "optimizer.learning_rate": _SIZE,
  "optimizer.schedule": Choice("nasjax.training.optimizers", "SCHEDULES"),
  "optimizer.warmup_rate": _SHARE,
  "optimizer.weight_decay": _SIZE,
  "optimizer.clip_norm": _SIZE,
  "pretrain.num_cells": Whole(0, _COUNT),
  "pretrain.epochs": Whole(0, _COUNT),
  "pretrain.batch_size": Whole(0, _COUNT),
  "pretrain.learning_rate": _SIZE,
  "pretrain.mask_rate": _SHARE,
}
"""What a config holds besides `model`, by dotted name."""

MODEL_FIELDS: dict[str, Rule] = {
  "width": _WIDE,
  "ffn_width": _WIDE,
  "gcn_width": _WIDE,
  "head_width": _WIDE,
  "feature_width": _WIDE,
  "key_width": _WIDE,
  "set_width": _WIDE,
  "num_heads": Whole(1, 1024),
  "embed_heads": Whole(1, 1024),
  "num_layers": _DEEP,
  "encoder_layers": _DEEP,
  "predictor_layers": _DEEP,
  "dropout_rate": _DROPOUT,
  "gcn_dropout_rate": _DROPOUT,
  "feature_dropout_rate": _DROPOUT,
  "position": Flag(),
  "bidirectional": Flag(),
  "paths": Flag(),
  "signals": Flag(),
  "edges": Flag(),
  "functions": Flag(),
  "freeze_encoder": Flag(),
  "extra_kinds": Text(4096),
  "operators": Text(4096),
}
"""What `config.model` holds, of any model; its other fields are names, which
`models.create_model` knows."""


def check(config: configs.Config) -> configs.Config:
  """Checks every field of a config, before anything is built or read.

  A field that nasjax does not know is left alone; `config.override` refuses
  those that a user names.

  Args:
    config: a whole config, see `nasjax.config.default`; fields of `model` may
      be missing, which then have the model's own defaults.

  Returns:
    The config.

  Raises:
    UserError: a field is missing, has another type, or is out of its range.
  """
  if not isinstance(config, config_dict.ConfigDict):
    raise errors.UserError(
      "config: expected a ConfigDict, as nasjax.config.default() returns, got "
      f"{type(config).__name__}; start from that one"
    )
  flat = configs.flatten(config.to_dict())
  for name, rule in FIELDS.items():
    if name in flat:
      check_value(f"config.{name}", flat[name], rule)
    elif name not in _OPTIONAL:
      raise errors.UserError(
        f"config.{name}: expected {rule}, got no such field; start from "
        "nasjax.config.default()"
      )
  _check_model(config.get("model"))
  return config


def check_ranges(config: configs.Config) -> None:
  """Checks the numbers of a config, without loading JAX.

  Raises:
    UserError: one is out of its range.
  """
  for name, value in configs.flatten(config.to_dict()).items():
    rule = FIELDS.get(name) or MODEL_FIELDS.get(name.removeprefix("model."))
    if rule is not None and not isinstance(rule, Choice):
      check_value(f"config.{name}", value, rule)
  check_seeds(config)
  check_operators(config)


def check_seeds(config: configs.Config) -> None:
  """Checks that every seed of a run of `num_seeds` seeds is one.

  Raises:
    UserError: the last one is above `MAX_SEED`.
  """
  last = config.seed + config.num_seeds - 1
  if last > MAX_SEED:
    raise errors.UserError(
      f"config.seed: expected seed + num_seeds - 1 of at most {MAX_SEED}, got "
      f"{last}; take a smaller seed"
    )


def check_operators(config: configs.Config) -> None:
  """Checks the operators of one's own that a model encodes, by name.

  They need not be registered where a config is only read.

  Raises:
    UserError: no operator has such a name, or it is there twice.
  """
  text = config.model.get("operators", "")
  check_value("config.model.operators", text, MODEL_FIELDS["operators"])
  if not text:
    return
  from nasjax.operators import table

  names, own = text.split(","), table.own_names()
  for place, name in enumerate(names):
    if name not in own or name in names[:place]:
      again = " again" if name in own else ""
      raise errors.UserError(
        "config.model.operators: expected names of operators that "
        f"nasjax.operators.register added ({', '.join(own) or 'none yet'}), "
        f"each once, got {errors.quote(name)}{again}; leave the field empty, "
        "and a fit fills it in"
      )


def check_table(config: configs.Config) -> None:
  """Checks that the user's own table is there.

  Raises:
    UserError: no file has the name that `config.table` has.
  """
  if not files.expand(config.table).exists():
    raise errors.UserError(
      f"config.table: no such file: {errors.quote(config.table)}; give "
      "--config.table=FILE.csv with one's own file"
    )


def _check_model(fields: Any) -> None:
  if not isinstance(fields, config_dict.ConfigDict):
    raise errors.UserError(
      f"config.model: expected the fields of a model, got {fields!r}"
    )
  from nasjax.systems import registry as models

  name: Any = fields.get("name")
  check_value("config.model.name", name, Text(64))
  for field, default in models.default_fields(str(name)).items():
    rule = MODEL_FIELDS.get(field, Text(64))
    check_value(f"config.model.{field}", fields.get(field, default), rule)


def check_value(name: str, value: Any, rule: Rule) -> None:
  """Checks one value.

  Args:
    name: what messages call it.
    value: value of any type.
    rule: what it may be.

  Raises:
    UserError: it is something else.
  """
  if isinstance(value, float) and not math.isfinite(value):
    raise errors.UserError(f"{name}: expected {rule}, got {value}")
  if rule.admits(value):
    return
  if isinstance(rule, Choice):
    raise errors.one_of(name.removeprefix("config."), value, rule.names)
  raise errors.UserError(f"{name}: expected {rule}, got {errors.quote(value)}")
