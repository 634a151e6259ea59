"""The one exception type for mistakes that a user can mend."""

import sys
from collections.abc import Callable

QUOTED = 200
"""Characters of a user's text that a message repeats at most."""


class UserError(ValueError):
  """Bad input: the message says expected, got, and what to do.

  The command line prints it as one line and exits with status 2; every other
  exception is a defect of nasjax and keeps its traceback.
  """


def quote(value: object) -> str:
  """Returns `repr(value)` as a message shows it: at most `QUOTED` characters.

  Args:
    value: what the user gave; a text is cut before its `repr` is made, so that
      10 MB of it cost no time.
  """
  length = len(value) if isinstance(value, (str, bytes)) else 0
  if length > QUOTED:
    shown = repr(value[:QUOTED])  # pyright: ignore[reportIndexIssue]
  else:
    shown = repr(value)
    length = len(shown)
  if len(shown) <= QUOTED and length <= QUOTED:
    return shown
  return f"{shown[:QUOTED]}... ({length} characters)"


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
