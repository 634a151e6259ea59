"""Arrays of numbers in MATLAB files of level 5, the format of SVHN.

Format: MathWorks, "MAT-File Format", level 5: a header of 128 bytes, then one
element for each variable, compressed by zlib or not. An element is checked
before it is unpacked, and nothing but real numbers in full arrays is read.
"""

import dataclasses
import math
import struct
import zlib

import numpy as np

_HEADER = 128
_MATRIX, _COMPRESSED = 14, 15
_MAX_VARIABLES = 1_000
_MAX_AXES = 32
_HEAD = 1_024  # bytes of an element that hold flags, axes and name
_CHUNK = 1 << 16
_CLASSES = {
  1: "cell",
  2: "struct",
  3: "object",
  4: "char",
  5: "sparse",
  6: "double",
  7: "single",
  8: "int8",
  9: "uint8",
  10: "int16",
  11: "uint16",
  12: "int32",
  13: "uint32",
  14: "int64",
  15: "uint64",
}
NUMBERS = tuple(name for code, name in _CLASSES.items() if code > 5)
"""Classes of real numbers."""

_STORED = {
  1: "i1",
  2: "u1",
  3: "i2",
  4: "u2",
  5: "i4",
  6: "u4",
  7: "f4",
  9: "f8",
  12: "i8",
  13: "u8",
}


@dataclasses.dataclass(frozen=True)
class Variable:
  """The head of an element; its values stay packed.

  Attributes:
    name: name of the variable.
    kind: its class in MATLAB, e.g. `double`; `complex ...` or `logical` too.
    shape: its axes.
    order: byte order, `<` or `>`.
    stored: code of the type in which the values are stored; 0 where they are
      no real numbers.
    start: where the values begin inside the element.
    size: bytes of the values.
    content: the element, packed or not.
    packed: whether it is packed.
    num_bytes: size of the unpacked element.
  """

  name: str
  kind: str
  shape: tuple[int, ...]
  order: str
  stored: int
  start: int
  size: int
  content: memoryview
  packed: bool
  num_bytes: int

  def values(self) -> np.ndarray:
    """Unpacks the values.

    Returns:
      The array, with the type in which it is stored.

    Raises:
      ValueError, zlib.error: they are damaged, or no real numbers.
    """
    if self.stored not in _STORED:
      raise ValueError(
        f"{self.name}, {self.kind}, holds no numbers but type {self.stored}"
      )
    dtype = np.dtype(self.order + _STORED[self.stored])
    num, end = math.prod(self.shape), self.start + self.size
    if self.size != num * dtype.itemsize or not end <= self.num_bytes < end + 8:
      raise ValueError(
        f"{self.name} {list(self.shape)} has {self.size} bytes of {dtype} in "
        f"{self.num_bytes}"
      )
    content = self.content
    if self.packed:
      content = _inflate(content, self.num_bytes)
    elif end > len(content):
      raise ValueError(f"it ends within {self.name}")
    flat = np.frombuffer(content, dtype, num, self.start)
    return flat.reshape(self.shape, order="F")


def variables(content: bytes) -> dict[str, Variable]:
  """Lists the variables of a file.

  Args:
    content: the file.

  Returns:
    Name to variable.

  Raises:
    ValueError, zlib.error: it is damaged, has another version, or has two
      variables of one name.
  """
  order = _order(content)
  view = memoryview(content)
  found: dict[str, Variable] = {}
  place = _HEADER
  while place < len(content):
    code, start, size, end = _tag(view, place, order)
    if start + size > len(content):
      raise ValueError("it ends within a variable")
    if code == _COMPRESSED:
      variable = _packed(view[start : start + size], order)
      end = start + size  # no padding
    elif code == _MATRIX:
      variable = _variable(view[place : start + size], order)
    else:
      raise ValueError(f"it holds an element of type {code}")
    if variable.name in found or len(found) == _MAX_VARIABLES:
      raise ValueError(
        f"it holds {variable.name!r:.40} twice, or too many variables"
      )
    found[variable.name] = variable
    place = end
  return found


