"""The image sets of `mini201`: five sources and what is derived from them.

All have one size, as many images and at most ten classes, so that they can be
trained in one program. A source is an `.npz` file with `images` `[n, H, W, C]`
uint8 and `labels` `[n]`: `fashion` (Fashion-MNIST), `mnist5k` (5,000 MNIST
digits), `digits` (the 8 x 8 digits of scikit-learn), `emoji` (Twitter's emoji
in nine groups) and `tux` (the stamps of Tux Paint in eight classes).
"""

import pathlib
from collections.abc import Callable

import numpy as np

from nasjax import files
from nasjax.networks import image_sets

IMAGE_SIZE = 16
NUM_TRAIN, NUM_TEST = 1024, 700
_TOPS = (0, 2, 4, 6)  # T-shirt, pullover, coat, shirt


def load_all(folder: files.PathLike) -> list[image_sets.ImageSet]:
  """Makes the eight image sets, 16 x 16 colour images each.

  Where a source has too few images they are repeated, within the training
  part and within the test part.

  Args:
    folder: folder of the sources.

  Raises:
    UserError: a source is missing or damaged.
  """
  return [_make(files.expand(folder), name) for name in _SETS]


def names() -> tuple[str, ...]:
  """Returns the names of the image sets."""
  return tuple(_SETS)


def _make(folder: pathlib.Path, name: str) -> image_sets.ImageSet:
  source, change = _SETS[name]
  images, labels = image_sets.load(folder / f"{source}.npz", source)
  rng = np.random.default_rng(list(name.encode()))
  order = rng.permutation(len(images))
  if name == "fashion_tops":
    order = order[np.isin(labels[order], _TOPS)]
  order = order[: NUM_TRAIN + NUM_TEST]
  images = _resize(_colour(images[order]), IMAGE_SIZE)
  images, labels = change(images, rng), labels[order]
  num_test = min(NUM_TEST, max(len(order) - NUM_TRAIN, round(len(order) * 0.3)))
  small = image_sets.split(name, images, labels, num_test=num_test)
  train = np.resize(np.arange(len(small.train_labels)), NUM_TRAIN)
  test = np.resize(np.arange(num_test), NUM_TEST)
  return image_sets.ImageSet(
    name,
    small.train_images[train],
    small.train_labels[train],
    small.test_images[test],
    small.test_labels[test],
    small.num_classes,
  )


def _colour(images: np.ndarray) -> np.ndarray:
  return np.broadcast_to(images, (*images.shape[:3], 3))


def _resize(images: np.ndarray, size: int) -> np.ndarray:
  """Averages over the area of each new pixel, or interpolates linearly."""
  for axis in (1, 2):
    weights = _resize_weights(images.shape[axis], size)
    images = np.moveaxis(
      np.tensordot(images, weights, axes=(axis, 1)), -1, axis
    )
  return np.clip(np.rint(images), 0, 255).astype(np.uint8)


def _resize_weights(old: int, new: int) -> np.ndarray:
  """Weights `[new, old]` of a triangle as wide as the coarser pixels."""
  width = max(old / new, 1.0)
  centres = (np.arange(new) + 0.5) * old / new - 0.5
  distance = np.abs(np.arange(old) - centres[:, None]) / width
  weights = np.maximum(1 - distance, 0)
  return weights / weights.sum(1, keepdims=True)


def _same(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
  del rng
  return images


def _noise(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
  """Adds grey noise of standard deviation 64."""
  noise = 64 * rng.standard_normal((*images.shape[:3], 1))
  return np.clip(np.rint(images + noise), 0, 255).astype(np.uint8)


def _paint(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
  """Paints strokes in a light colour on blotches of a darker one."""
  stroke = images[..., :1] / 255
  ink = rng.uniform(120, 255, (len(images), 1, 1, 3))
  paper = rng.uniform(0, 120, (len(images), 1, 1, 3))
  blotches = rng.uniform(-60, 60, (len(images), 4, 4, 3))
  ground = paper + blotches.repeat(4, 1).repeat(4, 2)
  painted = stroke * ink + (1 - stroke) * ground
  return np.clip(np.rint(painted), 0, 255).astype(np.uint8)


_SETS: dict[str, tuple[str, Callable]] = {
  "fashion": ("fashion", _same),
  "fashion_noise": ("fashion", _noise),
  "fashion_tops": ("fashion", _same),
  "mnist": ("mnist5k", _same),
  "mnist_paint": ("mnist5k", _paint),
  "digits_noise": ("digits", _noise),
  "emoji": ("emoji", _same),
  "tux": ("tux", _same),
}
