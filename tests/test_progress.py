"""Progress: plain lines in logs, a bar on a terminal."""

import io
import time

import pytest

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


class Clock:
  """Time as a test lets it pass."""

  def __init__(self):
    self.now = 100.0

  def monotonic(self):
    return self.now

  time = monotonic


@pytest.fixture
def clock(monkeypatch):
  fake = Clock()
  monkeypatch.setattr(progress, "time", fake)
  return fake


def test_time_left_does_not_count_the_compilation(clock):
  stream = io.StringIO()
  with progress.Progress("train", 10, unit="epochs", stream=stream) as bar:
    clock.now += 52
    bar.update()
    for _ in range(4):
      clock.now += 2
      bar.update()
  assert stream.getvalue().splitlines() == [
    "train: 10 % of 10 epochs, 52 s",
    "train: 20 % of 10 epochs, 54 s, 16 s left",
    "train: 30 % of 10 epochs, 56 s, 14 s left",
    "train: 40 % of 10 epochs, 58 s, 12 s left",
    "train: 50 % of 10 epochs, 60 s, 10 s left",
  ]


def test_a_line_comes_after_ten_seconds(clock):
  stream = io.StringIO()
  with progress.Progress("train", 1000, unit="epochs", stream=stream) as bar:
    for _ in range(7):
      clock.now += 4
      bar.update(note="loss 1")
  assert stream.getvalue().splitlines() == [
    "train: 0 % of 1000 epochs, loss 1, 12 s, 3988 s left",
    "train: 0 % of 1000 epochs, loss 1, 24 s, 3976 s left",
  ]


def test_a_count_without_a_total_is_shown_too(clock):
  stream = io.StringIO()
  with progress.Progress("read", None, unit="rows", stream=stream) as bar:
    clock.now += 11
    bar.update(5)
  assert stream.getvalue() == "read: 5 rows, 11 s\n"


def _wait_for(stream, text):
  deadline = time.monotonic() + 20
  while text not in stream.getvalue() and time.monotonic() < deadline:
    time.sleep(0.01)


def test_what_comes_before_the_first_update_is_said(monkeypatch):
  monkeypatch.setattr(progress, "_FIRST", 0.01)
  for stream in (io.StringIO(), Terminal()):
    bar = progress.Progress("train", 4, stream=stream, first="compiling")
    with bar:
      _wait_for(stream, "compiling")
      bar.update()
    assert "compiling" in stream.getvalue()


def test_nothing_is_written_where_nothing_shall_be_shown():
  for stream in (io.StringIO(), Terminal()):
    bar = progress.Progress("x", 2, stream=stream, first="y", shown=False)
    with bar, progress.phase("z", shown=False, after=0.0, stream=stream):
      bar.skip(1)
      bar.update()
    assert stream.getvalue() == ""


def test_a_phase_is_said_while_it_lasts():
  stream = io.StringIO()
  with progress.phase("reading labels", after=0.01, stream=stream):
    _wait_for(stream, "\n")
  assert stream.getvalue() == "reading labels ...\n"
  short = io.StringIO()
  with progress.phase("reading labels", after=60.0, stream=short):
    pass
  assert short.getvalue() == ""


def test_a_resumed_run_says_where_it_goes_on():
  stream = io.StringIO()
  with progress.Progress("training", 10, unit="epochs", stream=stream) as bar:
    bar.resume(4)
    bar.update(6)
  first, last = stream.getvalue().splitlines()
  assert first == "training: goes on after 4 of 10 epochs"
  assert "100 %" in last
