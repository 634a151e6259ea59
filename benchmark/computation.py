"""Times the sources of computation graphs.

  python benchmark/computation.py [--space nb101] [--num 2000] [--traced 5]
    [--onnx FILE ...]

Stitched graphs of random cells, graphs of Flax networks of some of them (the
first one apart, since it imports and traces what later ones share), and graphs
of ONNX files. Seconds are those of the process, which works on one core.
"""

import argparse
import time

import machine
import numpy as np

import nasjax
from nasjax import computation, networks
from nasjax.computation import families

FAMILIES = {"nb101": "nb101", "nb201": "nb201", "darts": "nb301"}


def timed(function, items) -> list[float]:
  """CPU seconds of each call."""
  found = []
  for item in items:
    began = time.process_time()
    function(item)
    found.append(time.process_time() - began)
  return found


def main(args: argparse.Namespace) -> None:
  """Measures once."""
  space = nasjax.get_space(args.space)
  cells = space.sample(args.num, np.random.default_rng(0))
  build = families.get_family(FAMILIES[args.space]).build
  (stitched,) = timed(build, [cells])

  def trace(cell):
    computation.from_flax(networks.build(space, cell), (1, 32, 32, 3))

  first, *traced = timed(trace, cells[: args.traced + 1])
  files = timed(computation.from_onnx, args.onnx)
  facts = {
    "space": args.space,
    "num_cells": len(cells),
    "stitched_per_second": len(cells) / stitched,
    "first_traced_seconds": first,
    "traced_seconds": float(np.median(traced)),
    "onnx_seconds": dict(zip(args.onnx, files, strict=True)),
  }
  print(
    f"{args.space}: {facts['stitched_per_second']:,.0f} stitched graphs a "
    f"second, {facts['traced_seconds']:.2f} s a traced network (the first "
    f"{first:.2f} s)"
  )
  machine.finish(facts, args.out)


if __name__ == "__main__":
  parser = argparse.ArgumentParser(description=__doc__)
  parser.add_argument("--space", default="nb101", choices=FAMILIES)
  parser.add_argument("--num", type=int, default=2000)
  parser.add_argument("--traced", type=int, default=5)
  parser.add_argument("--onnx", nargs="*", default=[])
  machine.run(parser, main)
