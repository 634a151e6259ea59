"""Reads notations as users give them, for all spaces."""

import collections.abc
import re
from typing import Any

import numpy as np

from nasjax import errors

MAX_LENGTH = 10_000
"""Characters of one notation that are looked at; official ones have at most
about 600."""
_UNSEEN = dict.fromkeys(map(ord, "\ufeff\u200b\u200c\u200d\u2060"))
"""Byte order marks and spaces of no width, which editors and pages put in."""
_COMMENT = re.compile(r"""('[^'\n]*'|"[^"\n]*")|#[^\n]*""")
_QUOTES = ("'", '"', "`")


def as_list(archs: Any, space: str) -> list[Any]:
  """Returns architectures as a list, in their order.

  Args:
    archs: a list, tuple, array, pandas Series or another iterable.
    space: name of the space, for messages.

  Raises:
    UserError: it is one architecture alone, or has no order.
  """
  is_one = isinstance(archs, str | bytes | collections.abc.Mapping)
  if is_one or hasattr(archs, "_fields"):
    raise errors.UserError(
      f"archs of {space!r}: expected a list of architectures, got one "
      f"{type(archs).__name__} alone; put it in a list: write [arch]"
    )
  refuse_masked(archs, space)
  try:
    if isinstance(archs, set | frozenset):
      raise TypeError("it has no order")
    given = list(archs)
    refuse_masked(given, space)
    return given
  except TypeError as error:
    raise errors.UserError(
      f"archs of {space!r}: expected a list of architectures, got "
      f"{type(archs).__name__} ({error})"
    ) from error


def refuse_masked(archs: Any, space: str) -> None:
  """Refuses arrays with masked values, and lists of such arrays."""
  if isinstance(archs, np.ma.MaskedArray):
    places = np.argwhere(np.ma.getmaskarray(archs))[:1, :1].ravel().tolist()
  elif isinstance(archs, list | tuple):
    places = [at for at, arch in enumerate(archs) if hides(arch)]
  else:
    places = []
  if places:
    raise errors.UserError(
      f"archs of {space!r}: architecture {places[0]} is masked; drop it"
    )


def hides(value: Any, depth: int = 2) -> bool:
  """Says whether an array has masked entries, or one in a list of arrays."""
  if isinstance(value, np.ma.MaskedArray):
    return bool(np.ma.getmaskarray(value).any())
  if not depth or not isinstance(value, list | tuple):
    return False
  return any(hides(each, depth - 1) for each in value)


def whole_numbers(values: Any, what: str) -> np.ndarray:
  """Returns an array of integers, booleans or whole floating-point numbers.

  Raises:
    UserError: it holds other values, or masked ones.
  """
  array = None if hides(values) else np.asarray(values)
  if array is None or array.dtype.kind not in "biuf":
    got = "masked entries" if array is None else str(array.dtype)
    raise errors.UserError(f"{what}: expected whole numbers, got {got}")
  is_whole = array.dtype.kind != "f" or array == np.floor(array)
  bad = array[~np.broadcast_to(is_whole, array.shape)]
  if bad.size:
    raise errors.UserError(f"{what}: expected whole numbers, got {bad[0]}")
  return array


def strip(text: str, where: str) -> str:
  """Removes what carries no meaning from a notation.

  Removed are white space and quotes around it, comments from `#` to the end
  of a line, and invisible characters.

  Args:
    text: what the user gave.
    where: how messages call it.

  Raises:
    UserError: it is longer than any notation is.
  """
  if len(text) > MAX_LENGTH:
    raise errors.UserError(
      f"{where}: expected a notation of at most {MAX_LENGTH} characters, got "
      f"{errors.quote(text)}"
    )
  text = text.translate(_UNSEEN).strip()
  if len(text) > 1 and text[0] in _QUOTES and text[-1] == text[0]:
    text = text[1:-1]
  return _COMMENT.sub(lambda found: found[1] or "", text).strip()
