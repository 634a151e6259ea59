"""Models by name, built from a config."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import flax.linen as nn

from nasjax import errors
from nasjax.models import predictor

MODELS = {"architecture": predictor.ArchitecturePredictor}


def model_fields(name: str) -> dict[str, Any]:
  """Returns the fields of a model with their default values.

  Raises:
    UserError: no model has that name.
  """
  if name not in MODELS:
    raise errors.one_of("model", name, MODELS)
  return {
    field.name: field.default
    for field in dataclasses.fields(MODELS[name])
    if field.name not in ("parent", "name")
  }


def create_model(config: Mapping[str, Any]) -> nn.Module:
  """Builds a model for one architecture.

  Args:
    config: `name` and any fields of the model.

  Raises:
    UserError: the model, a field, or a choice is unknown, or a size is wrong.
  """
  fields = dict(config)
  name = fields.pop("name")
  known = model_fields(name)
  for field in fields:
    if field not in known:
      raise errors.one_of("field of config.model", field, known)
  for field, choices in predictor.CHOICES.items():
    value = fields.get(field, known[field])
    if value not in choices:
      raise errors.one_of(f"config.model.{field}", value, choices)
  fields = {**known, **fields}
  if fields["width"] % fields["num_heads"]:
    raise errors.UserError(
      "config.model.width: expected a multiple of num_heads = "
      f"{fields['num_heads']}, got {fields['width']}"
    )
  return MODELS[name](**fields)
