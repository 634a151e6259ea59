"""Libraries that come with an extra of nasjax."""

import importlib
from typing import Any

from nasjax import errors


def load(library: str, extra: str) -> Any:
  """Imports a library.

  Args:
    library: name of its module.
    extra: the extra of nasjax that has it.

  Raises:
    UserError: it is not installed.
  """
  try:
    return importlib.import_module(library)
  except ModuleNotFoundError as error:
    if error.name != library:
      raise
    raise errors.UserError(
      f"nasjax.integrations.{extra}: expected the package {library}, which is "
      f"not installed; run pip install 'nasjax[{extra}]'"
    ) from error
