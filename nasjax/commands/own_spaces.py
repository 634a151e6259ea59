"""`MODULE:NAME` in place of the name of a space: a space of one's own.

The module is imported, and so **executed**, as the file of a config is: name
none from people whose programs you would not run.
"""

import importlib
import os
import re
import sys
from typing import Any

from nasjax import errors
from nasjax.spaces import registry as spaces

_named: dict[str, str] = {}


def find(text: str) -> str:
  """Returns the name of a space, which is imported and registered if need be.

  Args:
    text: the name of a space, or `MODULE:NAME`: a module in the current folder
      or an installed one, and in it a space, or a class that makes one without
      arguments.

  Raises:
    UserError: no space has that name, the module cannot be imported, or that is
      no space.
  """
  if text in spaces.known_names():
    return text
  if ":" not in text:
    unknown = errors.one_of("space", text, spaces.known_names())
    raise errors.UserError(
      f"{unknown}, or MODULE:NAME of one's own, as in my_space:MySpace"
    )
  if not re.fullmatch(r"[^\W\d][\w.]*:[^\W\d]\w*", text):
    raise errors.UserError(
      "space: expected a name, or MODULE:NAME as in my_space:MySpace, got "
      f"{errors.quote(text)}"
    )
  module, _, attribute = text.partition(":")
  found: Any = getattr(_imported(module, text), attribute, None)
  if found is None:
    raise errors.UserError(
      f"space {errors.quote(text)}: expected {attribute!r} in the module "
      f"{module!r}, got no such name"
    )
  name = _registered(_made(found, text), text)
  _named[name] = text
  return name


def _registered(space: Any, text: str) -> str:
  """Registers a space, whose methods are called once; returns its name."""
  from nasjax.spaces import base  # needs JAX

  if not isinstance(space, base.Space):
    raise errors.UserError(
      f"space {errors.quote(text)}: expected a nasjax.Space, or a class that "
      f"makes one without arguments, got {errors.quote(space)}"
    )
  try:
    return spaces.register_space(space).name
  except errors.UserError:
    raise
  except Exception as error:
    raise errors.UserError(
      f"space {errors.quote(text)}: expected a space whose sample, is_valid "
      f"and encode work, got {_said(error)}"
    ) from error


def reference(name: str) -> str:
  """Returns what another command calls a space: `MODULE:NAME`, or its name."""
  return _named.get(name, name)


def _made(found: Any, text: str) -> Any:
  """What a module holds, or what a class in it makes."""
  if not isinstance(found, type):
    return found
  try:
    return found()
  except errors.UserError:
    raise
  except Exception as error:
    raise errors.UserError(
      f"space {errors.quote(text)}: expected a class that makes a space "
      f"without arguments, got {_said(error)}; name an object of it"
    ) from error


def _imported(module: str, text: str) -> Any:
  """Imports a module of the current folder, or an installed one."""
  if os.getcwd() not in sys.path:
    sys.path.insert(0, os.getcwd())
  try:
    return importlib.import_module(module)
  except errors.UserError:
    raise
  except (Exception, SystemExit) as error:
    raise errors.UserError(
      f"space {errors.quote(text)}: expected a module of the current folder, "
      f"or an installed one, that can be imported, got {_said(error)}"
    ) from error


def _said(error: BaseException) -> str:
  """The name of an exception and what it says, on one line."""
  text = " ".join(f"{type(error).__name__}: {error}".split())
  return text[: errors.QUOTED]
