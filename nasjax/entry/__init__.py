"""The start of every command: signals, one line for a mistake, exit status.

Nothing heavy is imported here, so that an interrupt during the imports of a
command ends as one of the command itself does.
"""

import contextlib
import importlib
import os
import signal
import sys
import threading
import time
import types
from typing import Any

from nasjax import errors

_GRACE = 10.0  # seconds that a command may take to end by itself
_SILENT = 2.0  # seconds of imports until something is said
_TWICE = 1.0  # seconds within which a second signal is the first one again
_LOADING = b"loading ...\n"
_WORDS = {signal.SIGINT: "interrupted", signal.SIGTERM: "terminated"}

_received: list[int] = []
"""Signals that ended the command, or were to."""


def run(name: str) -> int:
  """Imports a module and runs its `main`; returns the exit status.

  Args:
    name: a module of nasjax with a function `main` that takes the command line
      of the process and returns the exit status.
  """
  for number in _WORDS:
    if signal.getsignal(number) is not signal.SIG_IGN:
      signal.signal(number, _quit)
  saying = threading.Timer(_SILENT, os.write, (2, _LOADING))
  saying.daemon = True
  saying.start()
  command = importlib.import_module(name)
  saying.cancel()
  for number in _WORDS:
    if signal.getsignal(number) is _quit:
      signal.signal(number, _interrupt)
  sys.unraisablehook = _repeat
  _end_after_grace()
  try:
    status = command.main()
  except Exception:
    if not _received:
      raise
    # A library made an error of the interrupt, as NumPy's import does.
    _quit(_received[0], None)
    raise
  if status in (128 + number for number in _WORDS):
    # A compilation may still run in a thread, on which Python would wait.
    _flush()
    os._exit(status)
  return status


def command(name: str) -> int:
  """Runs a command by its name; returns the exit status.

  A command is the module of that name in `nasjax.commands`. This is the one
  place where something lower starts something higher: a `__main__.py` of any
  room names its command, and imports nothing above itself.

  Args:
    name: `train`, `score`, ...
  """
  return run(f"nasjax.commands.{name}")


def _flush() -> None:
  for stream in filter(None, (sys.stdout, sys.stderr)):
    with contextlib.suppress(OSError, ValueError):
      stream.flush()


def load(name: str, what: str = "loading JAX") -> types.ModuleType:
  """Imports a module; says so where it takes a process longer than a moment.

  An interrupt ends the process at once: raised inside an import, it can get
  lost there. In a process that `run` did not start, nothing is said or caught.

  Args:
    name: name of the module.
    what: what is said; nothing where empty.
  """
  ours = [number for number in _WORDS if signal.getsignal(number) is _interrupt]
  for number in ours:
    signal.signal(number, _quit)
  try:
    from nasjax import progress  # NumPy can lose an interrupt of its import

    with progress.phase(what, shown=bool(ours and what), after=0.2):
      return importlib.import_module(name)
  finally:
    for number in ours:
      signal.signal(number, _interrupt)


def _quit(number: int, _: Any) -> None:
  """Ends the process where there is nothing to keep."""
  os.write(2, f"{_WORDS[signal.Signals(number)]}\n".encode())
  os._exit(128 + number)


def _interrupt(number: int, _: Any) -> None:
  """Ends the command, so that it can say what is kept.

  A process often gets one Ctrl-C twice, through its group. Another one after a
  moment ends the process at once.
  """
  began = time.monotonic()
  _received.append(number)

  def again(number: int, _: Any) -> None:
    if time.monotonic() - began > _TWICE:
      _quit(number, None)

  for other in _WORDS:
    if signal.getsignal(other) is _interrupt:
      signal.signal(other, again)
  raise KeyboardInterrupt if number == signal.SIGINT else errors.Terminated


def _repeat(lost: Any) -> None:
  """Sends an interrupt again that was raised where nothing can be raised."""
  if not issubclass(lost.exc_type, KeyboardInterrupt):
    sys.__unraisablehook__(lost)
    return
  ended = issubclass(lost.exc_type, errors.Terminated)
  number = signal.SIGTERM if ended else signal.SIGINT
  signal.signal(number, _interrupt)
  threading.Timer(0.05, os.kill, (os.getpid(), number)).start()


def _end_after_grace() -> None:
  """Has a signal end the process where Python cannot: inside a compilation."""
  reader, writer = os.pipe()
  os.set_blocking(writer, False)
  signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
  # A signal of a child is none of ours.
  os.register_at_fork(after_in_child=lambda: signal.set_wakeup_fd(-1))

  def wait() -> None:
    number = 0
    while number not in set(_WORDS):
      number = os.read(reader, 1)[0]
    threading.Event().wait(_GRACE)
    _quit(number, None)

  threading.Thread(target=wait, daemon=True, name="end after grace").start()
