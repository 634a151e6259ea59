"""Kills commands with signal 9 at random times and runs them again.

  python tests/faults/kills.py [--times 10] [--seed 0] [--only train,stream]

For each command a table says when it was killed, what it had written, and
whether the results of the second run equal those of an uninterrupted one byte
by byte (JSON without its times). The exit status is 1 where one differs.
"""

import argparse
import dataclasses
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import time

import faults_commands as commands


@dataclasses.dataclass(frozen=True)
class Kill:
  """What one kill did.

  Attributes:
    seconds: after the start of the command.
    written: files that it left.
    leftovers: temporary files that remain after the second run.
    different: result files that differ from those of the whole run.
  """

  seconds: float
  written: int
  leftovers: int
  different: tuple[str, ...]


def whole_run(
  case: commands.Case, folder: pathlib.Path
) -> tuple[float, dict[str, bytes]]:
  """Seconds and results of a run that nothing stops."""
  folder.mkdir()
  began = time.monotonic()
  done = commands.run(case.command(folder))
  assert done.returncode == 0, done.stderr
  seconds = time.monotonic() - began
  return seconds, commands.contents(folder, case.results)


def start(case: commands.Case, folder: pathlib.Path) -> subprocess.Popen:
  return subprocess.Popen(
    case.command(folder),
    stdout=subprocess.DEVNULL,
    stderr=subprocess.DEVNULL,
    cwd=commands.ROOT,
    env=commands.environment(),
  )


def files_in(folder: pathlib.Path) -> int:
  return sum(path.is_file() for path in folder.rglob("*"))


def first_file(process: subprocess.Popen, folder: pathlib.Path) -> None:
  """Waits until the run has begun to write."""
  while process.poll() is None and not files_in(folder):
    time.sleep(0.01)


def kill_once(
  case: commands.Case,
  folder: pathlib.Path,
  expected: dict[str, bytes],
  share: float,
  seconds: float,
) -> Kill | None:
  """Kills a run and runs the command again.

  Args:
    case: the command.
    folder: a new folder.
    expected: results of the whole run.
    share: when it is killed, 0 at the first file, 1 after `seconds`.
    seconds: that the whole run writes files.

  Returns:
    What happened; None where the run had already ended.
  """
  folder.mkdir()
  began = time.monotonic()
  process = start(case, folder)
  first_file(process, folder)
  time.sleep(share * seconds)
  alive = process.poll() is None
  process.send_signal(signal.SIGKILL)
  process.wait()
  if not alive:
    return None
  elapsed, written = time.monotonic() - began, files_in(folder)
  again = commands.run(case.command(folder))
  assert again.returncode == 0, again.stderr
  found = commands.contents(folder, case.results)
  different = tuple(
    name
    for name in sorted({*expected, *found})
    if expected.get(name) != found.get(name)
  )
  left = len(commands.leftovers(folder))
  return Kill(elapsed, written, left, different)


def writing_seconds(case: commands.Case, folder: pathlib.Path) -> float:
  """Seconds from a run's first file to its last one, programs compiled."""
  folder.mkdir()
  process = start(case, folder)
  first_file(process, folder)
  began = time.time()
  assert process.wait() == 0
  ended = max(path.stat().st_mtime for path in folder.rglob("*"))
  return max(ended - began, 0.1)


def kill_often(name: str, times: int, seed: int, root: pathlib.Path) -> bool:
  """Kills a command `times` times; prints a table; whether all were equal."""
  case = commands.CASES[name](root)
  _, expected = whole_run(case, root / "whole")
  seconds = writing_seconds(case, root / "timed")
  draws = random.Random(f"{seed} {name}")
  print(f"\n{name}: {len(expected)} result files, {seconds:.1f} s of writing")
  print("| kill | after (s) | files then | left over | equal |")
  print("|---|---|---|---|---|")
  equal, tried, number = True, 0, 0
  while number < times:
    tried += 1
    kill = kill_once(
      case, root / f"try{tried}", expected, draws.random(), seconds
    )
    if kill is None:
      continue
    number += 1
    equal &= not kill.different
    same = "yes" if not kill.different else f"NO: {kill.different[0]}"
    print(
      f"| {number} | {kill.seconds:.1f} | {kill.written} | {kill.leftovers} | "
      f"{same} |",
      flush=True,
    )
  return equal


def main() -> int:
  parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
  parser.add_argument("--times", type=int, default=10)
  parser.add_argument("--seed", type=int, default=0)
  parser.add_argument("--only", default=",".join(commands.CASES))
  options = parser.parse_args()
  equal = True
  for name in options.only.split(","):
    with tempfile.TemporaryDirectory() as root:
      equal &= kill_often(name, options.times, options.seed, pathlib.Path(root))
  return 0 if equal else 1


if __name__ == "__main__":
  sys.exit(main())
