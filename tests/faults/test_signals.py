"""SIGINT and SIGTERM of commands: one line, a status, nothing lost."""

import pathlib
import signal
import subprocess
import sys
import time

import faults_commands as commands
import pytest

WORDS = {
  "train": ["train.py", "--config=configs/nb201.py"],
  "search": ["search.py", "--space", "nb201"],
  "reproduce": ["-m", "nasjax.reproduce", "--list"],
  "scoring": ["-m", "nasjax.scoring", "--space", "nb201", "--out", "unused"],
  "benchmarks": ["-m", "nasjax.benchmarks", "list"],
  "pretrained": ["-m", "nasjax.pretrained", "unused", "unused"],
  "images": ["-m", "nasjax.pretrained.images"],
}
STATUS = {signal.SIGINT: 130, signal.SIGTERM: 143}
LINE = {signal.SIGINT: "interrupted", signal.SIGTERM: "terminated"}


def has_begun(process: subprocess.Popen) -> bool:
  """Whether a process imports its packages; before, Python itself starts."""
  maps = pathlib.Path(f"/proc/{process.pid}/maps")
  try:
    return "numpy" in maps.read_text()
  except OSError:
    return False


def wait(process: subprocess.Popen, condition) -> None:
  while process.poll() is None and not condition():
    time.sleep(0.002)


def check_ended(process: subprocess.Popen, number: signal.Signals) -> None:
  _, printed = process.communicate(timeout=200)
  assert process.returncode == STATUS[number], printed
  assert "Traceback" not in printed
  assert printed.splitlines()[-1].startswith(LINE[number]), printed
  assert printed.count(LINE[number]) == 1


@pytest.mark.parametrize("number", STATUS)
@pytest.mark.parametrize("name", WORDS)
def test_during_the_imports(name, number, tmp_path):
  process = subprocess.Popen(
    [sys.executable, *WORDS[name]],
    stdout=subprocess.DEVNULL,
    stderr=subprocess.PIPE,
    text=True,
    cwd=commands.ROOT,
    env=commands.environment(NASJAX_CACHE=str(tmp_path)),
  )
  wait(process, lambda: has_begun(process))
  process.send_signal(number)
  check_ended(process, number)


@pytest.mark.parametrize("name", ["train", "evaluate"])
def test_the_same_command_goes_on(name, tmp_path, long):
  if not long:
    pytest.skip("only with --long: it runs a command three times")
  case = commands.CASES[name](tmp_path)
  whole, stopped = tmp_path / "whole", tmp_path / "stopped"
  whole.mkdir()
  stopped.mkdir()
  assert commands.run(case.command(whole)).returncode == 0
  number = signal.SIGTERM
  process = subprocess.Popen(
    case.command(stopped),
    stdout=subprocess.DEVNULL,
    stderr=subprocess.PIPE,
    text=True,
    cwd=commands.ROOT,
    env=commands.environment(),
  )
  wait(process, lambda: any(stopped.rglob("*.*")))
  process.send_signal(number)
  check_ended(process, number)
  assert commands.run(case.command(stopped)).returncode == 0
  assert commands.contents(stopped, case.results) == commands.contents(
    whole, case.results
  )
