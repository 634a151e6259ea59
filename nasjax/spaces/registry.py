"""Search spaces by name."""

import functools
import importlib

from nasjax import errors
from nasjax.spaces import base

_SPACES = {
  "nb101": ("nasjax.spaces.nb101", "NB101"),
  "nb201": ("nasjax.spaces.nb201", "NB201"),
  "darts": ("nasjax.spaces.darts", "DARTS"),
}


def space_names() -> tuple[str, ...]:
  """Returns the names of all spaces."""
  return tuple(_SPACES)


def get_space(name: str) -> base.Space:
  """Returns the space of that name.

  Raises:
    UserError: no space has that name.
  """
  errors.check_name("space", name, _SPACES)
  return _make(name)


@functools.cache
def _make(name: str) -> base.Space:
  module, class_name = _SPACES[name]
  return getattr(importlib.import_module(module), class_name)()
