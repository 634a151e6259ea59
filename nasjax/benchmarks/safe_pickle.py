"""Reads pickles by an allow-list, so that a file can never run code.

The module `pickle` calls whatever a file names. Here a file may name only what
the caller lists, and the caller maps each name to a harmless stand-in.
"""

import pickle
from collections.abc import Mapping
from typing import IO, Any

import numpy as np

from nasjax import errors

Allowed = Mapping[tuple[str, str], object]

_DAMAGED = (
  pickle.UnpicklingError,
  EOFError,
  AttributeError,
  LookupError,
  MemoryError,
  OverflowError,
  RecursionError,
  TypeError,
  ValueError,
)


class _Unpickler(pickle.Unpickler):
  """Resolves the names of a pickle in an allow-list only."""

  def __init__(self, file: IO[bytes], allowed: Allowed, source: str):
    super().__init__(file)
    self._allowed = allowed
    self._source = source

  def find_class(self, module_name: str, global_name: str) -> Any:
    if (module_name, global_name) not in self._allowed:
      raise errors.UserError(
        f"{self._source} names {module_name}.{global_name}: expected plain "
        "data; refused, nothing was run; fetch the file from its official home"
      )
    return self._allowed[module_name, global_name]


def load(
  file: IO[bytes], allowed: Allowed | None = None, source: str | None = None
) -> Any:
  """Unpickles plain data and the objects that the caller allows.

  Args:
    file: an open binary file.
    allowed: (module, name) as written in the file -> the object to use in its
      place; nothing else is ever imported or called.
    source: what to call the file in messages; its name by default.

  Raises:
    UserError: the file names anything else, or is damaged.
  """
  source = source or repr(str(getattr(file, "name", "pickle")))
  try:
    return _Unpickler(file, allowed or {}, source).load()
  except errors.UserError:
    raise
  except _DAMAGED as error:
    raise errors.UserError(
      f"{source} is not a complete pickle ({error or type(error).__name__}); "
      "fetch it again"
    ) from error


class _Dtype:
  """Stands in for `numpy.dtype`: keeps the type code and byte order."""

  def __init__(self, code: str, align: bool = False, copy: bool = False):
    del align, copy
    self.code = code
    self.order = "="

  def __setstate__(self, state: tuple) -> None:
    self.order = state[1]


def _scalar(dtype: _Dtype, data: bytes) -> float | int | bool:
  """Stands in for numpy's scalar constructor; numbers only."""
  order = "=" if dtype.order == "|" else dtype.order
  number = np.dtype(order + dtype.code)
  if number.kind not in "fiub":
    raise pickle.UnpicklingError(f"a scalar of type {number}")
  return np.frombuffer(data, number, count=1)[0].item()


def _latin1(text: str, encoding: str) -> bytes:
  """Stands in for `_codecs.encode`, by which old pickles write bytes."""
  if encoding != "latin1":
    raise pickle.UnpicklingError(f"an encoding {encoding}")
  return text.encode("latin1")


PLAIN: Allowed = {
  ("collections", "OrderedDict"): dict,
  ("numpy", "dtype"): _Dtype,
  ("numpy.core.multiarray", "scalar"): _scalar,
  ("numpy._core.multiarray", "scalar"): _scalar,
  ("_codecs", "encode"): _latin1,
}
"""Ordered dictionaries and numpy numbers, read as dict, float, int, bool."""
