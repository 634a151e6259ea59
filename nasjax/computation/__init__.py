"""Networks of any kind as graphs of primitive operators."""

import importlib
from typing import Any

from nasjax.computation.equality import difference, fingerprint, same
from nasjax.computation.graph import ComputationGraph, Node
from nasjax.computation.live import live

_SOURCES = {
  "from_flax": "nasjax.computation.jaxpr",
  "from_jax": "nasjax.computation.jaxpr",
  "from_onnx": "nasjax.computation.onnx",
}

__all__ = [
  "ComputationGraph",
  "Node",
  "difference",
  "fingerprint",
  *_SOURCES,
  "live",
  "same",
]


def __getattr__(name: str) -> Any:
  """Imports what reads networks when it is first used."""
  if name not in _SOURCES:
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
  return getattr(importlib.import_module(_SOURCES[name]), name)
