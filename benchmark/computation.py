"""Times the sources of computation graphs, and what reads them.

  python benchmark/computation.py [--space nb101] [--num 5000] [--traced 5]
    [--onnx FILE ...]

Stitched graphs of random cells; their embeddings by an encoder of GENNAPE;
their scores by the predictor of `nasjax rank`, which measures them; graphs of
Flax networks of some of the cells (the first one apart, since it imports and
traces what later ones share); and graphs of ONNX files. Seconds are CPU seconds
of the process, but by a clock for embeddings and, beside CPU seconds, for the
whole: building, embedding with what that compiles, and scoring.
"""

import argparse
import os
import time
from collections.abc import Callable
from typing import Any

import machine
import numpy as np

import nasjax
from nasjax import computation, networks
from nasjax.computation import families
from nasjax.systems.gennape import contrastive, encoder, ranker, reading

FAMILIES = {"nb101": "nb101", "nb201": "nb201", "darts": "nb301"}


def timed(function, items, clock=time.process_time) -> list[float]:
  """Seconds of each call."""
  found = []
  for item in items:
    began = clock()
    function(item)
    found.append(clock() - began)
  return found


def encoder_of(graphs) -> Callable[[Any], None]:
  """What reads and embeds graphs; its parameters are random."""
  module = encoder.Encoder()
  params = contrastive.init(module, reading.read(graphs[0]), 0)

  def embed(graphs):
    readings = [reading.read(graph) for graph in graphs]
    contrastive.embed(module, params, readings)

  return embed


def reads(cells: np.ndarray, family: str) -> dict[str, Any]:
  """Builds, embeds and scores the graphs of cells."""
  num = len(cells)
  began, clock = time.process_time(), time.perf_counter()
  graphs = families.get_family(family).build(cells)
  stitched = time.process_time() - began
  embed = encoder_of(graphs)
  embed(graphs)
  (scored,) = timed(lambda each: ranker.load().score(each), [graphs])
  whole, used = time.perf_counter() - clock, time.process_time() - began
  (embedded,) = timed(embed, [graphs], time.perf_counter)
  return {
    "num_cells": num,
    "stitched_per_second": num / stitched,
    "embedded_per_second": num / embedded,
    "scored_per_second": num / scored,
    "whole_seconds": whole,
    "whole_cpu_seconds": used,
    "load": os.getloadavg()[0],
    "peak_memory_mb": machine.peak_memory_mb(),
  }


def main(args: argparse.Namespace) -> None:
  """Measures once."""
  space = nasjax.get_space(args.space)
  cells = space.sample(args.num, np.random.default_rng(0))
  facts = {"space": args.space, **reads(cells, FAMILIES[args.space])}

  def trace(cell):
    computation.from_flax(networks.build(space, cell), (1, 32, 32, 3))

  first, *traced = timed(trace, cells[: args.traced + 1])
  files = timed(computation.from_onnx, args.onnx)
  facts |= {
    "first_traced_seconds": first,
    "traced_seconds": float(np.median(traced)),
    "onnx_seconds": dict(zip(args.onnx, files, strict=True)),
  }
  print(
    f"{args.space}: {facts['stitched_per_second']:,.0f} stitched, "
    f"{facts['embedded_per_second']:,.0f} embedded, "
    f"{facts['scored_per_second']:,.0f} scored graphs a second; {args.num:,} "
    f"built, embedded and scored in {facts['whole_seconds']:.0f} s, "
    f"{facts['whole_cpu_seconds']:.0f} s of them on a core; "
    f"{facts['traced_seconds']:.2f} s a traced network (the first {first:.2f} "
    "s)"
  )
  machine.finish(facts, args.out)


if __name__ == "__main__":
  parser = argparse.ArgumentParser(description=__doc__)
  parser.add_argument("--space", default="nb101", choices=FAMILIES)
  parser.add_argument("--num", type=int, default=5000)
  parser.add_argument("--traced", type=int, default=5)
  parser.add_argument("--onnx", nargs="*", default=[])
  machine.run(parser, main)
