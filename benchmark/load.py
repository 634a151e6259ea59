"""Times what a user waits for: the import, a load, and a whole search.

  python benchmark/load.py

Each is a process of its own, repeated; the compiled programs are not cached.
"""

import argparse
import pathlib
import subprocess
import sys
import time
from typing import Any

import machine

ROOT = pathlib.Path(__file__).parent.parent
COMMANDS = {
  "python": ["-c", "pass"],
  "import jax": ["-c", "import jax"],
  "import nasjax": ["-c", "import nasjax"],
  "load a predictor": [
    "-c",
    "import nasjax; nasjax.Predictor.pretrained('nb201')",
  ],
  "search.py --space nb201": ["search.py", "--space", "nb201"],
  "search.py --space nb201 --checkpoint student": [
    *("search.py", "--space", "nb201", "--checkpoint", "student"),
  ],
}


def seconds_of(command: list[str]) -> float:
  """Wall seconds of a Python process."""
  began = time.perf_counter()
  subprocess.run(
    [sys.executable, *command], check=True, cwd=ROOT, capture_output=True
  )
  return time.perf_counter() - began


def main(args: argparse.Namespace) -> None:
  """Times each command in turn, several times over."""
  found: dict[str, list[float]] = {name: [] for name in COMMANDS}
  for _ in range(args.repeats):
    for name, command in COMMANDS.items():
      found[name].append(seconds_of(command))
  for name, seconds in found.items():
    print(f"{name:<46} {machine.spread(seconds)} s")
  result: dict[str, Any] = {
    name: [round(x, 3) for x in seconds] for name, seconds in found.items()
  }
  machine.finish({"seconds": result}, args.out)


if __name__ == "__main__":
  parser = argparse.ArgumentParser(description=__doc__)
  parser.add_argument("--repeats", type=int, default=3)
  machine.run(parser, main)
