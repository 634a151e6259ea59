"""Mistakes that a user can mend: one exception type, and exit statuses."""

import argparse
import contextlib
import os
import reprlib
import sys
from collections.abc import Callable, Iterator
from typing import Any

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
  """Returns `repr(value)` on one line of at most `QUOTED` characters.

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


def check_name(what: str, got: object, known) -> None:
  """Checks that a value is one of the known names.

  Args:
    what: what the name stands for, e.g. `'space'`.
    got: the name.
    known: the names that exist.

  Raises:
    UserError: the value is not a text, or not a known name.
  """
  if not isinstance(got, str) or got not in known:
    raise one_of(what, got, known)


class Terminated(KeyboardInterrupt):
  """The process was asked to end (SIGTERM)."""


@contextlib.contextmanager
def resuming(advice: Callable[[], str]) -> Iterator[None]:
  """Adds to an interrupt how to go on; the innermost context counts.

  Args:
    advice: called after an interrupt; returns what to do to go on, or an empty
      text if nothing was kept.
  """
  try:
    yield
  except KeyboardInterrupt as interrupt:
    if not hasattr(interrupt, "advice"):
      interrupt.advice = advice()  # pyright: ignore[reportAttributeAccessIssue]
    raise


class _Unwritten(BaseException):
  """The output cannot be written; no reader takes it for damage of a file."""

  def __init__(self, error: OSError):
    super().__init__(str(error))
    self.error = error


class _Output:
  """A stream whose failures are told from those of files."""

  def __init__(self, stream: Any):
    self._stream = stream

  def __getattr__(self, name: str) -> Any:
    return getattr(self._stream, name)

  def write(self, text: str) -> int:
    """Writes a text, as the stream does."""
    try:
      return self._stream.write(text)
    except OSError as error:
      raise _Unwritten(error) from error

  def flush(self) -> None:
    """Flushes, as the stream does."""
    try:
      self._stream.flush()
    except OSError as error:
      raise _Unwritten(error) from error


@contextlib.contextmanager
def _checked_output() -> Iterator[None]:
  """Has a failure of the output raise `_Unwritten` inside."""
  former = sys.stdout, sys.stderr
  output = _Output(sys.stdout)
  sys.stdout, sys.stderr = output, _Output(sys.stderr)
  try:
    yield
    output.flush()
  except SystemExit:  # of --help, whose text may not be written yet
    output.flush()
    raise
  finally:
    sys.stdout, sys.stderr = former


_interrupts: list[BaseException] = []
"""The last interrupt. A compilation that it leaves behind in a thread of JAX
reads what the frames of its traceback hold, and crashes where that is freed."""


def exit_status(command: Callable[[], None]) -> int:
  """Runs a command and returns its exit status; prints one line on a mistake.

  Returns:
    0 on success, 2 on a mistake or where the output cannot be written, 130 on
    an interrupt, 143 on SIGTERM, and 141 where nobody reads the output any
    more.
  """
  if sys.stderr is None:  # closed: a file could get its number
    sys.stderr = open(os.devnull, "w")  # noqa: SIM115 (open to the end)
  if sys.stdout is None:
    return _ended(_unwritten("standard output is closed"), 2)
  try:
    with _checked_output():
      command()
  except UserError as error:
    return _ended(f"error: {' '.join(str(error).splitlines())}", 2)
  except KeyboardInterrupt as interrupt:
    _interrupts[:] = [interrupt]
    ended = isinstance(interrupt, Terminated)
    advice = getattr(interrupt, "advice", "")
    line = "terminated" if ended else "interrupted"
    line += f": {advice}" if advice else ""
    return _ended(line, 143 if ended else 130)
  except _Unwritten as unwritten:
    if isinstance(unwritten.error, BrokenPipeError):
      return _ended("", 141)
    reason = unwritten.error.strerror or str(unwritten.error)
    return _ended(_unwritten(reason), 2)
  return 0


def _unwritten(reason: str) -> str:
  return (
    f"error: cannot write the output: {reason}; send standard output to a "
    "place that takes it"
  )


def _ended(line: str, status: int) -> int:
  """Prints a line; keeps Python from an error when it flushes what is left."""
  failures = []
  try:
    if line:
      print(line, file=sys.stderr, flush=True)
  except OSError as error:
    failures.append(error)
  for stream in filter(None, (sys.__stdout__, sys.__stderr__)):
    try:
      stream.flush()
    except OSError as error:
      failures.append(error)
      nowhere = os.open(os.devnull, os.O_WRONLY)
      os.dup2(nowhere, stream.fileno())
      os.close(nowhere)
  nobody_reads = any(isinstance(each, BrokenPipeError) for each in failures)
  return 141 if nobody_reads else status


def no_arguments(program: str, what: str) -> None:
  """Reads the command line of a program that has no options but `--help`.

  Args:
    program: what starts it.
    what: what it does, for its help.

  Raises:
    UserError: there is an argument.
  """
  parser = argparse.ArgumentParser(prog=program, description=what)
  rest = parser.parse_known_args()[1]
  if rest:
    raise UserError(
      f"unexpected argument {quote(rest[0])}: expected none; see --help"
    )
