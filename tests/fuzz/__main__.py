"""Fuzzes the readers of foreign bytes and prints a table.

  python -m tests.fuzz [--count 200] [--seed 0] [--readers a,b] [--jobs 1]
  python -m tests.fuzz --readers pickle --only 17

Each reader gets `--count` mutated inputs (slow ones a part of it), in a process
of its own. The exit status is 1 if an input gave a traceback, a wrong value, a
long message, took more than 10 s or 1,000 MB, or ended the process. `--only`
shows one input, by the number that the table of problems gives.
"""

import argparse
import concurrent.futures
import dataclasses
import json
import os
import pathlib
import resource
import subprocess
import sys
import tempfile

_MAX_ADDRESSES = 6 << 30  # bytes; what asks for more gets a MemoryError


def _worker(name, count, seed, only):
  """Runs one reader in this process; prints its outcome as JSON."""
  resource.setrlimit(resource.RLIMIT_AS, (_MAX_ADDRESSES, _MAX_ADDRESSES))
  os.fsync = lambda _: None  # thousands of small files, none worth a wait
  from tests.fuzz import readers, runner

  with tempfile.TemporaryDirectory() as folder:
    os.environ["NASJAX_CACHE"] = f"{folder}/cache"
    for each in name.split(","):
      place = pathlib.Path(folder, each)
      place.mkdir()
      outcome = runner.run(readers.READERS[each], place, count, seed, only)
      print(json.dumps(dataclasses.asdict(outcome)), flush=True)


def _start(names, flags):
  """Runs readers in another process; returns their outcomes."""
  options = ["--count", str(flags.count), "--seed", str(flags.seed)]
  ended = subprocess.run(
    [sys.executable, "-m", "tests.fuzz", "--worker", names, *options],
    capture_output=True,
    text=True,
    env={**os.environ, "JAX_PLATFORMS": "cpu"},
  )
  outcomes = [json.loads(line) for line in ended.stdout.splitlines()]
  if ended.returncode:
    at = names.split(",")[len(outcomes)]
    outcomes.append(
      {
        "reader": at,
        "inputs": 0,
        "accepted": 0,
        "refused": 0,
        "tracebacks": 1,
        "wrong": 0,
        "memory": 0,
        "seconds": 0.0,
        "problems": [
          f"{at}: the process ended with {ended.returncode}: "
          f"{ended.stderr[-1500:]}"
        ],
      }
    )
  return outcomes


def _row(cells):
  return "| " + " | ".join(map(str, cells)) + " |"


def table(outcomes):
  """The outcomes as a Markdown table with a row of totals."""
  keys = ("inputs", "accepted", "refused", "tracebacks", "wrong")
  lines = [
    _row(("reader", *keys, "largest memory (MB)", "longest (s)")),
    _row(("---", *["---:"] * 7)),
  ]
  for found in outcomes:
    counts = [f"{found[key]:,}" for key in keys]
    lines.append(
      _row((found["reader"], *counts, found["memory"], found["seconds"]))
    )
  totals = [f"{sum(found[key] for found in outcomes):,}" for key in keys]
  memory = max(found["memory"] for found in outcomes)
  seconds = max(found["seconds"] for found in outcomes)
  return "\n".join([*lines, _row(("all", *totals, memory, seconds))])


def main():
  """Runs the command line; returns the exit status."""
  parser = argparse.ArgumentParser(
    prog="python -m tests.fuzz",
    description=__doc__,
    formatter_class=argparse.RawDescriptionHelpFormatter,
  )
  parser.add_argument("--count", type=int, default=200)
  parser.add_argument("--seed", type=int, default=0)
  parser.add_argument("--readers", default="", help="names, by commas")
  parser.add_argument("--jobs", type=int, default=1)
  parser.add_argument("--together", action="store_true", help="one process")
  parser.add_argument("--only", type=int, help="number of one input")
  parser.add_argument("--worker", default="", help=argparse.SUPPRESS)
  flags = parser.parse_args()
  if flags.worker or flags.only is not None:
    _worker(flags.worker or flags.readers, flags.count, flags.seed, flags.only)
    return 0
  from tests.fuzz import readers

  names = flags.readers.split(",") if flags.readers else list(readers.READERS)
  with concurrent.futures.ThreadPoolExecutor(flags.jobs) as pool:
    groups = [",".join(names)] if flags.together else names
    runs = list(pool.map(lambda group: _start(group, flags), groups))
  outcomes = [found for run in runs for found in run]
  problems = [text for found in outcomes for text in found["problems"]]
  print(table(outcomes))
  for text in problems[:50]:
    print(f"PROBLEM {text}")
  return 1 if problems else 0


if __name__ == "__main__":
  sys.exit(main())
