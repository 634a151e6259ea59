"""Street View House Numbers, cropped digits: the official `.mat` files.

Netzer et al., "Reading digits in natural images with unsupervised feature
learning", 2011. The label 10 stands for the digit 0.
"""

import io
import warnings

import numpy as np
import scipy.io

from nasjax import errors
from nasjax.images import base, sources

EXPECTED = "SVHN: train_32x32.mat and test_32x32.mat, or one of them"
_FILES = {"train": "train_32x32.mat", "test": "test_32x32.mat"}
_MAX_IMAGES = 1_000_000


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
    UserError: a file is damaged, or holds something else.
  """
  digits = [str(digit) for digit in range(10)]
  parts = {
    split: _read(source, root + name)
    for split, name in _FILES.items()
    if root + name in source
  }
  if parts:
    return base.join("svhn", parts, digits)
  images, labels = _read(source, source.path.name)
  return base.ImageSet(source.stem, images, labels, tuple(digits))


def _read(source: sources.Source, name: str) -> tuple[np.ndarray, np.ndarray]:
  """Reads `X [32, 32, 3, n]` and `y [n, 1]`."""
  where, content = source.where(name), source.read(name)
  try:
    with warnings.catch_warnings():
      warnings.simplefilter("ignore")
      found = {
        key: (shape, kind)
        for key, shape, kind in scipy.io.whosmat(io.BytesIO(content))
      }
      _check(found, where)
      arrays = scipy.io.loadmat(io.BytesIO(content), variable_names=("X", "y"))
  except errors.UserError:
    raise
  except Exception as error:  # the reader raises many types on damage
    raise errors.UserError(
      f"{where} is not a complete .mat file of version 5 "
      f"({error or type(error).__name__}); fetch it again"
    ) from error
  images = np.ascontiguousarray(arrays["X"].transpose(3, 0, 1, 2))
  labels = arrays["y"].reshape(-1).astype(np.int32)
  labels[labels == 10] = 0
  return images, labels


def _check(found: dict[str, tuple], where: str) -> None:
  """Checks types and shapes before anything is unpacked."""
  shape, kind = found.get("X", ((), ""))
  num = shape[3] if len(shape) == 4 else -1
  label_shape = found.get("y", ((), ""))[0]
  if (
    shape[:3] != (32, 32, 3)
    or kind != "uint8"
    or not 0 < num <= _MAX_IMAGES
    or label_shape not in ((num, 1), (1, num))
  ):
    raise errors.UserError(
      f"{where}: expected X [32, 32, 3, n] uint8 and y [n, 1], got {found}; "
      "give it the cropped digits (format 2) of SVHN"
    )
