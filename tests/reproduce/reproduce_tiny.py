"""Recipes, features and a table small enough for tests of the command."""

import dataclasses
import functools

import numpy as np
import tiny

import nasjax
from nasjax.commands import reproduce
from nasjax.commands import reproduce_run as command

SPACE = nasjax.get_space("nb201")
DATASETS = ("cifar10", "cifar100", "imagenet16")
MODEL = tiny.LIGHT


def recipe(method, space, num_train):
  """A stand-in for the recipes: tiny models, two epochs."""
  del space, num_train
  return tiny.config(
    epochs=2,
    batch_size=10,
    checkpoint_every=2,
    **MODEL,
    **{"model.head_width": 4 + len(method)},
  )


def features(space, genotypes, with_paths=False):
  """Counts of every operation, `[n, 5]`; twice where `with_paths`."""
  assert space is SPACE
  counts = [(genotypes == code).sum(axis=1) for code in range(5)]
  found = np.stack(counts, axis=1).astype(np.float32)
  return np.tile(found, (1, 2)) if with_paths else found


def write_table(folder, num=60):
  """Writes an `nb201` table of `num` cells whose labels are additive."""
  cells = np.unique(SPACE.sample(2 * num, np.random.default_rng(3)), axis=0)
  cells = cells[:num].astype(np.int64)
  weights = np.array([0.0, 1.0, 2.0, 3.0, 1.5])
  value = 30 + weights[cells] @ np.arange(1, 7)
  columns = {"ops": cells.astype(np.int8)}
  for shift, dataset in enumerate(DATASETS):
    columns[f"val200_{dataset}"] = value - 10 * shift
    for name in ("test200_mean", "test200_oneseed", "test12_oneseed"):
      columns[f"{name}_{dataset}"] = value - 10 * shift + 1
  np.savez(folder / "nb201_full.npz", **columns)


def run(*words):
  """Runs the command with the stand-ins; returns the exit status."""
  work = functools.partial(command.run, recipe=recipe, features=features)
  tiny_command = dataclasses.replace(reproduce.COMMAND, run=work)
  return tiny_command.main(["reproduce", *words])
