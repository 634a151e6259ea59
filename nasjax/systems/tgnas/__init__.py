"""TG-NAS: a graph network over sentences of operators (Qiao et al. 2024)."""

from collections.abc import Mapping
from typing import Any

from nasjax import errors
from nasjax.systems import system
from nasjax.systems.tgnas import gcn_proxy, objective


def _check(fields: Mapping[str, Any]) -> None:
  if fields["num_layers"] < 1:
    raise errors.UserError(
      "config.model.num_layers: expected at least 1 graph convolution of "
      f"tgnas, got {fields['num_layers']}"
    )


SYSTEMS = {
  "tgnas": system.System(
    gcn_proxy.TGNAS,
    gcn_proxy.CHOICES,
    _check,
    objective=objective.make,
    finish=objective.finish,
    transfers=True,
  ),
}
