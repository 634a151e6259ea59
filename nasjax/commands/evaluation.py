"""Images of one's own, the trainings on them, and what is printed of those."""

import dataclasses
import hashlib
import pathlib
from typing import Any

import numpy as np

from nasjax import errors, files, images
from nasjax.networks import evaluate, image_sets
from nasjax.networks.recipe import TrainingRecipe

_TEST_SHARE = 0.2
_TESTS = ("test", "val")  # the first of them that is there
_MAX_CLASSES = 100


def load(dataset: str, size: int, seed: int) -> image_sets.ImageSet:
  """Reads images as training and test images, and says in a line which.

  Splits stay as the user made them: cells are trained on `train`, and tested on
  `test`, or on `val` where there is no `test`; beside a `test`, `val` is left
  out. Without either of them a fifth is split off at random for the test.

  Args:
    dataset: path, see `nasjax.images.load_images`.
    size: every image is resized to `size` x `size`.
    seed: seed of the split.

  Raises:
    UserError: the images cannot be read, or are too few or too many.
  """
  found = images.load_images(dataset)
  if len(found.class_names) < 2:
    raise errors.UserError(
      f"--dataset {dataset!r}: expected images of at least two classes, got "
      f"{len(found.class_names)}"
    )
  name = files.expand(dataset).absolute().name
  test = next((each for each in _TESTS if each in found.splits), None)
  if found.splits and "train" not in found.splits:
    raise errors.UserError(
      f"--dataset {dataset!r}: expected images of a split train, got "
      f"{', '.join(found.splits)}; add them, or give that folder alone"
    )
  if test is not None:
    return _as_split(found, name, test, size)
  num_test = max(1, round(_TEST_SHARE * len(found.labels)))
  made = image_sets.split(
    name, found.resized(size), found.labels, num_test=num_test, seed=seed
  )
  num_train = len(made.train_labels)
  print(f"images  train {num_train}, test {num_test} split off at random")
  names = tuple(found.class_names[code] for code in np.unique(found.labels))
  return dataclasses.replace(made, class_names=names)


def _as_split(
  found: images.ImageSet, name: str, test_name: str, size: int
) -> image_sets.ImageSet:
  """Takes the splits that the user made."""
  train, test = found.split("train"), found.split(test_name)
  unused = [each for each in found.splits if each not in ("train", test_name)]
  print(
    f"images  train {len(train)}, test {len(test)} from {test_name}"
    + "".join(f", {each} {len(found.splits[each])} left out" for each in unused)
  )
  return image_sets.ImageSet(
    name,
    train.resized(size),
    train.labels,
    test.resized(size),
    test.labels,
    len(found.class_names),
    tuple(found.class_names),
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
  """Trains cells with the small skeleton, and keeps their weights.

  Finishes what a killed run began.

  Args:
    space: name of the space.
    genotypes: cells `[k, G]`.
    image_set: what they are trained and tested on.
    epochs: of each training.
    seed: seed of each training.
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
    keep_weights=True,
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


def report(
  top: list[dict[str, Any]],
  accuracies: list[float],
  workdir: files.PathLike | None = None,
) -> None:
  """Adds the trained accuracies to the rows of a report, and prints them.

  Args:
    top: rows of the best cells, best first.
    accuracies: of the first of them, percent; NaN where a training diverged.
    workdir: folder of the trainings, for the place of the weights.
  """
  print(f"{'rank':>4}  {'trained %':>9}  architecture")
  for rank, (row, accuracy) in enumerate(zip(top, accuracies, strict=False), 1):
    row["trained"] = accuracy if np.isfinite(accuracy) else None
    if workdir is not None and np.isfinite(accuracy):
      row["weights"] = str(evaluate.weights_path(workdir, row["arch"]))
    shown = f"{accuracy:.2f}" if np.isfinite(accuracy) else "diverged"
    print(f"{rank:>4}  {shown:>9}  {row['arch']}")
  if not np.isfinite(accuracies).any():
    print("winner  none: every training diverged")
    return
  best = int(np.nanargmax(accuracies))
  print(
    f"winner  rank {best + 1}: {accuracies[best]:.2f} % test accuracy, "
    f"{top[best]['arch']}"
  )
  if workdir is not None:
    print(
      f"weights {top[best]['weights']}: nasjax.networks.load(path)"
      ".predict(images)"
    )
