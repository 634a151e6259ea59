"""Progress of long work: a bar on a terminal, plain lines elsewhere."""

import sys
import time
from typing import TextIO

import tqdm


class Progress:
  """Counts work done and shows it on stderr.

  On a terminal it is a tqdm bar; elsewhere a line at most every
  `line_seconds`, and one at the end.
  """

  def __init__(
    self,
    total: int,
    label: str,
    *,
    unit: str = "it",
    initial: int = 0,
    stream: TextIO | None = None,
    line_seconds: float = 15.0,
  ):
    """Starts at `initial` of `total` units of work."""
    self._stream = stream if stream is not None else sys.stderr
    self._total, self._label, self._unit = total, label, unit
    self._done = initial
    self._line_seconds = line_seconds
    self._last_line = time.monotonic()
    self._bar = None
    if self._stream.isatty():
      self._bar = tqdm.tqdm(
        total=total,
        desc=label,
        unit=unit,
        initial=initial,
        file=self._stream,
      )

  def update(self, amount: int = 1, note: str = "") -> None:
    """Adds finished work; `note` is shown behind the count."""
    self._done += amount
    if self._bar is not None:
      self._bar.set_postfix_str(note, refresh=False)
      self._bar.update(amount)
    elif (
      self._done >= self._total
      or time.monotonic() - self._last_line >= self._line_seconds
    ):
      self._last_line = time.monotonic()
      note = f", {note}" if note else ""
      print(
        f"{self._label}: {self._done}/{self._total} {self._unit}{note}",
        file=self._stream,
        flush=True,
      )

  def __enter__(self) -> "Progress":
    return self

  def __exit__(self, *unused) -> None:
    if self._bar is not None:
      self._bar.close()
