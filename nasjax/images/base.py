"""Image sets: images with labels, of one size or of many.

Dimensions: `n` images, `H x W` pixels, `C` channels, `K` classes.
"""

import dataclasses
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from nasjax import errors, foreign
from nasjax.images import limits, pixels


class EncodedImages(Sequence[np.ndarray]):
  """Images that lie in files and are decoded when they are asked for.

  A data set of any size can so be drawn from without reading all of it.
  """

  def __init__(self, names: Sequence[str], read: Callable[[str], np.ndarray]):
    """Starts with nothing decoded.

    Args:
      names: file names of the images.
      read: file name to pixels `[H, W, C]` uint8.
    """
    self.names = tuple(names)
    self._read = read

  def __len__(self) -> int:
    return len(self.names)

  def __getitem__(self, index):
    if isinstance(index, slice):
      return EncodedImages(self.names[index], self._read)
    return self._read(self.names[index])

  def take(self, rows: np.ndarray) -> "EncodedImages":
    """Returns some of the images, none of them decoded."""
    return EncodedImages([self.names[row] for row in rows], self._read)


Images = np.ndarray | Sequence[np.ndarray]


@dataclasses.dataclass(frozen=True, eq=False)
class ImageSet:
  """Images and the class of each.

  Attributes:
    name: what reports call it.
    images: `[n, H, W, C]` uint8, or a sequence of n arrays `[H, W, C]` uint8
      where sizes differ; C is 1 (grey) or 3 (RGB).
    labels: `[n]` int32, indices into `class_names`.
    class_names: `K` names.
    splits: names such as `train` and `test` to rows `[m]` of this set; empty
      where the format has no splits.
  """

  name: str
  images: Images
  labels: np.ndarray
  class_names: tuple[str, ...]
  splits: Mapping[str, np.ndarray] = dataclasses.field(default_factory=dict)

  def __post_init__(self):
    """Checks shapes, types and labels.

    Raises:
      UserError: something does not fit together.
    """
    if isinstance(self.images, np.ndarray):
      pixels.check(self.images, 4, self.name)
    if not len(self.images):
      raise errors.UserError(
        f"image set {self.name!r}: expected at least one image, got none"
      )
    labels = self.labels
    if labels.shape != (len(self.images),) or labels.dtype != np.int32:
      raise errors.UserError(
        f"image set {self.name!r}: expected one int32 label for each of "
        f"{len(self.images)} images, got {labels.dtype} of shape {labels.shape}"
      )
    if labels.min() < 0 or labels.max() >= len(self.class_names):
      raise errors.UserError(
        f"image set {self.name!r}: expected labels in [0, "
        f"{len(self.class_names)}), got {labels.min()} to {labels.max()}; mend "
        "the labels or the class names"
      )

  def __len__(self) -> int:
    return len(self.images)

  @property
  def num_classes(self) -> int:
    """`K`."""
    return len(self.class_names)

  def take(self, rows: np.ndarray, name: str | None = None) -> "ImageSet":
    """Returns some of the images, with all class names and no splits.

    Args:
      rows: `[m]` rows of this set.
      name: the new name; the old one by default.

    Raises:
      UserError: no row is given.
    """
    rows = np.asarray(rows)
    if isinstance(self.images, np.ndarray):
      images = self.images[rows]
    elif isinstance(self.images, EncodedImages):
      images = self.images.take(rows)
    else:
      images = [self.images[row] for row in rows]
    return ImageSet(
      name or self.name, images, self.labels[rows], self.class_names
    )

  def split(self, name: str) -> "ImageSet":
    """Returns one split, for example `train`.

    Raises:
      UserError: the set has no such split.
    """
    errors.check_name(f"split of {self.name!r}", name, self.splits)
    return self.take(self.splits[name], f"{self.name}/{name}")

  def resized(
    self, size: int, channels: int = 3, method: str = "bilinear"
  ) -> np.ndarray:
    """Resizes all images to squares; the aspect ratio is not kept.

    Args:
      size: height and width of the result.
      channels: 3, or 1 for the luminance.
      method: `bilinear` or `bicubic`, both antialiased.

    Returns:
      `[n, size, size, channels]` uint8.
    """
    return pixels.resize_all(self.images, size, channels, method)

  def per_class(self, num: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Draws images of every class, without replacement.

    Args:
      num: images of each class.
      seed: seed of the draw.

    Returns:
      Rows `[K, num]` int64 and a mask `[K, num]` bool, False where a class has
      fewer images; the row there is 0.
    """
    order = np.random.default_rng(seed).permutation(len(self))
    order = order[np.argsort(self.labels[order], kind="stable")]
    counts = np.bincount(self.labels, minlength=self.num_classes)
    places = np.arange(num)
    mask = places < counts[:, None]
    starts = np.cumsum(counts) - counts
    drawn = order[np.minimum(starts[:, None] + places, len(self) - 1)]
    return np.where(mask, drawn, 0), mask


def join(
  name: str,
  parts: Mapping[str, tuple[np.ndarray, np.ndarray]],
  class_names: Sequence[str],
) -> ImageSet:
  """Makes one set of the splits of a format.

  Args:
    name: name of the set.
    parts: split name to images `[m, H, W, C]` and labels `[m]`.
    class_names: `K` names.

  Raises:
    UserError: the images differ in size, are too large together, labels are
      out of range, or a split has no image.
  """
  for split, (images, _) in parts.items():
    if not len(images):
      raise errors.UserError(
        f"image set {name!r}: expected at least one image of the split "
        f"{split}, got none; add images, or leave the split out"
      )
  total = sum(images.nbytes for images, _ in parts.values())
  foreign.afford(name, total, limits.MAX_ARRAYS)
  shapes = {images.shape[1:] for images, _ in parts.values()}
  if len(shapes) != 1:
    raise errors.UserError(
      f"image set {name!r}: expected splits of one image size, got "
      f"{sorted(shapes)}"
    )
  ends = np.cumsum([0, *(len(labels) for _, labels in parts.values())])
  splits = {
    split: np.arange(start, end)
    for split, start, end in zip(parts, ends[:-1], ends[1:], strict=True)
  }
  images = np.concatenate([images for images, _ in parts.values()])
  labels = np.concatenate([labels for _, labels in parts.values()])
  if labels.size and not 0 <= labels.min() <= labels.max() < len(class_names):
    raise errors.UserError(
      f"image set {name!r}: expected labels in [0, {len(class_names)}), got "
      f"{labels.min()} to {labels.max()}; mend the labels or the class names"
    )
  return ImageSet(
    name, images, labels.astype(np.int32), tuple(class_names), splits
  )


def check_trained(found: ImageSet, where: str) -> None:
  """Refuses a class that only another split than `train` has.

  Args:
    found: a set, with splits or without.
    where: what messages call the file or folder.

  Raises:
    UserError: `train` has no image of a class that another split has.
  """
  if "train" not in found.splits:
    return
  trained = found.labels[found.splits["train"]]
  for split, rows in found.splits.items():
    untrained = np.setdiff1d(found.labels[rows], trained)
    if len(untrained):
      raise errors.UserError(
        f"{where}: expected images of the class "
        f"{errors.quote(found.class_names[untrained[0]])} in train too, got "
        f"some in {split} only; add them to train, or remove the class"
      )
