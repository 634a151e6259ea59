"""Builds the benchmark `mini201`: NAS-Bench-201 cells on many image sets.

    python -m nasjax.benchmarks.mini201_build --images DIR --out FILE.npz
      --workdir DIR

Every cell is trained on every image set with every seed by the small skeleton.
An interrupted build goes on where it was; the log of each training is in the
work folder.
"""

import argparse
import dataclasses
import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import scipy.stats

from nasjax import errors, files
from nasjax.benchmarks import mini201_images, registry
from nasjax.commands import arguments as command_line
from nasjax.io import replacing
from nasjax.networks import Skeleton
from nasjax.networks.evaluate import evaluate
from nasjax.networks.recipe import TrainingRecipe
from nasjax.spaces import registry as spaces

SEEDS = (0, 1)
NUM_KNOWN = 10
RECIPE = TrainingRecipe(
  epochs=6,
  batch_size=64,
  learning_rate=0.1,
  warmup_epochs=0.5,
  weight_decay=5e-4,
  crop_padding=1,
  test_every=3,
)
SKELETON = Skeleton.small("nb201", cells_per_stage=2)


def choose_cells(num_cells: int, seed: int = 0) -> np.ndarray:
  """Chooses cells without repeats up to isomorphism.

  Among them are the best and worst ten by the CIFAR-10 test accuracy of
  `nb201_analog`; the others are random.

  Args:
    num_cells: at least 20.
    seed: seed of the random cells.

  Returns:
    Representatives (`Space.canonical`), `[num_cells, 6]` int8. Known cells
    are scattered among the first forty; with more cells the first stay.

  Raises:
    UserError: too few cells.
  """
  if num_cells < 2 * NUM_KNOWN:
    raise errors.UserError(
      f"num_cells: expected at least {2 * NUM_KNOWN}, got {num_cells}"
    )
  space = spaces.get_space("nb201")
  table = registry.get_benchmark("nb201_analog")
  ranked = table.genotypes[np.argsort(-table.columns["cifar10/test"])]
  ranked = _distinct(space, ranked)
  known = np.concatenate([ranked[:NUM_KNOWN], ranked[-NUM_KNOWN:]])
  drawn = space.sample(4 * num_cells, np.random.default_rng(seed))
  cells = _distinct(space, np.concatenate([known, drawn]))[:num_cells]
  mixed = np.random.default_rng(seed + 1).permutation(4 * NUM_KNOWN)
  head = cells[: len(mixed)][mixed[mixed < len(cells)]]
  return np.concatenate([head, cells[len(mixed) :]])


def _distinct(space: Any, genotypes: np.ndarray) -> np.ndarray:
  canonical = space.canonical(genotypes, ordered=False)
  _, first = np.unique(canonical, axis=0, return_index=True)
  return canonical[np.sort(first)]


_LOGGED = ("loss", "train_accuracy", "test_accuracy")


def collect(results: Sequence[dict[str, Any]]) -> dict[str, np.ndarray]:
  """Reads accuracies and logs; NaN where a number was not taken.

  Returns:
    `accuracy` `[cells, image sets, seeds]`, percent after the last epoch; and
    `loss`, `train_accuracy`, `test_accuracy` of every epoch,
    `[cells, image sets, seeds, epochs]`.
  """
  names = mini201_images.names()
  shape = len(results), len(names), len(SEEDS)
  found: dict[str, np.ndarray] = {}
  found["accuracy"] = np.full(shape, np.nan, np.float32)
  for name in _LOGGED:
    found[name] = np.full((*shape, RECIPE.epochs), np.nan, np.float32)
  for i, result in enumerate(results):
    for row in result["trainings"]:
      place = i, names.index(row["image_set"]), SEEDS.index(row["seed"])
      found["accuracy"][place] = _number(row["final"])
      for name in _LOGGED:
        log = [_number(value) for value in row[name]]
        found[name][place][: len(log)] = log
  return found


def _number(value: float | None) -> float:
  return float("nan") if value is None else value


