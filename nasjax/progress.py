"""Progress of long work: a bar on a terminal, a few plain lines elsewhere."""

import contextlib
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import IO

import tqdm

_FIRST = 1.0  # seconds until silence is broken for the first time
_EVERY = 10.0  # seconds between two lines of a log


class _Ticker:
  """Calls a function after a moment, and again as long as it is not stopped."""

  def __init__(self, call: Callable[[], None], first: float):
    self._call, self._first = call, first
    self._ended = threading.Event()
    self._thread = threading.Thread(target=self._run, daemon=True)
    self._thread.start()

  def _run(self) -> None:
    pause = self._first
    while not self._ended.wait(pause):
      self._call()
      pause = _EVERY

  def stop(self) -> None:
    """Stops the calls; returns after the last one has ended."""
    self._ended.set()
    self._thread.join()


@contextlib.contextmanager
def phase(
  what: str,
  *,
  shown: bool = True,
  after: float = _FIRST,
  stream: IO[str] | None = None,
) -> Iterator[None]:
  """Prints what a long step does while it runs; a short step prints nothing.

  Args:
    what: a few words, e.g. `'reading labels of nb101'`.
    shown: whether anything is said.
    after: seconds until the first line; then one comes every ten seconds.
    stream: where to write; standard error by default.
  """
  if not shown:
    yield
    return
  began = time.monotonic()
  out = stream or sys.stderr

  def say() -> None:
    seconds = time.monotonic() - began
    took = f" ({seconds:.0f} s)" if seconds > 2 * _FIRST else ""
    print(f"{what} ...{took}", file=out, flush=True)

  ticker = _Ticker(say, after)
  try:
    yield
  finally:
    ticker.stop()


class Progress:
  """Counts towards a total; use as a context manager.

  On a terminal it is a tqdm bar. Elsewhere (logs, pipes) it prints one line
  for every tenth of the total, and where that takes longer, every ten seconds.
  Time left follows from the time between updates, so that what comes before the
  first of them, as a compilation, does not count.
  """

  def __init__(
    self,
    what: str,
    total: int | None,
    *,
    unit: str = "B",
    start: int = 0,
    stream: IO[str] | None = None,
    first: str = "",
    shown: bool = True,
  ):
    """Starts counting.

    Args:
      what: short description.
      total: the final count; None where unknown.
      unit: `B` for bytes, else a word.
      start: count that was reached before.
      stream: where to write; standard error by default.
      first: what happens before the first update, where that takes long, e.g.
        `'compiling'`; said until then.
      shown: whether anything is written.
    """
    self._what, self._total, self._unit = what, total, unit
    self._count, self._first, self._shown = start, first, shown
    self._stream = stream or sys.stderr
    self._tenth = self._tenths()
    self._began = self._said = time.monotonic()
    self._timed: tuple[float, int] | None = None  # the first update
    self._bar = None
    self._ticker = None
    if shown and self._stream.isatty():
      self._bar = tqdm.tqdm(
        desc=what,
        total=total,
        initial=start,
        unit=unit,
        unit_scale=unit == "B",
        file=self._stream,
        smoothing=0,
      )

  def __enter__(self) -> "Progress":
    if self._shown and self._first:
      self._ticker = _Ticker(self._say_first, _FIRST)
    return self

  def __exit__(self, *_) -> None:
    self._stop_ticker()
    if self._bar is not None:
      self._bar.close()

  def _say_first(self) -> None:
    if self._bar is not None:
      self._bar.set_postfix_str(self._first)
    else:
      seconds = time.monotonic() - self._began
      self._line(f"{self._what}: {self._first} ({seconds:.0f} s)")

  def _stop_ticker(self) -> None:
    if self._ticker is not None:
      self._ticker.stop()
      self._ticker = None

  def _tenths(self) -> int:
    return 10 * self._count // self._total if self._total else 0

  def _line(self, text: str) -> None:
    self._said = time.monotonic()
    print(text, file=self._stream, flush=True)

  def skip(self, count: int) -> None:
    """Counts work that an earlier run did."""
    self._count += count
    self._tenth = self._tenths()
    if self._bar is not None:
      self._bar.initial = count
      self._bar.update(count)

  def resume(self, count: int) -> None:
    """Counts work that an earlier run did, and says that this one goes on."""
    self.skip(count)
    if count and self._shown and self._bar is None:
      self._line(
        f"{self._what}: goes on after {count} of {self._total} {self._unit}"
      )

  def update(self, count: int = 1, note: str = "") -> None:
    """Adds to the count; the note is shown behind it."""
    self._stop_ticker()
    self._count += count
    if not self._shown:
      return
    now = time.monotonic()
    if self._bar is not None:
      self._bar.set_postfix_str(note, refresh=False)
      self._bar.update(count)
    elif self._tenths() > self._tenth:
      self._tenth = self._tenths()
      self._report(10 * self._tenth, now, note)
    elif now - self._said > _EVERY:
      share = 100 * self._count // self._total if self._total else None
      self._report(share, now, note)
    if self._timed is None:
      self._timed = now, self._count
      if self._bar is not None:  # its rate counts from here
        self._bar.initial = self._bar.n
        self._bar.start_t = self._bar.last_print_t = time.time()

  def _report(self, percent: int | None, now: float, note: str) -> None:
    share = f"{self._count}" if percent is None else f"{percent} %"
    total = f" of {self._total}" if self._total else ""
    note = f", {note}" if note else ""
    times = self._times(now)
    self._line(f"{self._what}: {share}{total} {self._unit}{note}{times}")

  def _times(self, now: float) -> str:
    """Seconds so far and seconds left; nothing in the first second."""
    if now - self._began < _FIRST:
      return ""
    text = f", {now - self._began:.0f} s"
    if self._timed and self._total and self._count > self._timed[1]:
      pace = (now - self._timed[0]) / (self._count - self._timed[1])
      text += f", {pace * (self._total - self._count):.0f} s left"
    return text
