"""Architectures as users give them: genotypes or notations."""

import numbers
from typing import Any

import jax
import numpy as np

from nasjax import errors
from nasjax.spaces import base, notations


def as_genotypes(space: base.Space, archs: Any) -> np.ndarray:
  """Reads genotypes or official notations; returns `[n, G]` int8.

  Args:
    space: the space of the architectures.
    archs: genotypes, as an array `[n, G]` or a list of `n` rows, or a list,
      array or pandas Series of `n` notations; they count by their position.

  Raises:
    UserError: a cell is malformed or not of the space.
  """
  is_array = isinstance(archs, (np.ndarray, jax.Array))
  if is_array and archs.dtype.kind not in "OSU":
    return space.check(archs)
  given = notations.as_list(archs, space.name)
  rows = [_is_genotype(arch) for arch in given]
  if not any(rows):
    return space.parse(given)
  if not all(rows):
    raise errors.UserError(
      "architectures: expected all as notations or all as genotypes, got a "
      f"genotype at {rows.index(True)} and none at {rows.index(False)}"
    )
  return space.check(given)


def _is_genotype(arch: Any) -> bool:
  """Says whether an entry of a list is a row of numbers."""
  if isinstance(arch, np.ndarray | jax.Array):
    return arch.ndim == 1 and arch.dtype.kind not in "OSU"
  is_row = isinstance(arch, list | tuple) and len(arch) > 2
  return is_row and all(isinstance(each, numbers.Real) for each in arch)