def noise(accuracy: np.ndarray) -> dict[str, dict[str, float]]:
  """Compares the two seeds of each image set over the cells.

  Args:
    accuracy: `[cells, image sets, 2]`.

  Returns:
    For each image set, over the cells without a diverged training: Kendall's
    tau-b between the seeds, the mean absolute difference, mean, smallest and
    largest accuracy.
  """
  rows = {}
  for i, name in enumerate(mini201_images.names()):
    known = accuracy[np.isfinite(accuracy[:, i]).all(1), i]
    first, second = known.T
    tau: Any = scipy.stats.kendalltau(first, second)[0]
    rows[name] = {
      "tau_between_seeds": round(float(tau), 4),
      "mean_difference": round(float(np.abs(first - second).mean()), 3),
      "mean": round(float(known.mean()), 3),
      "lowest": round(float(known.min()), 3),
      "highest": round(float(known.max()), 3),
    }
  return rows


def save(out: files.PathLike, results: Sequence[dict[str, Any]]) -> None:
  """Writes the benchmark and its card.

  Arrays: `genotypes` `[n, 6]`, those of `collect`, `image_sets`, `seeds`,
  `params` `[n]`, `card` (JSON). The card also lies beside the file, as `.json`.
  """
  collected = collect(results)
  trainings = [row for result in results for row in result["trainings"]]
  seconds = sum(result["trainings"][0]["seconds"] for result in results)
  card = {
    "benchmark": "mini201",
    "space": "nb201",
    "label": "test accuracy in percent after the last epoch",
    "cells": len(results),
    "trainings": len(trainings),
    "diverged": sum(row["diverged"] is not None for row in trainings),
    "recipe": dataclasses.asdict(RECIPE),
    "skeleton": dataclasses.asdict(SKELETON),
    "train_images": mini201_images.NUM_TRAIN,
    "test_images": mini201_images.NUM_TEST,
    "seeds": list(SEEDS),
    "training_hours": round(seconds / 3600, 3),
    "noise": noise(collected["accuracy"]),
  }
  space = spaces.get_space("nb201")
  beside = files.expand(out).with_suffix(".json")
  former = replacing.has_arrays("genotypes", "card")
  replacing.check_file(out, former, "such a benchmark")
  former = replacing.has_json("benchmark", "cells")
  replacing.check_file(beside, former, "the card of such a benchmark")
  files.save_npz(
    out,
    genotypes=space.parse([result["arch"] for result in results]),
    **collected,
    image_sets=np.array(mini201_images.names()),
    seeds=np.array(SEEDS),
    params=np.array([result["params"] for result in results]),
    card=np.array(json.dumps(card)),
  )
  files.write_json(beside, card)


def build(
  images: files.PathLike,
  out: files.PathLike,
  workdir: files.PathLike,
  *,
  num_cells: int = 210,
  executor: str = "serial",
) -> None:
  """Trains what is missing and writes the benchmark.

  Args:
    images: folder of the sources, see `mini201_images`.
    out: the `.npz` to write.
    workdir: folder of the results and logs.
    num_cells: how many cells.
    executor: see `networks.evaluate`.

  Raises:
    UserError: a source is missing, or the folder holds another build.
  """
  results = evaluate(
    "nb201",
    choose_cells(num_cells),
    mini201_images.load_all(images),
    RECIPE,
    workdir,
    skeleton=SKELETON,
    seeds=SEEDS,
    shared=True,
    executor=executor,
    checkpoint_every=0,
  )
  save(out, results)


def main(arguments: Sequence[str] | None = None) -> int:
  """Runs the command line; returns the exit status."""
  return errors.exit_status(lambda: _run(arguments))


def _run(arguments: Sequence[str] | None) -> None:
  parser = command_line.Parser(
    prog="python -m nasjax.benchmarks.mini201_build",
    description=__doc__,
    formatter_class=argparse.RawDescriptionHelpFormatter,
  )
  parser.add_argument("--images", required=True, help="folder of the sources")
  parser.add_argument("--out", required=True, help="the .npz to write")
  parser.add_argument("--workdir", required=True, help="results and logs")
  parser.add_argument("--num_cells", type=int, default=210, help="of the space")
  parser.add_argument("--executor", default="serial", help="serial or ray")
  flags = parser.parse_args(arguments)
  files.check_writable(flags.out)
  build(
    flags.images,
    flags.out,
    flags.workdir,
    num_cells=flags.num_cells,
    executor=flags.executor,
  )
