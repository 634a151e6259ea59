"""Systems by the name that a config gives them: one line for each wing."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import flax.linen as nn

from nasjax import errors
from nasjax.systems import architecture, baselines, regression, tgnas
from nasjax.systems import system as systems

WINGS = {
  "architecture": architecture.SYSTEMS,
  "baselines": baselines.SYSTEMS,
  "regression": regression.SYSTEMS,
  "tgnas": tgnas.SYSTEMS,
}
"""Name of a wing, the `kind` of a saved model, to its systems by name."""

_SYSTEMS: dict[str, systems.System] = {
  name: each for wing in WINGS.values() for name, each in wing.items()
}


def get_system(name: str) -> systems.System:
  """Returns a system.

  Raises:
    UserError: no system has that name.
  """
  errors.check_name("model", name, _SYSTEMS)
  return _SYSTEMS[name]


def kind_of(name: str) -> str:
  """Returns the wing of a system, which `model.json` calls its `kind`."""
  return next(wing for wing, found in WINGS.items() if name in found)


def model_names() -> tuple[str, ...]:
  """Returns the names of all models."""
  return tuple(_SYSTEMS)


def default_fields(name: str) -> dict[str, Any]:
  """Returns the name of a model and its fields with their default values.

  Raises:
    UserError: no model has that name.
  """
  fields = {
    field.name: field.default
    for field in dataclasses.fields(get_system(name).module)
    if field.name not in ("parent", "name")
  }
  return {"name": name, **fields}


def create_model(config: Mapping[str, Any]) -> nn.Module:
  """Builds a model for one architecture.

  Args:
    config: `name` and any fields of the model.

  Raises:
    UserError: the model, a field, or a choice is unknown, or a size is wrong.
  """
  known = default_fields(config["name"])
  for field in config:
    errors.check_name("field of config.model", field, known)
  fields = {**known, **config}
  entry = get_system(fields.pop("name"))
  for field, choices in entry.choices.items():
    if fields[field] not in choices:
      raise errors.one_of(f"config.model.{field}", fields[field], choices)
  if entry.check is not None:
    entry.check(fields)
  return entry.module(**fields)
