"""The one exception type for mistakes that a user can mend."""


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
