"""What all spaces do with the notations that users give them."""

import collections.abc
from typing import Any

import numpy as np

from nasjax import errors

MAX_LENGTH = 10_000
"""Characters of one notation that are looked at; official ones have at most
about 600."""
_MARK = "\ufeff"  # byte order mark, which some editors put before a text


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
    return list(archs)
  except TypeError as error:
    raise errors.UserError(
      f"archs of {space!r}: expected a list of architectures, got "
      f"{type(archs).__name__} ({error})"
    ) from error


def refuse_masked(archs: Any, space: str) -> None:
  """Refuses arrays that hide some of their values."""
  if isinstance(archs, np.ma.MaskedArray) and np.ma.getmaskarray(archs).any():
    place = np.argwhere(np.ma.getmaskarray(archs))[0]
    raise errors.UserError(
      f"archs of {space!r}: architecture {place[0]} is masked; drop it"
    )


def strip(text: str, where: str) -> str:
  """Returns a notation without white space around it.

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
  return text.strip().strip(_MARK).strip()
