"""Progress: plain lines in logs, a bar on a terminal."""

import io

from nasjax import progress


class Terminal(io.StringIO):
  def isatty(self):
    return True


def test_plain_lines_at_tenths():
  stream = io.StringIO()
  with progress.Progress("read", 50, unit="files", stream=stream) as bar:
    for _ in range(4):
      bar.update(4)
    bar.update(30)
    bar.update(4)
  assert stream.getvalue().splitlines() == [
    "read: 10 % of 50 files",
    "read: 20 % of 50 files",
    "read: 30 % of 50 files",
    "read: 90 % of 50 files",
    "read: 100 % of 50 files",
  ]


def test_start_and_unknown_total():
  stream = io.StringIO()
  with progress.Progress("read", 100, start=55, stream=stream) as bar:
    bar.update(1)
    bar.update(5)
  with progress.Progress("read", None, stream=stream) as bar:
    bar.update(10)
  assert stream.getvalue() == "read: 60 % of 100 B\n"


def test_bar_on_a_terminal():
  stream = Terminal()
  with progress.Progress("read x", 2048, start=1024, stream=stream) as bar:
    bar.update(1024)
  assert "read x: 100%" in stream.getvalue()
  assert "2.05k/2.05k" in stream.getvalue()


def test_skipped_work_prints_nothing_and_notes_are_shown():
  stream = io.StringIO()
  with progress.Progress("train", 10, unit="epochs", stream=stream) as bar:
    bar.skip(8)
    bar.update(1, "loss 0.5")
    bar.update()
  assert stream.getvalue().splitlines() == [
    "train: 90 % of 10 epochs, loss 0.5",
    "train: 100 % of 10 epochs",
  ]
