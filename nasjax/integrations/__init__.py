"""nasjax inside other libraries; each module needs the library it is named by.

`nasjax.integrations.optuna` needs the extra `optuna`,
`nasjax.integrations.sklearn` the extra `sklearn`. A module is imported when it
is first used.
"""

import importlib
from typing import Any

_MODULES = {
  "optuna": "nasjax.integrations.optuna",
  "sklearn": "nasjax.integrations.sklearn",
}


def __getattr__(name: str) -> Any:
  """Imports a module when it is first used."""
  if name not in _MODULES:
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
  return importlib.import_module(_MODULES[name])


def __dir__() -> list[str]:
  return sorted(_MODULES)
