"""The architecture-enhanced predictor of Wang et al. 2024."""

from collections.abc import Mapping
from typing import Any

from nasjax import errors
from nasjax.features import kinds
from nasjax.models import heads
from nasjax.systems import system
from nasjax.systems.architecture import predictor


def _check_extra_kinds(fields: Mapping[str, Any]) -> None:
  extra = fields["extra_kinds"]
  names = extra.split(",") if extra else []
  own = {name for name in ("paths", "signals", "edges") if fields[name]}
  taken = {"graph", *own}
  for name in names:
    if name not in kinds.KINDS:
      raise errors.one_of("config.model.extra_kinds", name, kinds.KINDS)
    if name in taken:
      raise errors.UserError(
        "config.model.extra_kinds: expected each kind once, and none that the "
        f"model reads anyway, got {name!r} again; leave it out"
      )
    taken.add(name)


def _check(fields: Mapping[str, Any]) -> None:
  heads.check(fields)
  for field in ("paths", "signals", "edges", "extra_kinds"):
    if fields[field] and fields["features"] == "none":
      raise errors.UserError(
        f"config.model.{field}: expected {type(fields[field])()!r} where "
        "config.model.features is 'none', as these stand beside the graph "
        f"features, got {fields[field]!r}; set both"
      )
  _check_extra_kinds(fields)
  if fields["functions"] and (fields["paths"] or fields["edges"]):
    raise errors.UserError(
      "config.model.functions: expected paths=False and edges=False beside "
      f"it, got {fields['paths']} and {fields['edges']}: a function has neither"
    )


SYSTEMS = {
  "architecture": system.System(
    predictor.ArchitecturePredictor, predictor.CHOICES, _check
  ),
}
