"""Models by name, built from a config."""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

import flax.linen as nn

from nasjax import errors
from nasjax.features import kinds
from nasjax.systems.architecture import predictor
from nasjax.systems.baselines import gmae, mlp, neural_predictor, pinat, tnasp


@dataclasses.dataclass(frozen=True)
class _Entry:
  """A model that a config can name.

  Attributes:
    module: its class; the fields of the class are those of `config.model`.
    choices: field to the names that it may have.
    check: raises a UserError where sizes do not fit together.
  """

  module: type[nn.Module]
  choices: Mapping[str, tuple[str, ...]] = dataclasses.field(
    default_factory=dict
  )
  check: Callable[[Mapping[str, Any]], None] | None = None


def _check_heads(fields: Mapping[str, Any]) -> None:
  if fields["width"] % fields["num_heads"]:
    raise errors.UserError(
      "config.model.width: expected a multiple of num_heads = "
      f"{fields['num_heads']}, got {fields['width']}"
    )


def _check_architecture(fields: Mapping[str, Any]) -> None:
  _check_heads(fields)
  for field in ("paths", "signals", "edges", "extra_kinds"):
    if fields[field] and fields["features"] == "none":
      raise errors.UserError(
        f"config.model.{field}: expected {type(fields[field])()!r} where "
        "config.model.features is 'none', as these stand beside the graph "
        f"features, got {fields[field]!r}; set both"
      )
  for name in filter(None, fields["extra_kinds"].split(",")):
    kinds.get(name)
  if fields["functions"] and (fields["paths"] or fields["edges"]):
    raise errors.UserError(
      "config.model.functions: expected paths=False and edges=False beside "
      f"it, got {fields['paths']} and {fields['edges']}: a function has neither"
    )


_MODELS = {
  "architecture": _Entry(
    predictor.ArchitecturePredictor, predictor.CHOICES, _check_architecture
  ),
  "mlp": _Entry(mlp.MLP),
  "neural_predictor": _Entry(neural_predictor.NeuralPredictor),
  "tnasp": _Entry(tnasp.TNASP, check=_check_heads),
  "pinat": _Entry(pinat.PINAT, check=pinat.check),
  "gmae": _Entry(gmae.GMAE),
}


def model_names() -> tuple[str, ...]:
  """Returns the names of all models."""
  return tuple(_MODELS)


def default_fields(name: str) -> dict[str, Any]:
  """Returns what `config.model` holds for a model: name and default values.

  Raises:
    UserError: no model has that name.
  """
  errors.check_name("model", name, _MODELS)
  fields = {
    field.name: field.default
    for field in dataclasses.fields(_MODELS[name].module)
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
  entry = _MODELS[fields.pop("name")]
  for field, choices in entry.choices.items():
    if fields[field] not in choices:
      raise errors.one_of(f"config.model.{field}", fields[field], choices)
  if entry.check is not None:
    entry.check(fields)
  return entry.module(**fields)
