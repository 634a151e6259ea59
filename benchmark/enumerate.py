"""Times a fresh enumeration of NAS-Bench-101: CPU and wall seconds.

Run `python benchmark/enumerate.py [--max_vertices 7] [--out FILE.json]`.
"""

import argparse
import os
import platform
import sys
import time

import numpy as np

from nasjax import errors, files
from nasjax.spaces import nb101_enumerate


def measure(max_vertices: int) -> dict:
  """Enumerates once, past the cache, and says what it took."""
  cpu, wall = time.process_time(), time.perf_counter()
  cells = nb101_enumerate.enumerate_cells(max_vertices, progress=True)
  return {
    "max_vertices": max_vertices,
    "num_cells": len(cells),
    "cpu_seconds": round(time.process_time() - cpu, 2),
    "wall_seconds": round(time.perf_counter() - wall, 2),
    "machine": f"{platform.machine()}, {os.cpu_count()} logical CPUs",
    "versions": {
      "python": platform.python_version(),
      "numpy": np.__version__,
    },
  }


def main() -> None:
  """Reads the command line, prints the figures, writes them where asked."""
  parser = argparse.ArgumentParser(description=__doc__)
  parser.add_argument(
    "--max_vertices", type=int, default=7, choices=range(2, 8)
  )
  parser.add_argument("--out", help="JSON file to write")
  args = parser.parse_args()
  result = measure(args.max_vertices)
  print(
    "{num_cells} cells: {cpu_seconds} s CPU, {wall_seconds} s wall".format_map(
      result
    )
  )
  if args.out:
    try:
      files.write_json(args.out, result)
    except errors.UserError as error:
      print(error, file=sys.stderr)
      sys.exit(2)


if __name__ == "__main__":
  main()
