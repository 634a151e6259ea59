"""Progress of long work: a bar on a terminal, a few plain lines elsewhere."""

import sys
from typing import IO

import tqdm


class Progress:
  """Counts towards a total; use as a context manager.

  On a terminal it is a tqdm bar. Elsewhere (logs, pipes) it prints one line
  for every tenth of the total.
  """

  def __init__(
    self,
    what: str,
    total: int | None,
    *,
    unit: str = "B",
    start: int = 0,
    stream: IO[str] | None = None,
  ):
    """Starts counting.

    Args:
      what: short description.
      total: the final count; None where unknown.
      unit: `B` for bytes, else a word.
      start: count that was reached before.
      stream: where to write; standard error by default.
    """
    self._what, self._total, self._unit = what, total, unit
    self._count = start
    self._stream = stream or sys.stderr
    self._tenth = self._tenths()
    self._bar = None
    if self._stream.isatty():
      self._bar = tqdm.tqdm(
        desc=what,
        total=total,
        initial=start,
        unit=unit,
        unit_scale=unit == "B",
        file=self._stream,
      )

  def __enter__(self) -> "Progress":
    return self

  def __exit__(self, *_) -> None:
    if self._bar is not None:
      self._bar.close()

  def _tenths(self) -> int:
    return 10 * self._count // self._total if self._total else 0

  def skip(self, count: int) -> None:
    """Counts work that an earlier run did."""
    self._count += count
    self._tenth = self._tenths()
    if self._bar is not None:
      self._bar.initial = count
      self._bar.update(count)

  def update(self, count: int = 1, note: str = "") -> None:
    """Adds to the count; the note is shown behind it."""
    self._count += count
    if self._bar is not None:
      self._bar.set_postfix_str(note, refresh=False)
      self._bar.update(count)
    elif self._tenths() > self._tenth:
      self._tenth = self._tenths()
      note = f", {note}" if note else ""
      print(
        f"{self._what}: {10 * self._tenth} % of {self._total} "
        f"{self._unit}{note}",
        file=self._stream,
        flush=True,
      )