def _order(content: bytes) -> str:
  """Checks the header; returns the byte order."""
  mark = content[124:_HEADER]
  if mark in (b"\0\1IM", b"\1\0MI"):
    return "<" if mark.endswith(b"IM") else ">"
  if mark in (b"\0\2IM", b"\2\0MI") or b"\x89HDF" in content[:516]:
    raise ValueError("it is of version 7.3, which is HDF5; save it with -v7")
  if 0 in content[:4]:
    raise ValueError("it is of version 4; save it with -v7")
  raise ValueError("its header is not that of version 5")


def _tag(
  content: memoryview | bytearray, place: int, order: str
) -> tuple[int, int, int, int]:
  """Reads a tag: type, start and bytes of the data, and where the next is."""
  if place + 8 > len(content):
    raise ValueError("it ends within a tag")
  code, size = struct.unpack_from(order + "II", content, place)
  if code >> 16:  # the small form: up to 4 bytes beside the type
    if code >> 16 > 4:
      raise ValueError("a small element is larger than 4 bytes")
    return code & 0xFFFF, place + 4, code >> 16, place + 8
  return code, place + 8, size, place + 8 + size + -size % 8


def _packed(content: memoryview, order: str) -> Variable:
  """Reads the head of a compressed element."""
  head = zlib.decompressobj().decompress(content[:_CHUNK], _HEAD)
  return _variable(memoryview(head), order, content)


def _variable(
  head: memoryview, order: str, content: memoryview | None = None
) -> Variable:
  """Reads the head of a matrix, which starts with its tag.

  Args:
    head: the element, or its first bytes.
    order: byte order.
    content: the packed element, where `head` was unpacked from one.
  """
  code, place, size, _ = _tag(head, 0, order)
  if code != _MATRIX:
    raise ValueError(f"it holds a packed element of type {code}")
  num_bytes = place + size
  parts = []
  for wanted in (6, 5, 1):  # flags uint32, axes int32, name int8
    code, start, size, place = _tag(head, place, order)
    if code != wanted or start + size > len(head):
      raise ValueError("flags, axes or name of a variable are damaged")
    parts.append(bytes(head[start : start + size]))
  flags, axes, name = parts
  if len(flags) != 8 or len(axes) % 4 or not 2 <= len(axes) // 4 <= _MAX_AXES:
    raise ValueError("flags or axes of a variable are damaged")
  shape = struct.unpack(f"{order}{len(axes) // 4}i", axes)
  if min(shape) < 0:
    raise ValueError(f"a variable has the axes {list(shape)}")
  kind = _kind(struct.unpack_from(order + "I", flags)[0])
  code, start, size, _ = (
    _tag(head, place, order) if kind in NUMBERS else (0, place, 0, 0)
  )
  return Variable(
    name.decode("latin1"),
    kind,
    shape,
    order,
    code,
    start,
    size,
    head if content is None else content,
    content is not None,
    num_bytes,
  )


def _kind(flags: int) -> str:
  name = _CLASSES.get(flags & 0xFF, f"number {flags & 0xFF}")
  if flags & 0x800:
    return f"complex {name}"
  return "logical" if flags & 0x200 else name


def _inflate(content: memoryview, num_bytes: int) -> bytearray:
  """Unpacks exactly so many bytes, to the checksum at the end."""
  unzip = zlib.decompressobj()
  result = bytearray(num_bytes)
  place = start = 0
  rest = content[:0]
  while not unzip.eof:
    if not len(rest):
      rest, start = content[start : start + _CHUNK], start + _CHUNK
    block = unzip.decompress(rest, 16 * _CHUNK)
    if not len(rest) and not block:
      break
    rest = unzip.unconsumed_tail
    if place + len(block) > num_bytes:
      raise ValueError("a variable unpacks to more than its size")
    result[place : place + len(block)] = block
    place += len(block)
  if place != num_bytes or not unzip.eof:
    raise ValueError("a variable unpacks to less than its size")
  return result
