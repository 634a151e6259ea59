"""Image sets as numpy archives.

Arrays `images [n, H, W]` or `[n, H, W, C]` uint8 and `labels [n]`, and where
wanted `class_names [K]`, `test_images`, `test_labels`. The names of Keras'
files (`x_train`, `y_train`, `x_test`, `y_test`) are read too.
"""

import io
import zipfile

import numpy as np

from nasjax import errors, files
from nasjax.images import base, pixels, sources

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
  where = repr(str(source.path))
  arrays = _arrays(source, where)
  parts = {}
  for split, choices in _KEYS.items():
    for image_key, label_key in choices:
      if image_key in arrays and label_key in arrays:
        parts[split] = _part(arrays[image_key], arrays[label_key], where)
        break
  if "train" not in parts:
    raise errors.UserError(
      f"{where}: expected the arrays 'images' and 'labels', got "
      f"{sorted(arrays)}; rename them"
    )
  largest = max(int(labels.max(initial=0)) for _, labels in parts.values())
  names = arrays.get("class_names", np.arange(largest + 1)).reshape(-1)
  if len(parts) > 1:
    return base.join(source.stem, parts, [str(name) for name in names])
  images, labels = parts["train"]
  return base.ImageSet(
    source.stem, images, labels, tuple(str(name) for name in names)
  )


def _arrays(source: sources.Source, where: str) -> dict[str, np.ndarray]:
  content = source.read(source.path.name)
  try:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
      archive.infolist()
  except zipfile.BadZipFile as error:
    raise errors.UserError(
      f"{where} is not a complete .npz file; write it with numpy.savez"
    ) from error
  return files.read_npz(source.path)


def _part(
  images: np.ndarray, labels: np.ndarray, where: str
) -> tuple[np.ndarray, np.ndarray]:
  """Checks and completes one split."""
  images = images[..., None] if images.ndim == 3 else images
  pixels.check(images, 4, where)
  if labels.dtype.kind not in "iu" or labels.size != len(images):
    raise errors.UserError(
      f"{where}: expected one integer label for each of {len(images)} images, "
      f"got {labels.dtype} of shape {labels.shape}"
    )
  if labels.size and (labels.min() < 0 or labels.max() > 2**31 - 1):
    raise errors.UserError(
      f"{where}: expected labels 0, 1, 2, ..., got {labels.min()} to "
      f"{labels.max()}"
    )
  return images, labels.reshape(-1).astype(np.int32)
