"""Image sets as numpy archives.

Arrays `images [n, H, W]` or `[n, H, W, C]` uint8 and `labels [n]`, and where
wanted `class_names [K]`, `test_images`, `test_labels`, `val_images` and
`val_labels`. The names of Keras' files (`x_train`, `y_train`, `x_test`,
`y_test`, and `x_val`, `y_val`) are read too.
"""

import collections
from collections.abc import Iterable

import numpy as np

from nasjax import errors, files, foreign
from nasjax.images import base, class_ids, pixels, sources

_KEYS = {
  "train": (("images", "labels"), ("x_train", "y_train")),
  "val": (("val_images", "val_labels"), ("x_val", "y_val")),
  "test": (("test_images", "test_labels"), ("x_test", "y_test")),
}


def detect(source: sources.Source) -> str | None:
  """Returns an empty prefix where the source is a `.npz` file, else None."""
  only = source.names == (source.path.name,)
  return "" if only and source.path.suffix.lower() == ".npz" else None


def load(source: sources.Source, root: str) -> base.ImageSet:
  """Reads a numpy archive.

  Args:
    source: the file.
    root: an empty prefix.

  Raises:
    UserError: the file is damaged, or arrays are missing or of wrong types.
  """
  del root
  where = source.here
  arrays = files.read_npz(source.path)
  parts = {}
  for split, choices in _KEYS.items():
    for image_key, label_key in choices:
      present = (image_key in arrays) + (label_key in arrays)
      if present == 1 or (present and split in parts):
        raise _unclear(where, arrays)
      if present:
        parts[split] = _part(arrays[image_key], arrays[label_key], where)
  if "train" not in parts:
    raise _unclear(where, arrays)
  if "class_names" in arrays:
    names = _names(arrays["class_names"], where)
  else:
    codes, names = class_ids.number([part[1] for part in parts.values()], where)
    parts = {
      split: (images, labels)
      for (split, (images, _)), labels in zip(parts.items(), codes, strict=True)
    }
  if len(parts) > 1:
    return base.join(source.stem, parts, names)
  images, labels = parts["train"]
  return base.ImageSet(source.stem, images, labels.astype(np.int32), names)


def _unclear(where: str, arrays: Iterable[str]) -> errors.UserError:
  return errors.UserError(
    f"{where}: expected the arrays 'images' and 'labels', and where wanted "
    "'test_images' and 'test_labels', 'val_images' and 'val_labels', each "
    f"under one name, got {errors.quote(sorted(arrays))}; rename them"
  )


def _names(names: np.ndarray, where: str) -> tuple[str, ...]:
  if names.size > class_ids.MAX_CLASSES:
    raise errors.UserError(
      f"{where}: expected at most {class_ids.MAX_CLASSES} class_names, got "
      f"{names.size}"
    )
  if names.ndim != 1 or names.dtype.kind not in "USiu":
    raise errors.UserError(
      f"{where}: expected class_names [K] of text, got {names.dtype} of shape "
      f"{names.shape}; save a list of names"
    )
  if names.dtype.kind == "S":
    with foreign.reading(where, "a .npz file with UTF-8 class_names"):
      names = np.char.decode(names, "utf-8")
  shown = tuple(str(name) for name in names)
  counts = collections.Counter(shown)
  twice = next((name for name in counts if counts[name] > 1), None)
  if twice is not None:
    raise errors.UserError(
      f"{where}: expected each of class_names once, got {errors.quote(twice)} "
      f"{counts[twice]} times; rename classes, or merge their labels"
    )
  return shown


def _part(
  images: np.ndarray, labels: np.ndarray, where: str
) -> tuple[np.ndarray, np.ndarray]:
  """Checks and completes one split."""
  images = images[..., None] if images.ndim == 3 else images
  pixels.check(images, 4, where)
  return images, class_ids.check(labels, len(images), where)
