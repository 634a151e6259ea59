"""Times the embedding of a space, genotypes to vectors, drawing included.

  python benchmark/arch2vec.py [--space nb201] [--num 0] [--repeats 10]
    [--alone]

The first call, which compiles, is timed apart. With `--alone` the other calls
have the cores before every other process, as on a machine without load.
"""

import argparse
import contextlib
import os
import time

import machine
import numpy as np

import nasjax


def main(args: argparse.Namespace) -> None:
  """Measures once."""
  embedder = nasjax.Embedder.load(args.embedder or args.space, args.space)
  space = embedder.space
  if args.num or space.size is None:
    cells = space.sample(args.num or 16_384, np.random.default_rng(0))
  else:
    cells = space.enumerate()
  times, used = [], []
  for _ in range(args.repeats + 1):
    timed_alone = args.alone and times
    with machine.alone() if timed_alone else contextlib.nullcontext():
      began, cpu = time.perf_counter(), time.process_time()
      found = embedder.embed(cells)
      times.append(time.perf_counter() - began)
      used.append(time.process_time() - cpu)
  first, best = times[0], min(times[1:])
  print(
    f"{space.name}: {len(cells)} cells to {found.shape[1]} numbers in "
    f"{best:.3f} s, {len(cells) / best:,.0f} a second; first call {first:.1f} s"
  )
  facts = {
    "space": space.name,
    "num_cells": len(cells),
    "seconds": best,
    "seconds_median": float(np.median(times[1:])),
    "first_seconds": first,
    "archs_per_second": len(cells) / best,
    "archs_per_cpu_second": len(cells) / min(used[1:]),
    "alone": args.alone,
    "load": os.getloadavg()[0],
  }
  machine.finish(facts, args.out)


if __name__ == "__main__":
  parser = argparse.ArgumentParser(description=__doc__)
  parser.add_argument("--space", default="nb201")
  parser.add_argument("--embedder", default="", help="name or folder")
  parser.add_argument("--num", type=int, default=0)
  parser.add_argument("--repeats", type=int, default=10)
  parser.add_argument("--alone", action="store_true")
  machine.run(parser, main)
