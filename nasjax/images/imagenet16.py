"""ImageNet16-120 of NAS-Bench-201, from the pickles of downsampled ImageNet.

Chrabaszcz et al., "A downsampled variant of ImageNet as an alternative to the
CIFAR datasets", 2017; NAS-Bench-201 (Dong & Yang 2020) uses its first 120
classes at 16 x 16 pixels.
"""

import numpy as np

from nasjax import errors, foreign
from nasjax.images import base, cifar, limits, sources

NUM_CLASSES = 120
_TRAIN = tuple(f"train_data_batch_{number}" for number in range(1, 11))
_TEST = "val_data"


def detect(source: sources.Source) -> str | None:
  """Returns the prefix of the files, or None where this is another format."""
  return source.find(_TRAIN[0], _TEST)


def load(source: sources.Source, root: str) -> base.ImageSet:
  """Reads the first 120 classes; splits are `train` and `test`.

  NAS-Bench-201 halves the official validation images into a validation and a
  test set; here they are one split, `test`. Labels 1 to 120 become 0 to 119.

  Args:
    source: the files.
    root: the prefix that `detect` returned.

  Raises:
    UserError: a file is missing, damaged, or names code.
  """
  train = []
  for name in _TRAIN:
    train.append(_batch(source, root + name))
    total = sum(images.nbytes for images, _ in train)
    foreign.afford(source.path, total, limits.MAX_ARRAYS)
  parts = {
    "train": (
      np.concatenate([images for images, _ in train]),
      np.concatenate([labels for _, labels in train]),
    ),
    "test": _batch(source, root + _TEST),
  }
  if not all(len(labels) for _, labels in parts.values()):
    raise errors.UserError(
      f"{source.here}: expected images with labels 1 to {NUM_CLASSES} "
      "in both splits, got none; fetch it again"
    )
  names = [str(label) for label in range(1, NUM_CLASSES + 1)]
  return base.join("imagenet16", parts, names)


def _batch(source: sources.Source, name: str) -> tuple[np.ndarray, np.ndarray]:
  images, labels = cifar.read_batch(source, name, "labels", 16)
  kept = (labels >= 1) & (labels <= NUM_CLASSES)
  return images[kept], labels[kept] - 1
