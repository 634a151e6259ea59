"""Compares a device with a CPU: do predictors give the same scores on both?

  python benchmark/agreement.py --predictors nb201 nb201_student

The scores of the same cells are computed here, on the default device, and in a
child process on the CPU. What a model reads of the cells is compared too, so
that a difference can be traced: features first, then members, then ranks.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from typing import Any

import jax.numpy as jnp
import machine
import numpy as np

from nasjax import compiler, files, scoring
from nasjax.features import inputs
from nasjax.predictors import predictor
from nasjax.training import metrics


def compute(name: str, num: int) -> dict[str, np.ndarray]:
  """What the default device makes of sampled cells.

  Args:
    name: a predictor that comes with nasjax.
    num: `n` cells.

  Returns:
    `scores` `[n]`, those of the members `raw` `[R, n]`, and what they read of
    the cells, `features` `[n, F]`.
  """
  model = predictor.Predictor.pretrained(name)
  cells = model.space.sample(num, np.random.default_rng(0))
  module, params = model.model, model.fitted.params

  def features(genotypes):
    built = inputs.make(
      model.space, genotypes, module.reads, prune=model.config.prune
    )
    return module.reads.side_by_side(built)

  raw = scoring.score(
    module, params, model.space, cells, prune=model.config.prune
  )
  return {
    "scores": predictor.combine(model.fitted, raw)[0],
    "raw": raw,
    "features": np.asarray(compiler.jit(features)(jnp.asarray(cells))),
  }


def on_cpu(names: list[str], num: int) -> dict[str, dict[str, np.ndarray]]:
  """The same by a child process on the CPU, for each predictor."""
  with tempfile.TemporaryDirectory() as folder:
    command = [sys.executable, __file__, "--num", str(num), "--write", folder]
    subprocess.run(
      [*command, "--predictors", *names],
      check=True,
      env={**os.environ, "JAX_PLATFORMS": "cpu"},
    )
    found = {}
    for name in names:
      with np.load(files.expand(folder) / f"{name}.npz") as data:
        found[name] = dict(data)
  return found


def difference(here: np.ndarray, there: np.ndarray) -> float:
  """Largest difference, in units of the spread."""
  spread = max(float(there.std()), 1e-9)
  return float(np.abs(here - there).max()) / spread


def compare(
  name: str, num: int, there: dict[str, np.ndarray]
) -> dict[str, Any]:
  """Compares a predictor's numbers here with those of the CPU."""
  here = compute(name, num)
  return {
    "predictor": name,
    "num_archs": num,
    "features": difference(here["features"], there["features"]),
    "members": [
      difference(*pair) for pair in zip(here["raw"], there["raw"], strict=True)
    ],
    "scores": difference(here["scores"], there["scores"]),
    "tau": metrics.kendall_tau(here["scores"], there["scores"]),
  }


def main(args: argparse.Namespace) -> None:
  """Compares, or writes this device's numbers where a parent asks for them."""
  if args.write:
    for name in args.predictors:
      path = files.expand(args.write) / f"{name}.npz"
      np.savez(path, **compute(name, args.num))
    return
  there = on_cpu(args.predictors, args.num)
  rows = []
  for name in args.predictors:
    rows.append(compare(name, args.num, there[name]))
    print(
      "{predictor}: largest difference from the CPU {features:.1e} of the "
      "spread in features, {scores:.1e} in scores; Kendall tau-b {tau:.4f} "
      "over {num_archs} cells".format_map(rows[-1]),
      flush=True,
    )
  machine.finish({"predictors": rows}, args.out)


if __name__ == "__main__":
  parser = argparse.ArgumentParser(description=__doc__)
  parser.add_argument(
    "--predictors",
    nargs="+",
    choices=predictor.pretrained_names(),
    default=list(predictor.pretrained_names()),
  )
  parser.add_argument("--num", type=int, default=1000, help="sampled cells")
  parser.add_argument("--write", help=argparse.SUPPRESS)
  machine.run(parser, main)
