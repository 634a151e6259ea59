"""Time and memory against the number of architectures, 10^2 to 10^7.

  python benchmark/scale.py --curves darts:student:1000000 --out scale.json

Sampled architectures are scored in a stream that keeps the best 100. The first
batch compiles and is not timed. Needs the extra `plots` for a picture.
"""

import argparse
import pathlib
import time
from typing import Any

import machine
import numpy as np

from nasjax import files, scoring
from nasjax.predictors import checkpoints, predictor
from nasjax.reproduce.figures import style
from nasjax.scoring import streaming


def measure(space: str, name: str, largest: int) -> dict[str, Any]:
  """Streams 10^2, 10^3, ... architectures through one predictor."""
  model = checkpoints.open_predictor(space, None if name == "default" else name)
  fitted = model.fitted

  def score_fn(genotypes: np.ndarray) -> np.ndarray:
    raw = scoring.score(
      model.model, fitted.params, model.space, genotypes, prune=True
    )
    return predictor.combine(fitted, raw)[0]

  rows = []
  num = 100
  while num <= largest:
    size = min(num, streaming.BATCH_SIZE)
    score_fn(model.space.sample(size, np.random.default_rng(0)))
    began = time.perf_counter()
    streaming.stream_top_k(score_fn, model.space, num, 100, batch_size=size)
    seconds = time.perf_counter() - began
    rows.append(
      {
        "num_archs": num,
        "seconds": round(seconds, 3),
        "archs_per_second": round(num / seconds),
        "peak_memory_mb": round(machine.peak_memory_mb()),
      }
    )
    print(space, name, rows[-1], flush=True)
    num *= 10
  return {"space": space, "model": name, "rows": rows}


def draw(curves: list[dict[str, Any]], path: pathlib.Path) -> None:
  """Writes the picture as PNG and SVG."""
  figure, axes = style.new(columns=2, size=(7.5, 3.4))
  for axis, field, text in (
    (axes[0][0], "seconds", "seconds"),
    (axes[0][1], "peak_memory_mb", "peak memory, MB"),
  ):
    series = {}
    for curve in curves:
      counts = [row["num_archs"] for row in curve["rows"]]
      values = [row[field] for row in curve["rows"]]
      name = f"{curve['space']}, {curve['model']}"
      series[name] = (counts, values, [0] * len(values))
    style.lines(axis, series)
    axis.set(xscale="log", xlabel="architectures", ylabel=text)
    if field == "seconds":
      axis.set(yscale="log")
    else:
      axis.set_ylim(bottom=0)
  axes[0][0].legend()
  style.save(figure, path.parent, path.stem)


def curve(text: str) -> tuple[str, str, int]:
  """Parses SPACE:MODEL:LARGEST."""
  words = text.split(":")
  if len(words) != 3 or not words[2].isdecimal():
    raise argparse.ArgumentTypeError(
      f"expected SPACE:MODEL:LARGEST, as in darts:student:100000, got {text!r}"
    )
  return words[0], words[1], int(words[2])


def main(args: argparse.Namespace) -> None:
  """Measures every curve, smallest number first."""
  curves = [measure(*words) for words in args.curves]
  if args.plot:
    draw(curves, files.expand(args.plot))
  machine.finish({"curves": curves}, args.out)


if __name__ == "__main__":
  parser = argparse.ArgumentParser(description=__doc__)
  parser.add_argument(
    "--curves",
    nargs="+",
    type=curve,
    default=[curve("darts:student:100000")],
    help="SPACE:MODEL:LARGEST, e.g. nb101:student:10000000",
  )
  parser.add_argument("--plot", help="file name of the picture, without suffix")
  machine.run(parser, main)
