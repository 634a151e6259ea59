"""Families of labelled networks as computation graphs."""

from nasjax.computation.families.registry import (
  Family,
  Labelled,
  family_names,
  get_family,
  load,
)

__all__ = ["Family", "Labelled", "family_names", "get_family", "load"]
