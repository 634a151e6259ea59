"""Mistakes that a user can mend: one exception type, and exit statuses."""

import contextlib
import os
import reprlib
import sys
from collections.abc import Callable, Iterator

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


class Terminated(KeyboardInterrupt):
  """The process was asked to end (SIGTERM)."""


@contextlib.contextmanager
def resuming(advice: Callable[[], str]) -> Iterator[None]:
  """Says what an interrupt inside keeps; the innermost one counts.

  Args:
    advice: called after an interrupt; returns what to do to go on, or nothing
      where nothing was kept.
  """
  try:
    yield
  except KeyboardInterrupt as interrupt:
    if not hasattr(interrupt, "advice"):
      interrupt.advice = advice()  # pyright: ignore[reportAttributeAccessIssue]
    raise


def exit_status(command: Callable[[], None]) -> int:
  """Runs a command and returns its exit status; prints one line on a mistake.

  Returns:
    0 on success, 2 on a mistake, 130 on an interrupt, 143 on SIGTERM, and 141
    where nobody reads the output any more.
  """
  try:
    command()
    sys.stdout.flush()
  except UserError as error:
    return _failed(f"error: {' '.join(str(error).splitlines())}", 2)
  except KeyboardInterrupt as interrupt:
    ended = isinstance(interrupt, Terminated)
    advice = getattr(interrupt, "advice", "")
    line = "terminated" if ended else "interrupted"
    line += f": {advice}" if advice else ""
    return _failed(line, 143 if ended else 130)
  except BrokenPipeError:
    return _nobody_reads()
  return 0


def _failed(line: str, status: int) -> int:
  try:
    print(line, file=sys.stderr, flush=True)
  except BrokenPipeError:
    return _nobody_reads()
  return status


def _nobody_reads() -> int:
  """Keeps Python from a second error when it flushes what is left."""
  for stream in filter(None, (sys.__stdout__, sys.__stderr__)):
    try:
      stream.flush()
    except BrokenPipeError:
      nowhere = os.open(os.devnull, os.O_WRONLY)
      os.dup2(nowhere, stream.fileno())
      os.close(nowhere)
  return 141
