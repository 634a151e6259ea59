"""Configs as nested fields: their dotted names, and how two differ.

A config is an `ml_collections.ConfigDict`. `nasjax.config` says which fields it
has.
"""

import difflib
from collections.abc import Collection, Mapping
from typing import Any

from ml_collections import config_dict

from nasjax import errors

Config = Any
"""An `ml_collections.ConfigDict`; its type knows nothing of the fields."""

_SHOWN = 8  # fields that a message lists
_BRIEF = 60  # characters of a name or a value in such a list


def check_field(name: str, known: Collection[str]) -> None:
  """Checks a dotted name of a field.

  Raises:
    UserError: no field is called so; the message has the nearest ones.
  """
  if name in known:
    return
  last = name.rpartition(".")[2]
  close = [each for each in known if each.rpartition(".")[2] == last]
  close = close or difflib.get_close_matches(name, known)
  hint = f"did you mean {' or '.join(map(repr, close))}? " if close else ""
  raise errors.UserError(
    f"unknown config field {errors.quote(name)}: {hint}"
    "nasjax/config/fields.py shows every field"
  )


def field_names(config: Config, prefix: str = "") -> list[str]:
  """Returns the dotted names of the fields of a config, in order."""
  names = []
  for name, value in config.items():
    if isinstance(value, config_dict.ConfigDict):
      names += field_names(value, f"{prefix}{name}.")
    else:
      names.append(prefix + name)
  return names


def differences(found: Mapping[str, Any], wanted: Mapping[str, Any]) -> str:
  """Says how two configs, given as nested fields, differ; empty if not.

  Returns:
    `name: found -> wanted` of the first `_SHOWN` fields that differ, joined by
    commas, and how many more do.
  """
  old, new = flatten(found), flatten(wanted)
  absent = "(no such field)"

  def shown(fields, name):
    return _brief(errors.quote(fields[name])) if name in fields else absent

  names = [
    name
    for name in dict.fromkeys([*new, *old])
    if old.get(name, absent) != new.get(name, absent)
  ]
  text = ", ".join(
    f"{_brief(name)}: {shown(old, name)} -> {shown(new, name)}"
    for name in names[:_SHOWN]
  )
  more = len(names) - _SHOWN
  return text if more <= 0 else f"{text} ... and {more} more"


def _brief(text: str) -> str:
  return text if len(text) <= _BRIEF else f"{text[:_BRIEF]}..."


def flatten(config: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
  """Returns nested fields by dotted name."""
  flat = {}
  for name, value in config.items():
    if isinstance(value, Mapping):
      flat.update(flatten(value, f"{prefix}{name}."))
    else:
      flat[prefix + name] = value
  return flat
