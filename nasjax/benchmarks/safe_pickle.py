"""Reads pickles by an allow-list, so that a file can never run code.

The module `pickle` calls whatever a file names. Here a file may name only what
the caller lists, and the caller maps each name to a harmless stand-in.
"""

import pickle
from collections.abc import Callable, Mapping
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

  def __init__(
    self,
    file: IO[bytes],
    allowed: Allowed,
    source: str,
    encoding: str,
    resolve: Callable[[Any], Any] | None,
  ):
    super().__init__(file, encoding=encoding)
    self._allowed = allowed
    self._source = source
    self._resolve = resolve

  def persistent_load(self, pid: Any) -> Any:
    if self._resolve is None:
      raise pickle.UnpicklingError("a persistent id")
    return self._resolve(pid)

  def find_class(self, module_name: str, global_name: str) -> Any:
    if (module_name, global_name) not in self._allowed:
      raise errors.UserError(
        f"{self._source} names {module_name}.{global_name}: expected plain "
        "data; refused, nothing was run; fetch the file from its official home"
      )
    return self._allowed[module_name, global_name]


def load(
  file: IO[bytes],
  allowed: Allowed | None = None,
  source: str | None = None,
  *,
  encoding: str = "ASCII",
  resolve: Callable[[Any], Any] | None = None,
) -> Any:
  """Unpickles plain data and the objects that the caller allows.

  Args:
    file: an open binary file.
    allowed: (module, name) as written in the file -> the object to use in its
      place; nothing else is ever imported or called.
    source: what to call the file in messages; its name by default.
    encoding: how strings of Python 2 are read; `latin1` keeps their bytes.
    resolve: called with each persistent id; none is accepted by default.

  Raises:
    UserError: the file names anything else, or is damaged.
  """
  source = source or repr(str(getattr(file, "name", "pickle")))
  try:
    unpickler = _Unpickler(file, allowed or {}, source, encoding, resolve)
    return unpickler.load()
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

  def number(self) -> np.dtype:
    """Returns the real type, if it is one of numbers."""
    order = "=" if self.order == "|" else self.order
    number = np.dtype(order + self.code)
    if number.kind not in "fiub":
      raise pickle.UnpicklingError(f"numbers of type {number}")
    return number


def _scalar(dtype: _Dtype, data: bytes) -> float | int | bool:
  """Stands in for numpy's scalar constructor; numbers only."""
  return np.frombuffer(data, dtype.number(), count=1)[0].item()


class _Array:
  """Stands in for `numpy.ndarray`; numbers only."""

  def __init__(self, *_):
    self.array: np.ndarray | None = None

  def __setstate__(self, state: tuple) -> None:
    _, shape, dtype, fortran, data = state
    content = data.encode("latin1") if isinstance(data, str) else data
    flat = np.frombuffer(content, dtype.number())
    self.array = flat.reshape(shape, order="F" if fortran else "C")


def _from_buffer(data: bytes, dtype: _Dtype, shape: tuple, order: str):
  """Stands in for the constructor of arrays in pickles of protocol 5."""
  array = _Array()
  array.__setstate__((1, shape, dtype, order == "F", data))
  return array


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

ARRAYS: Allowed = {
  **PLAIN,
  ("numpy", "ndarray"): _Array,
  **{
    (f"{module}.{name}", function): stand_in
    for module in ("numpy.core", "numpy._core")
    for name, function, stand_in in (
      ("multiarray", "_reconstruct", _Array),
      ("numeric", "_frombuffer", _from_buffer),
    )
  },
}
"""What `PLAIN` allows, and arrays of numbers; see `load_arrays`."""


def load_arrays(
  file: IO[bytes], source: str | None = None, *, encoding: str = "latin1"
) -> Any:
  """Unpickles plain data with arrays of numbers in it.

  Args:
    file: an open binary file.
    source: what to call the file in messages; its name by default.
    encoding: how strings of Python 2 are read.

  Returns:
    The data, its lists, tuples and dictionaries copied; arrays are read-only.

  Raises:
    UserError: the file names anything else, or is damaged.
  """
  source = source or repr(str(getattr(file, "name", "pickle")))
  content = load(file, ARRAYS, source, encoding=encoding)
  try:
    return _unwrap(content)
  except _DAMAGED as error:
    raise errors.UserError(
      f"{source} is not plain data with arrays ({error}); fetch it again"
    ) from error


def _unwrap(value: Any) -> Any:
  """Replaces the stand-ins of arrays in nested plain data."""
  if isinstance(value, _Array):
    if value.array is None:
      raise ValueError("an array without content")
    return value.array
  if isinstance(value, dict):
    return {key: _unwrap(item) for key, item in value.items()}
  if isinstance(value, (list, tuple)):
    return type(value)(_unwrap(item) for item in value)
  return value
