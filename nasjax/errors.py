"""The one exception type for mistakes that a user can mend."""

import sys
from collections.abc import Callable


class UserError(ValueError):
  """Bad input: the message says expected, got, and what to do.

  The command line prints it as one line and exits with status 2; every other
  exception is a defect of nasjax and keeps its traceback.
  """


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
  return UserError(f"unknown {what} {got!r}: expected one of {names}")


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
