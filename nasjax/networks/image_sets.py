"""Labelled images for training, and stacks of equally large sets."""

import dataclasses
import hashlib
from collections.abc import Sequence

import numpy as np

from nasjax import errors, files


@dataclasses.dataclass(frozen=True)
class ImageSet:
  """Images of one data set, split for training and test.

  Attributes:
    name: what results call it.
    train_images: `[n, H, W, C]` uint8.
    train_labels: `[n]` integers below `num_classes`.
    test_images: `[m, H, W, C]` uint8.
    test_labels: `[m]`.
    num_classes: number of classes.
    class_names: their names, where they have some; no part of the digest.
  """

  name: str
  train_images: np.ndarray
  train_labels: np.ndarray
  test_images: np.ndarray
  test_labels: np.ndarray
  num_classes: int
  class_names: tuple[str, ...] = ()

  def __post_init__(self):
    """Checks shapes, types and labels.

    Raises:
      UserError: an array has another form than said above.
    """
    parts = (
      ("train", self.train_images, self.train_labels),
      ("test", self.test_images, self.test_labels),
    )
    for part, images, labels in parts:
      where = f"image set {self.name!r}, {part}"
      if images.ndim != 4 or images.dtype != np.uint8 or not len(images):
        raise errors.UserError(
          f"{where}: expected uint8 images [n, H, W, C] with n > 0, got "
          f"{images.dtype} {list(images.shape)}"
        )
      if labels.shape != images.shape[:1] or labels.dtype.kind not in "iu":
        raise errors.UserError(
          f"{where}: expected one label for each of {len(images)} images, an "
          f"integer, got {labels.dtype} labels of shape {list(labels.shape)}"
        )
      if labels.min() < 0 or labels.max() >= self.num_classes:
        raise errors.UserError(
          f"{where}: expected labels in 0 .. {self.num_classes - 1}, got "
          f"{labels.min()} .. {labels.max()}"
        )
    if self.train_images.shape[1:] != self.test_images.shape[1:]:
      raise errors.UserError(
        f"image set {self.name!r}: expected training and test images of one "
        f"size, got {list(self.train_images.shape[1:])} and "
        f"{list(self.test_images.shape[1:])}; resize them"
      )

  def digest(self) -> str:
    """Returns a hash of images and labels, 16 hex digits."""
    digest = hashlib.sha256(f"{self.num_classes}".encode())
    for images, labels in (
      (self.train_images, self.train_labels),
      (self.test_images, self.test_labels),
    ):
      digest.update(f"{images.shape}".encode())
      digest.update(np.ascontiguousarray(images).tobytes())
      digest.update(np.asarray(labels, np.int32).tobytes())
    return digest.hexdigest()[:16]


def split(
  name: str,
  images: np.ndarray,
  labels: np.ndarray,
  *,
  num_test: int,
  num_train: int | None = None,
  seed: int = 0,
) -> ImageSet:
  """Splits labelled images at random; labels are renumbered from 0.

  Args:
    name: what results call the set.
    images: `[n, H, W, C]` uint8.
    labels: `[n]` integers.
    num_test: images of the test part.
    num_train: images of the training part; by default all others.
    seed: seed of the split.

  Raises:
    UserError: there are too few images.
  """
  num_train = len(images) - num_test if num_train is None else num_train
  if num_train < 1 or num_test < 1 or num_train + num_test > len(images):
    raise errors.UserError(
      f"image set {name!r}: expected at least {max(num_train, 1)} + {num_test} "
      f"images to split, got {len(images)}; ask for fewer"
    )
  order = np.random.default_rng(seed).permutation(len(images))
  test, train = order[:num_test], order[num_test : num_test + num_train]
  classes, codes = np.unique(labels, return_inverse=True)
  codes = codes.astype(np.int32)
  return ImageSet(
    name, images[train], codes[train], images[test], codes[test], len(classes)
  )


def load(path: files.PathLike, name: str) -> tuple[np.ndarray, np.ndarray]:
  """Reads `images` `[n, H, W, C]` uint8 and `labels` `[n]` of a `.npz`.

  Raises:
    UserError: the file is missing or damaged, lacks one of them, or labels
      are no integers of 32 bits.
  """
  arrays = files.read_npz(path)
  for key in ("images", "labels"):
    if key not in arrays:
      raise errors.UserError(
        f"{errors.quote(str(path))}: expected arrays images and labels, got "
        f"{errors.quote(', '.join(arrays))} (image set {name!r})"
      )
  labels = arrays["labels"]
  narrow = labels.astype(np.int32) if labels.dtype.kind in "iu" else None
  if narrow is None or (narrow != labels).any():
    raise errors.UserError(
      f"{errors.quote(str(path))}: expected integer labels of at most 32 bits, "
      f"got {labels.dtype} (image set {name!r})"
    )
  return arrays["images"], narrow


def check_equal_shapes(image_sets: Sequence[ImageSet]) -> None:
  """Checks that the sets can be trained in one program.

  Raises:
    UserError: there is none, or numbers or sizes of images differ.
  """
  if not image_sets:
    raise errors.UserError("image sets: expected at least one, got none")
  first = image_sets[0]
  for other in image_sets[1:]:
    for part in ("train_images", "test_images"):
      expected, got = getattr(first, part).shape, getattr(other, part).shape
      if expected != got:
        raise errors.UserError(
          f"image sets trained together: expected {part} of shape "
          f"{list(expected)} as {first.name!r} has, got {list(got)} in "
          f"{other.name!r}; cut or resize them"
        )
