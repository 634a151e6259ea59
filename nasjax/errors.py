"""The one exception type for mistakes that a user can mend."""

import reprlib
import sys
from collections.abc import Callable

QUOTED = 200
"""Characters of a user's text that a message repeats at most."""


class UserError(ValueError):
  """Bad input: the message says expected, got, and what to do.

  The command line prints it as one line and exits with status 2; every other
  exception is a defect of nasjax and keeps its traceback.
  """


def _short() -> reprlib.Repr:
  """Shows the beginning of nested values, so that large ones cost no time."""
  short = reprlib.Repr()
  short.maxlevel = 4
  short.maxlist = short.maxtuple = short.maxdict = short.maxset = 20
  short.maxstring = short.maxother = short.maxlong = 2 * QUOTED
  return short


def quote(value: object) -> str:
  """Returns `repr(value)` as a message shows it: a line of `QUOTED` characters.

  Args:
    value: what the user gave; it is cut before its `repr` is made, so that
      10 MB of it cost no time, and so is what is nested deeply.
  """
  length = len(value) if isinstance(value, (str, bytes)) else 0
  if length > QUOTED:
    shown = repr(value[:QUOTED])  # pyright: ignore[reportIndexIssue]
    return f"{shown[:QUOTED]}... ({length} characters)"
  try:
    shown = repr(value) if length else " ".join(_short().repr(value).split())
  except Exception:  # whatever the repr of a user's object raises
    shown = f"a {type(value).__name__}"
  return shown if len(shown) <= QUOTED else f"{shown[:QUOTED]}..."


def one_of(what: str, got: object, known) -> UserError:
  """Returns the error for a name outside a list.

  Args:
    what: what the name stands for, e.g. `'space'`.
    got: the unknown name.
    known: the names that exist.

  Returns:
    A `UserError` that lists the known names.
  """
  names = ", ".join(repr(name) for name in known)
  return UserError(f"unknown {what} {quote(got)}: expected one of {names}")


def exit_status(command: Callable[[], None]) -> int:
  """Runs a command: 0, 2 with one line on a mistake, 130 if interrupted."""
  try:
    command()
  except UserError as error:
    print(f"error: {error}", file=sys.stderr)
    return 2
  except KeyboardInterrupt:
    print("interrupted: run the same command to resume", file=sys.stderr)
    return 130
  return 0
