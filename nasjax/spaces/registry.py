"""Search spaces by name: those of nasjax, and those that a user registers.

Nothing here loads JAX before a space is asked for, so that a command line can
check names at once.
"""

import functools
import importlib
from typing import TYPE_CHECKING

from nasjax import errors

if TYPE_CHECKING:
  from nasjax.spaces import base

_SHIPPED = {
  "nb101": ("nasjax.spaces.nb101", "NB101"),
  "nb201": ("nasjax.spaces.nb201", "NB201"),
  "darts": ("nasjax.spaces.darts", "DARTS"),
}
_READY = {"size": ("nasjax.spaces.nats_size", "NATSSize")}
"""Spaces that come with nasjax and are registered when they are asked for:
ranked, searched and learnt as a user's own, without a predictor or a config."""
_registered: dict[str, "base.Space"] = {}


def space_names() -> tuple[str, ...]:
  """Returns the names of all spaces, the registered ones last."""
  return (*_SHIPPED, *_registered)


def known_names() -> tuple[str, ...]:
  """Returns the names that `get_space` takes.

  They are those of all spaces, and of those that are registered when they are
  asked for.
  """
  return tuple(dict.fromkeys((*space_names(), *_READY)))


def is_shipped(name: str) -> bool:
  """Says whether a space comes with nasjax."""
  return name in _SHIPPED


def get_space(name: str) -> "base.Space":
  """Returns the space of that name.

  Raises:
    UserError: no space has that name.
  """
  if not isinstance(name, str) or name not in known_names():
    raise errors.UserError(
      f"{errors.one_of('space', name, known_names())}; a space of one's own is "
      "registered first: nasjax.register_space(space)"
    )
  if name in _READY and name not in _registered:
    _registered[name] = _make(name)
  return _registered[name] if name in _registered else _make(name)


def as_space(space: "str | base.Space") -> "base.Space":
  """Returns a space, given itself or its name.

  Raises:
    UserError: no space has that name, or it is something else.
  """
  if isinstance(space, str):
    return get_space(space)
  from nasjax.spaces import base  # needs JAX

  if isinstance(space, base.Space):
    return space
  if isinstance(space, type) and issubclass(space, base.Space):
    raise errors.UserError(
      f"space: expected an object, got the class {space.__name__}; make one: "
      f"{space.__name__}()"
    )
  return get_space(space)  # which names the spaces there are


def register_space(space: "base.Space") -> "base.Space":
  """Makes a space known by its name, to functions, configs and commands.

  A registered space is taken wherever nasjax takes the name of a space, in this
  process. Registering it again changes nothing. A space of the same class (by
  module and name, so that a cell of a notebook can run twice) replaces the
  former one.

  Args:
    space: its attribute `name` is the name.

  Returns:
    The space.

  Raises:
    UserError: another class has the name, or an attribute is missing or wrong
      (`nasjax.spaces.requirements`).
  """
  space = as_own(space)
  if space.name in _SHIPPED:
    if space is not get_space(space.name):
      raise errors.UserError(
        f"space name {space.name!r} belongs to a space of nasjax: expected "
        "another one; set the attribute name"
      )
    return space
  _registered[space.name] = space
  return space


def as_own(space: "str | base.Space") -> "base.Space":
  """`as_space`, for a space that may be a user's: its attributes are checked.

  Raises:
    UserError: see `as_space`; or another class has its name, or an attribute is
      missing or wrong.
  """
  found = as_space(space)
  if isinstance(space, str):
    return found
  from nasjax.spaces import requirements  # needs JAX

  requirements.check_name(found)
  owner = _class_of(found.name)
  mine = type(found).__module__, type(found).__qualname__
  if owner not in (None, mine):
    raise errors.UserError(
      f"space name {found.name!r} is taken by the class {'.'.join(owner)}: "
      f"expected another name of {'.'.join(mine)}; set its attribute name"
    )
  if found.name not in _SHIPPED:
    requirements.check(found)
  return found


def of_saved(
  source: object, name: str, space: "base.Space | None" = None
) -> "base.Space":
  """Returns the space of a saved predictor, which holds its name only.

  Args:
    source: what messages call the predictor.
    name: the name of its space.
    space: a space that need not be registered; the one of that name where None.

  Raises:
    UserError: no space of that name is registered, or another one is given.
  """
  shown = f"{errors.quote(str(source))} is a predictor of the space"
  if space is None and name not in known_names():
    raise errors.UserError(
      f"{shown} {errors.quote(name)}, which is not registered: call "
      "nasjax.register_space(space) first, or Predictor.load(path, space=space)"
    )
  found = as_own(name if space is None else space)
  if found.name != name:
    raise errors.UserError(
      f"{shown} {errors.quote(name)}: expected that space, got {found.name!r}"
    )
  return found


def _class_of(name: str) -> tuple[str, str] | None:
  """Module and name of the class that has a name, if any."""
  if name in _registered:
    kind = type(_registered[name])
    return kind.__module__, kind.__qualname__
  return _SHIPPED.get(name)


@functools.cache
def _make(name: str) -> "base.Space":
  module, class_name = {**_SHIPPED, **_READY}[name]
  return getattr(importlib.import_module(module), class_name)()
