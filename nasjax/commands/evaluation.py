"""`search.py --evaluate K`: the best cells are trained on one's own images."""

import dataclasses
import hashlib
import pathlib
from typing import Any

import numpy as np

from nasjax import errors, files, images
from nasjax.networks import evaluate, image_sets
from nasjax.networks.recipe import TrainingRecipe

_TEST_SHARE = 0.2
_MAX_CLASSES = 100


def load(dataset: str, size: int, seed: int) -> image_sets.ImageSet:
  """Reads images, and splits off a fifth for the test where nobody did.

  Args:
    dataset: path, see `nasjax.images.load_images`.
    size: every image is resized to `size` x `size`.
    seed: of the split.

  Raises:
    UserError: the images cannot be read, or are too few.
  """
  found = images.load_images(dataset)
  if len(found.class_names) < 2:
    raise errors.UserError(
      f"--dataset {dataset!r}: expected images of at least two classes, got "
      f"{len(found.class_names)}"
    )
  name = pathlib.Path(dataset).name
  if {"train", "test"} <= set(found.splits):
    train, test = found.split("train"), found.split("test")
    return image_sets.ImageSet(
      name,
      train.resized(size),
      train.labels,
      test.resized(size),
      test.labels,
      len(found.class_names),
    )
  return image_sets.split(
    name,
    found.resized(size),
    found.labels,
    num_test=max(1, round(_TEST_SHARE * len(found.labels))),
    seed=seed,
  )


def embed(image_set: image_sets.ImageSet, seed: int) -> images.ClassEmbeddings:
  """Embeds training images, at the size at which networks will see them.

  Of more than a hundred classes a hundred are drawn.

  Raises:
    UserError: the weights of the encoder are not installed.
  """
  return images.embed_arrays(
    image_set.train_images,
    image_set.train_labels,
    seed=seed,
    max_classes=_MAX_CLASSES,
  )


def train_best(
  space: str,
  genotypes: np.ndarray,
  image_set: image_sets.ImageSet,
  epochs: int,
  seed: int,
  workdir: files.PathLike,
) -> list[float]:
  """Trains cells with the small skeleton; finishes what a killed run began.

  Args:
    space: name of the space.
    genotypes: cells `[k, G]`.
    image_set: what they are trained and tested on.
    epochs: of each training.
    seed: of each training.
    workdir: folder of results, logs and checkpoints.

  Returns:
    Test accuracy after the last epoch, percent, `[k]`; NaN where it diverged.
  """
  recipe = TrainingRecipe.preset("small", epochs=epochs)
  size = min(recipe.batch_size, len(image_set.train_images))
  results = evaluate.evaluate(
    space,
    genotypes,
    image_set,
    dataclasses.replace(recipe, batch_size=size),
    workdir,
    seeds=(seed,),
    shared=space == "nb201",
  )
  finals = [each["trainings"][0]["final"] for each in results]
  return [float("nan") if final is None else final for final in finals]


def folder(
  space: str, image_set: image_sets.ImageSet, epochs: int, seed: int
) -> pathlib.Path:
  """The folder that one search's trainings share: `runs/evaluate-...`."""
  words = f"{image_set.digest()} {epochs} {seed}"
  digest = hashlib.sha256(words.encode()).hexdigest()[:8]
  return pathlib.Path("runs") / f"evaluate-{space}-{image_set.name}-{digest}"


def report(top: list[dict[str, Any]], accuracies: list[float]) -> None:
  """Adds the trained accuracies to the rows of a report, and prints them."""
  print(f"{'rank':>4}  {'trained':>8}  architecture")
  for rank, (row, accuracy) in enumerate(zip(top, accuracies, strict=False), 1):
    row["trained"] = accuracy if np.isfinite(accuracy) else None
    shown = f"{accuracy:.2f}" if np.isfinite(accuracy) else "diverged"
    print(f"{rank:>4}  {shown:>8}  {row['arch']}")
  if not np.isfinite(accuracies).any():
    print("winner  none: every training diverged")
    return
  best = int(np.nanargmax(accuracies))
  print(
    f"winner  rank {best + 1}: {accuracies[best]:.2f} % test accuracy, "
    f"{top[best]['arch']}"
  )
