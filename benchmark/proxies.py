"""Times proxies of the skeleton `mini` on a whole space, or on samples of it.

  python benchmark/proxies.py [--space nb201] [--names nwot,jacov,jacov_stage]
    [--num 0]

The first call compiles, as that of a user does; CPU seconds are those of all
threads, compilation included.
"""

import argparse
import time

import machine
import numpy as np

import nasjax
from nasjax import proxies


def main(args: argparse.Namespace) -> None:
  """Measures once."""
  space = nasjax.get_space(args.space)
  if args.num or space.size is None:
    cells = space.sample(args.num or 100, np.random.default_rng(0))
  else:
    cells = space.enumerate()
  began, used = time.perf_counter(), time.process_time()
  scores = proxies.measure(space, cells, args.names.split(","))
  wall, cpu = time.perf_counter() - began, time.process_time() - used
  print(f"{space.name}: {scores}")
  print(f"{len(cells)} cells in {wall:.0f} s, {cpu:.0f} CPU seconds")
  facts = {
    "space": space.name,
    "names": args.names,
    "num_cells": len(cells),
    "num_networks": scores.num_networks,
    "seconds": wall,
    "cpu_seconds": cpu,
  }
  machine.finish(facts, args.out)


if __name__ == "__main__":
  parser = argparse.ArgumentParser(description=__doc__)
  parser.add_argument("--space", default="nb201")
  parser.add_argument("--names", default="nwot,jacov,jacov_stage")
  parser.add_argument("--num", type=int, default=0)
  machine.run(parser, main)
