"""Genotypes in, scores out: whole spaces in one XLA call."""

import importlib
from typing import Any

_PUBLIC = {
  "make_score_fn": "nasjax.scoring.compiled",
  "score": "nasjax.scoring.scorer",
}

__all__ = ["make_score_fn", "score"]


def __getattr__(name: str) -> Any:
  """Imports a public name when it is first used."""
  if name not in _PUBLIC:
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
  return getattr(importlib.import_module(_PUBLIC[name]), name)
