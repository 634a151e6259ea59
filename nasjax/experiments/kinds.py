"""Kinds of trainings whose configs have fields of their own.

A kind has a module of its fields, with `is_one`, `check_names`, `check` and
`override`, and a module of its training, with `run(config, workdir)` and
`report(summary, workdir)`, lines for a user. The latter loads JAX and is
imported when a training runs.
"""

import types
from typing import Any, NamedTuple

from nasjax.config import adaptation, representation


class Kind(NamedTuple):
  """One kind.

  Attributes:
    fields: the module of its fields.
    training: name of the module of its training.
  """

  fields: types.ModuleType
  training: str


KINDS = {
  representation.NAME: Kind(
    representation, "nasjax.experiments.representation"
  ),
  adaptation.NAME: Kind(adaptation, "nasjax.experiments.adaptation"),
}
"""`config.model.name` -> the kind; any other config is of a predictor."""


def of(config: Any) -> Kind | None:
  """Returns the kind of a config, or None for one of a predictor of cells."""
  found = [kind for kind in KINDS.values() if kind.fields.is_one(config)]
  return found[0] if found else None
