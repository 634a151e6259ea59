"""The command line of this process, as help and records show it."""

import os
import pathlib
import sys
from collections.abc import Collection, Sequence

_PACKAGE = pathlib.Path(__file__).parents[1]


def program(script: str | None = None) -> str:
  """The program as a user types it.

  Args:
    script: `sys.argv[0]`; that of the process by default.

  Returns:
    `python train.py`, `python -m nasjax.scoring` or `nasjax`.
  """
  path = pathlib.Path(sys.argv[0] if script is None else script)
  if path.suffix != ".py":
    return path.name
  if path.absolute().is_relative_to(_PACKAGE):
    module = path.absolute().relative_to(_PACKAGE.parent).with_suffix("")
    parts = [part for part in module.parts if part != "__main__"]
    return f"python -m {'.'.join(parts)}"
  return f"python {os.path.relpath(path)}"


def without(words: Sequence[str], flags: Collection[str]) -> list[str]:
  """A command line without some flags and their values.

  Args:
    words: the words after the program.
    flags: names without dashes, each of which takes a value.
  """
  kept, skip = [], False
  for word in words:
    name = word.lstrip("-").partition("=")[0]
    left_out = word.startswith("-") and name in flags
    if not left_out and not skip:
      kept.append(word)
    skip = left_out and "=" not in word
  return kept
