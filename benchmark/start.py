"""Times first and second runs: what is compiled, read or hashed only once.

  python benchmark/start.py [--against CHECKOUT] [--repeats 5] [--only WORD ...]

Each case is a process of its own with a cache folder of its own: `first` finds
it empty, `second` as the first left it. With `--against`, another checkout is
timed in turn, and ratios of the medians are printed.
"""

import argparse
import os
import pathlib
import subprocess
import sys
import tempfile
import time

import machine
import numpy as np

ROOT = pathlib.Path(__file__).parent.parent
FIT = """
import time, numpy as np, nasjax
space = nasjax.get_space("nb201")
cells = space.sample(156, np.random.default_rng(0))
labels = cells.sum(1) + np.linspace(0, 1, 156)
for _ in range(2):
  began = time.perf_counter()
  nasjax.Predictor("nb201").fit(cells, labels)
  print(time.perf_counter() - began)
"""
CASES = {
  "import": ["-c", "import nasjax"],
  "nb201": ["search.py", "--space", "nb201"],
  "student": ["search.py", "--space", "nb201", "--checkpoint", "student"],
  "nb101": ["search.py", "--space", "nb101", "--checkpoint", "student"],
  "fit": ["-c", FIT],
}


def seconds_of(root: pathlib.Path, cache: str, name: str) -> dict[str, float]:
  """Wall seconds of a process in a checkout; of `fit` those of both fits."""
  env = {k: v for k, v in os.environ.items() if "COMPILATION_CACHE" not in k}
  env |= {"NASJAX_CACHE": cache, "PYTHONPATH": str(root)}
  began = time.perf_counter()
  done = subprocess.run(
    [sys.executable, *CASES[name]],
    check=True,
    cwd=root,
    capture_output=True,
    text=True,
    env=env,
  )
  seconds = time.perf_counter() - began
  if name != "fit":
    return {name: seconds}
  first, again = map(float, done.stdout.split())
  return {name: first, "fit again": again}


def main(args: argparse.Namespace) -> None:
  """Times every case in every checkout in turn."""
  roots = {"here": ROOT}
  if args.against:
    roots["there"] = pathlib.Path(args.against).resolve()
  found: dict[str, dict[str, list[float]]] = {}
  for _ in range(args.repeats):
    for case in args.only or CASES:
      for side, root in roots.items():
        with tempfile.TemporaryDirectory() as cache:
          for run in ("first", "second"):
            for name, value in seconds_of(root, cache, case).items():
              sides = found.setdefault(f"{name}, {run}", {})
              sides.setdefault(side, []).append(value)
  for name, sides in found.items():
    said = [f"{side} {machine.spread(all_)} s" for side, all_ in sides.items()]
    if len(sides) == 2:
      here, there = (np.median(sides[side]) for side in ("here", "there"))
      said.append(f"ratio {here / there:.2f}")
    print(f"{name:<20} {'; '.join(said)}")
  machine.finish({"seconds": found}, args.out)


if __name__ == "__main__":
  parser = argparse.ArgumentParser(description=__doc__)
  parser.add_argument("--repeats", type=int, default=5)
  parser.add_argument("--against", help="another checkout, timed in turn")
  parser.add_argument("--only", nargs="*", choices=CASES)
  machine.run(parser, main)
