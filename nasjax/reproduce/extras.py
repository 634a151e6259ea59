"""Packages of the extras `baselines`, `pareto`, `plots`, loaded when needed."""

import importlib
from typing import Any

from nasjax import errors


def load(module: str, extra: str) -> Any:
  """Imports a module of an extra.

  Raises:
    UserError: it is not installed.
  """
  try:
    return importlib.import_module(module)
  except ImportError as error:
    raise errors.UserError(
      f"expected the package of {module!r} to be installed, got "
      f"{str(error)!r}: run pip install -e '.[{extra}]'"
    ) from error
