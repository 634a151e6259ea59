"""The architecture-enhanced predictor of Wang et al. 2024."""

from collections.abc import Mapping
from typing import Any

from nasjax import errors
from nasjax.features import kinds
from nasjax.models import heads
from nasjax.systems import system
from nasjax.systems.architecture import predictor


def _check(fields: Mapping[str, Any]) -> None:
  heads.check(fields)
  for field in ("paths", "signals", "edges", "extra_kinds"):
    if fields[field] and fields["features"] == "none":
      raise errors.UserError(
        f"config.model.{field}: expected {type(fields[field])()!r} where "
        "config.model.features is 'none', as these stand beside the graph "
        f"features, got {fields[field]!r}; set both"
      )
  kinds.check_chosen(fields)


SYSTEMS = {
  "architecture": system.System(
    predictor.ArchitecturePredictor, predictor.CHOICES, _check
  ),
}
