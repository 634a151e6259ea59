"""Compares real trainings on images that a model chooses with random ones.

  python benchmark/trainings_on_images.py --dataset IMAGES [--trainings 20]
    [--epochs 3] [--image_size 16] [--seeds 3] [--workdir DIR]

Every seed trains as many cells of NAS-Bench-201 with `nasjax evaluate
--strategy model` and at random, with the same images, epochs and seeds of the
trainings. The test accuracy after the last epoch of the best cell so far is
compared. A cell of both is trained once. The same command resumes.
"""

import argparse
import json
import pathlib

import machine
import numpy as np

import nasjax
from nasjax.commands import evaluate, evaluation
from nasjax.search import base

SPACE = "nb201"
_POINTS = (5, 10, 15, 20, 30, 50, 100)


def chosen(args: argparse.Namespace, seed: int, folder: pathlib.Path):
  """Test accuracies in the order in which the model asked for cells."""
  out = folder / f"model-{seed}.json"
  words = ["evaluate", "--space", SPACE, "--dataset", args.dataset]
  words += ["--strategy", "model", "--trainings", str(args.trainings)]
  words += ["--epochs", str(args.epochs), "--image_size", str(args.image_size)]
  words += ["--seed", str(seed), "--out", str(out)]
  status = evaluate.main([*words, "--workdir", str(folder / str(seed))])
  assert status == 0, f"expected exit status 0, got {status}"
  rows = json.loads(out.read_text())["trainings"]
  return [row["trained"] for row in rows]


def drawn(args: argparse.Namespace, seed: int, folder: pathlib.Path):
  """Test accuracies of random distinct cells."""
  space = nasjax.get_space(SPACE)
  rng = np.random.default_rng(seed)
  cells = base.sample_distinct(space, args.trainings, rng)
  images = evaluation.load(args.dataset, args.image_size, seed)
  return evaluation.train_best(
    SPACE, cells, images, args.epochs, seed, folder / str(seed)
  )


def main(args: argparse.Namespace) -> None:
  """Trains with every seed, and prints the best so far."""
  folder = pathlib.Path(args.workdir)
  folder.mkdir(parents=True, exist_ok=True)
  found = {"model": [], "random": []}
  for seed in range(args.seeds):
    found["model"].append(chosen(args, seed, folder))
    found["random"].append(drawn(args, seed, folder))
  points = [p for p in _POINTS if p < args.trainings] + [args.trainings]
  print(f"{'best after':<10}", *(f"{point:>16}" for point in points))
  for name, runs in found.items():
    values = np.array(runs, float)  # a training that diverged is NaN
    best = np.maximum.accumulate(np.nan_to_num(values, nan=-np.inf), axis=1)
    at = best[:, [point - 1 for point in points]]
    cells = zip(at.mean(axis=0), at.std(axis=0), strict=True)
    print(f"{name:<10}", *(f"{m:>8.2f} +- {s:.2f}" for m, s in cells))
  facts = {"dataset": pathlib.Path(args.dataset).name, "epochs": args.epochs}
  machine.finish({**facts, "accuracies": found}, args.out)


if __name__ == "__main__":
  parser = argparse.ArgumentParser(description=__doc__)
  parser.add_argument("--dataset", required=True)
  parser.add_argument("--trainings", type=int, default=20)
  parser.add_argument("--epochs", type=int, default=3)
  parser.add_argument("--image_size", type=int, default=16)
  parser.add_argument("--seeds", type=int, default=3)
  parser.add_argument("--workdir", default="runs/trainings_on_images")
  machine.run(parser, main)
