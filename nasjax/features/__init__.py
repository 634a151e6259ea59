"""Features that stand beside the graph of an architecture, one file a kind."""

import importlib
from typing import Any

_PUBLIC = (
  "feature_names",
  "graph_features",
  "names",
  "path_feature_names",
  "path_features",
  "signal_names",
  "signals",
  "table",
)

__all__ = list(_PUBLIC)


def __getattr__(name: str) -> Any:
  """Imports a public name of `nasjax.features.tables` when it is used."""
  if name not in _PUBLIC:
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
  return getattr(importlib.import_module("nasjax.features.tables"), name)
