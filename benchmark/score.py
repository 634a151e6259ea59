"""Times the scoring of a whole space, from genotypes to scores.

  python benchmark/score.py --space nb201 --model paper

The first call compiles; the others are timed. The floating-point operations
are those of the distinct cells that are really computed, and are compared with
the rate of a large matrix product in the same process.
"""

import argparse
import time
from typing import Any

import flops
import machine
import models
import numpy as np

from nasjax import scoring
from nasjax.scoring import precisions, sharing
from nasjax.spaces import base as spaces_base
from nasjax.spaces import registry as spaces


def cells_of(space: spaces_base.Space, num: int | None) -> np.ndarray:
  """All cells of a space, or a sample where that is asked or needed."""
  if num is None and space.name != "darts":
    return space.enumerate()
  return space.sample(num or 65_536, np.random.default_rng(0))


def measure(args: argparse.Namespace) -> dict[str, Any]:
  """Scores the cells a few times and says how fast."""
  space = spaces.get_space(args.space)
  module, params, config = models.load(args.space, args.model)
  cells = cells_of(space, args.num)

  def work():
    return scoring.score(
      module,
      params,
      space,
      cells,
      prune=config.prune,
      precision=args.precision,
      share=not args.no_sharing,
    )

  began = time.perf_counter()
  members = len(work())
  first = time.perf_counter() - began
  before = machine.gemm_gflops()
  seconds = machine.timed(work, args.repeats)
  gemm = max(before, machine.gemm_gflops())
  distinct = len(cells)
  if not args.no_sharing:
    rows = sharing.canonical(module, space, cells, prune=config.prune)
    distinct = len(sharing.distinct_rows(rows)[0])
  operations = flops.per_architecture(module, params, space, config.prune)
  rate = distinct * members * operations / min(seconds) / 1e9
  return {
    "space": args.space,
    "model": args.model,
    "precision": args.precision,
    "num_archs": len(cells),
    "num_distinct": distinct,
    "members": members,
    "seconds": [round(x, 3) for x in seconds],
    "archs_per_second": round(len(cells) / min(seconds)),
    "archs_per_second_median": round(len(cells) / float(np.median(seconds))),
    "mflop_per_arch": round(members * operations / 1e6, 3),
    "gflops": round(rate, 1),
    "gemm_gflops": round(gemm, 1),
    "fraction_of_gemm": round(rate / gemm, 3),
    "compile_seconds": round(first - float(np.median(seconds)), 1),
    "peak_memory_mb": round(machine.peak_memory_mb()),
  }


def main(args: argparse.Namespace) -> None:
  """Prints what `measure` found."""
  result = measure(args)
  print(
    "{model} on {space}: {archs_per_second} architectures/s ({num_archs}, "
    "{num_distinct} of them distinct, {members} member(s)); {mflop_per_arch} "
    "MFLOP each, {gflops} GFLOP/s = {fraction_of_gemm} of {gemm_gflops}; "
    "compiled in {compile_seconds} s; peak {peak_memory_mb} MB".format_map(
      result
    )
  )
  machine.finish(result, args.out)


if __name__ == "__main__":
  parser = argparse.ArgumentParser(description=__doc__)
  parser.add_argument("--space", default="nb201", choices=spaces.space_names())
  parser.add_argument(
    "--model", default="default", help="paper, default, student, or a folder"
  )
  parser.add_argument(
    "--precision", default=precisions.DEFAULT, choices=precisions.PRECISIONS
  )
  parser.add_argument("--num", type=int, help="sampled cells; all if absent")
  parser.add_argument("--repeats", type=int, default=5)
  parser.add_argument(
    "--no_sharing", action="store_true", help="score equal cells each"
  )
  machine.run(parser, main)
