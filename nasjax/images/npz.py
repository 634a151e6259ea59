"""Image sets as numpy archives.

Arrays `images [n, H, W]` or `[n, H, W, C]` uint8 and `labels [n]`, and where
wanted `class_names [K]`, `test_images`, `test_labels`. The names of Keras'
files (`x_train`, `y_train`, `x_test`, `y_test`) are read too.
"""

import numpy as np

from nasjax import errors, files
from nasjax.images import base, class_ids, pixels, sources

EXPECTED = "a .npz file with images [n, H, W, C] uint8 and labels [n]"
_KEYS = {
  "train": (("images", "labels"), ("x_train", "y_train")),
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
      if image_key in arrays and label_key in arrays:
        parts[split] = _part(arrays[image_key], arrays[label_key], where)
        break
  if "train" not in parts:
    raise errors.UserError(
      f"{where}: expected the arrays 'images' and 'labels', got "
      f"{errors.quote(sorted(arrays))}; rename them"
    )
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


def _names(names: np.ndarray, where: str) -> tuple[str, ...]:
  if names.size > class_ids.MAX_CLASSES:
    raise errors.UserError(
      f"{where}: expected at most {class_ids.MAX_CLASSES} class_names, got "
      f"{names.size}"
    )
  return tuple(str(name) for name in names.reshape(-1))


def _part(
  images: np.ndarray, labels: np.ndarray, where: str
) -> tuple[np.ndarray, np.ndarray]:
  """Checks and completes one split."""
  images = images[..., None] if images.ndim == 3 else images
  pixels.check(images, 4, where)
  return images, class_ids.check(labels, len(images), where)
