"""Street View House Numbers, cropped digits: the official `.mat` files.

Netzer et al., "Reading digits in natural images with unsupervised feature
learning", 2011. The label 10 stands for the digit 0.
"""

import math

import numpy as np

from nasjax import errors, foreign
from nasjax.images import base, limits, matfile, sources

_FILES = {"train": "train_32x32.mat", "test": "test_32x32.mat"}


def detect(source: sources.Source) -> str | None:
  """Returns the prefix of the files, or None where this is another format."""
  for name in _FILES.values():
    root = source.find(name)
    if root is not None:
      return root
  only = source.names == (source.path.name,)
  return "" if only and source.path.suffix.lower() == ".mat" else None


def load(source: sources.Source, root: str) -> base.ImageSet:
  """Reads the splits that are there.

  Args:
    source: the files.
    root: the prefix that `detect` returned.

  Raises:
    UserError: a file is damaged or too large, or holds something else.
  """
  digits = [str(digit) for digit in range(10)]
  parts = {}
  spent = 0
  for split, name in _FILES.items():
    if root + name in source:
      parts[split] = _read(source, root + name, spent)
      spent += parts[split][0].nbytes
  if parts:
    return base.join("svhn", parts, digits)
  images, labels = _read(source, source.path.name, 0)
  return base.ImageSet(source.stem, images, labels, tuple(digits))


def _read(
  source: sources.Source, name: str, spent: int
) -> tuple[np.ndarray, np.ndarray]:
  """Reads `X [32, 32, 3, n]` and `y [n, 1]`.

  Args:
    source: the files.
    name: name of the file.
    spent: bytes of the splits that were read before.
  """
  content = source.read(name)
  kind = "a complete .mat file of version 5 with X and y"
  with foreign.reading(source.at(name), kind):
    found = matfile.variables(content)
    _check(found, source.where(name))
    num_bytes = spent + math.prod(found["X"].shape)
    foreign.afford(source.at(name), num_bytes, limits.MAX_ARRAYS)
    pixels, labels = found["X"].values(), found["y"].values().reshape(-1)
  if pixels.dtype != np.uint8:
    raise _unexpected(source.where(name), f"X stored as {pixels.dtype}")
  # A comparison with NaN is false, and of whole numbers none is rounded.
  wrong = ~((labels >= 0) & (labels <= 10) & (labels == np.floor(labels)))
  if wrong.any():
    raise _unexpected(source.where(name), f"the label {labels[wrong][0]}")
  labels = labels.astype(np.int32) % 10  # 10 stands for the digit 0
  return np.ascontiguousarray(pixels.transpose(3, 0, 1, 2)), labels


def _check(found: dict[str, matfile.Variable], where: str) -> None:
  """Checks classes and axes before anything is unpacked."""
  x, y = found.get("X"), found.get("y")
  num = x.shape[3] if x and len(x.shape) == 4 else 0
  if (
    x is None
    or y is None
    or (x.shape, x.kind) != ((32, 32, 3, num), "uint8")
    or num < 1
    or y.shape not in ((num, 1), (1, num))
    or y.kind not in matfile.NUMBERS
  ):
    shown = (f"{v.name} {list(v.shape)} {v.kind}" for v in found.values())
    raise _unexpected(where, errors.quote(", ".join(shown)))


def _unexpected(where: str, got: str) -> errors.UserError:
  return errors.UserError(
    f"{where}: expected X [32, 32, 3, n] uint8 and y [n, 1] of whole numbers "
    f"0 to 10, got {got}; give it the cropped digits (format 2) of SVHN"
  )
