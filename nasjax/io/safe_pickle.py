"""Reads pickles by an allow-list, so that a file can never run code.

The module `pickle` calls whatever a file names. Here a file may name only what
the caller lists, and the caller maps each name to a harmless stand-in. Memory
and time are bounded (`pickle_machine.py`), and so is what a caller meets who
walks through the data: references to one object count as often as they are met.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import IO, Any

import numpy as np

from nasjax import errors, foreign
from nasjax.io import pickle_machine, pickled_tree, unpickler

Allowed = Mapping[tuple[str, str], object]

MAX_BYTES = 1 << 29
"""Memory that a small pickle may take, bytes (512 MiB)."""

MAX_FACTOR = 16
"""How many times its own size a large pickle may take."""

_MAX_TUPLES = 1000  # keys whose hashes may all be one
_NUMBERS = re.compile("[fiub][1248]|f16")


def load(
  file: IO[bytes],
  allowed: Allowed | None = None,
  source: str | None = None,
  *,
  encoding: str = "ASCII",
  resolve: Callable[[Any], Any] | None = None,
  size: int = -1,
) -> Any:
  """Unpickles plain data and the objects that the caller allows.

  Data may be nested 100 deep and hold references to shared lists, but not so
  many that the tree of all references has 1,048,576 nodes more than the file
  has bytes, and none to itself. Sets are no plain data.

  Args:
    file: an open binary file; it is left behind the end of the pickle.
    allowed: (module, name) as written in the file -> the object to use in its
      place; nothing else is ever imported or called. What it makes of its
      arguments must be no larger than they are. An object that may get a state
      has a method `__setstate__`.
    source: what to call the file in messages; its name by default.
    encoding: how strings of Python 2 are read; `latin1` keeps their bytes.
    resolve: called with each persistent id; none is accepted by default.
    size: bytes of the file that the pickle may have; the rest by default.

  Raises:
    UserError: the file names anything else, is damaged, or takes more than
      `MAX_BYTES` and `MAX_FACTOR` times its size.
  """
  source = source or str(getattr(file, "name", "pickle"))

  def refuse(module: str, name: str) -> errors.UserError:
    found = errors.quote(f"{module}.{name}").replace("'", "")
    return errors.UserError(
      f"{foreign.name_of(source)} names {found}: expected plain data; refused, "
      "nothing was run; fetch the file from its official home"
    )

  with foreign.reading(source, "a complete pickle"):
    start = file.tell()
    content = file.read(size)
    machine = pickle_machine.Machine(
      content,
      allowed or {},
      refuse,
      resolve,
      encoding,
      max(MAX_BYTES, MAX_FACTOR * len(content)),
    )
    value = unpickler.load(machine)
    pickled_tree.check(value, machine.at)
    file.seek(start + machine.at)
  return value


class _Dtype:
  """Stands in for `numpy.dtype`: keeps the type code and byte order."""

  __slots__ = ("code", "order")

  def __init__(self, code: str, align: bool = False, copy: bool = False):
    del align, copy
    self.code = code
    self.order = "="

  def __setstate__(self, state: tuple) -> None:
    self.order = state[1]

  def number(self) -> np.dtype:
    """Returns the real type, if it is one of numbers."""
    code = self.code if type(self.code) is str else ""
    if not _NUMBERS.fullmatch(code) or self.order not in tuple("=<>|"):
      raise ValueError(f"numbers of type {code[:20]!r}")
    return np.dtype(("=" if self.order == "|" else self.order) + code)


def _scalar(dtype: _Dtype, data: bytes | str) -> float | int | bool:
  """Stands in for numpy's scalar constructor; numbers only."""
  number = dtype.number()
  content = data.encode("latin1") if isinstance(data, str) else data
  if len(content) != number.itemsize:
    raise ValueError(f"a number of {len(content)} bytes")
  return np.frombuffer(content, number, count=1)[0].item()


class _Array:
  """Stands in for `numpy.ndarray`; numbers only."""

  __slots__ = ("array",)

  def __init__(self, *_):
    self.array: np.ndarray | None = None

  @property
  def nbytes(self) -> int:
    """Memory of the numbers, bytes."""
    return 0 if self.array is None else self.array.nbytes

  def __setstate__(self, state: tuple) -> None:
    _, shape, dtype, fortran, data = state
    if type(shape) is not tuple or {*map(type, shape)} - {int}:
      raise ValueError("a shape that is no tuple of numbers")
    content = data.encode("latin1") if isinstance(data, str) else data
    flat = np.frombuffer(content, dtype.number())
    foreign.check_shape(shape, flat.size)
    self.array = flat.reshape(shape, order="F" if fortran else "C")


def _from_buffer(data: bytes, dtype: _Dtype, shape: tuple, order: str):
  """Stands in for the constructor of arrays in pickles of protocol 5."""
  array = _Array()
  array.__setstate__((1, shape, dtype, order == "F", data))
  return array


def _latin1(text: str, encoding: str) -> bytes:
  """Stands in for `_codecs.encode`, by which old pickles write bytes."""
  if type(text) is not str or type(encoding) is not str:
    raise ValueError("a text that is none")
  if encoding != "latin1":
    raise ValueError(f"an encoding {encoding[:20]}")
  return text.encode("latin1")


def ordered(pairs: Iterable = ()) -> dict:
  """Stands in for `collections.OrderedDict`."""
  pairs = list(pairs)
  keys = [key for key, _ in pairs]
  if pickle_machine.check_keys(keys) and len(keys) > _MAX_TUPLES:
    raise ValueError(f"{len(keys)} keys with tuples among them")
  return dict(pairs)


PLAIN: Allowed = {
  ("collections", "OrderedDict"): ordered,
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
  source = source or str(getattr(file, "name", "pickle"))
  content = load(file, ARRAYS, source, encoding=encoding)
  with foreign.reading(source, "plain data with arrays"):
    return _unwrap(content)


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
