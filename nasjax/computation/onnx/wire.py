"""An ONNX file without the numbers of its weights.

An ONNX file is one protocol buffer. It is copied field by field, and arrays of
more than 64 KiB are left out: a graph needs their shapes alone. So memory does
not depend on the size of the weights.
"""

import dataclasses
import math
from typing import IO

import onnx
from onnx import helper

LARGEST = 1 << 16
"""Bytes of a field that is copied whole."""

MAX_COPIED = 1 << 26
"""Bytes of a file that are kept (64 MiB)."""

_MAX_DEPTH = 20
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_RAW_DATA = 9


@dataclasses.dataclass(frozen=True)
class _Message:
  """Which fields of a message are messages, and which are left out."""

  inner: dict[int, str]
  dropped: frozenset[int] = frozenset()


_MESSAGES = {
  "Model": _Message({7: "Graph", 25: "Function"}, frozenset({6, 14, 20})),
  "Graph": _Message(
    {1: "Node", 5: "Tensor", 15: "Sparse"}, frozenset({10, 14, 16})
  ),
  "Function": _Message({7: "Node"}, frozenset({8, 14})),
  "Node": _Message({5: "Attribute"}, frozenset({6, 9})),
  "Attribute": _Message(
    {5: "Tensor", 6: "Graph", 10: "Tensor", 11: "Graph", 22: "Sparse"},
    frozenset({7, 8, 9, 13}),
  ),
  "Sparse": _Message({1: "Tensor", 2: "Tensor"}),
  "Tensor": _Message({}, frozenset({4, 5, 6, 7, 9, 10, 11, 12})),
}
"""Numbers of fields as onnx.proto3 has them. A subgraph is refused later."""


class _Copy:
  """A file that is read once, from its begin to its end."""

  def __init__(self, file: IO[bytes]):
    self._file = file
    self._place = 0
    self._kept = 0

  def message(self, kind: str, end: int, depth: int = 0) -> bytes:
    """Returns the message that ends at a place, without large arrays."""
    if depth > _MAX_DEPTH:
      raise ValueError(f"messages in one another more than {_MAX_DEPTH} deep")
    parts: list[bytes] = []
    raw = 0
    while self._place < end:
      tag = self._varint(end)
      field, wire = tag >> 3, tag & 7
      if wire != _BYTES:
        parts += [_encoded(tag), self._number(wire, end)]
        continue
      length = self._varint(end)
      if length > end - self._place:
        raise ValueError("it is cut off")
      content = self._content(kind, field, length, depth)
      if content is not None:
        parts += [_encoded(tag), _encoded(len(content)), content]
      elif field == _RAW_DATA:
        raw = length
    copied = b"".join(parts)
    if kind == "Tensor" and raw:
      check_size(onnx.TensorProto.FromString(copied), raw)
    return copied

  def _content(
    self, kind: str, field: int, length: int, depth: int
  ) -> bytes | None:
    """A field of a message; None if it is left out."""
    message = _MESSAGES[kind]
    if length <= LARGEST:
      self._kept += length
      if self._kept > MAX_COPIED:
        raise ValueError(f"more than {MAX_COPIED >> 20} MiB beside its weights")
      return self._read(length)
    if field in message.inner:
      end = self._place + length
      return self.message(message.inner[field], end, depth + 1)
    if field not in message.dropped:
      raise ValueError(f"a field of {length} bytes")
    self._file.seek(length, 1)
    self._place += length
    return None

  def _read(self, length: int) -> bytes:
    content = self._file.read(length)
    if len(content) < length:
      raise ValueError("it is cut off")
    self._place += length
    return content

  def _varint(self, end: int) -> int:
    value = 0
    for shift in range(0, 70, 7):
      if self._place >= end:
        break
      byte = self._read(1)[0]
      value |= (byte & 127) << shift
      if byte < 128:
        return value
    raise ValueError("it is cut off, or holds a number that does not end")

  def _number(self, wire: int, end: int) -> bytes:
    self._kept += 16
    if wire == _VARINT:
      return _encoded(self._varint(end))
    if wire not in (_FIXED32, _FIXED64):
      raise ValueError(f"a field of the unknown kind {wire}")
    length = 8 if wire == _FIXED64 else 4
    if length > end - self._place:
      raise ValueError("it is cut off")
    return self._read(length)


def _encoded(value: int) -> bytes:
  """A whole number as protocol buffers write it."""
  content = bytearray()
  while value > 127:
    content.append(value & 127 | 128)
    value >>= 7
  content.append(value)
  return bytes(content)


def check_size(tensor: onnx.TensorProto, num_bytes: int) -> None:
  """Checks that an array has the bytes that its shape and type take.

  Args:
    tensor: the header of the array.
    num_bytes: bytes that the file holds of it.

  Raises:
    ValueError: it does not fit.
  """
  if tensor.data_type not in helper.get_all_tensor_dtypes():
    raise ValueError(f"an array of the unknown type {tensor.data_type}")
  dtype = helper.tensor_dtype_to_np_dtype(tensor.data_type)
  expected = math.prod(tensor.dims) * dtype.itemsize
  packed = -(-expected // 2)  # numbers of four bits
  if min(tensor.dims, default=0) < 0 or num_bytes not in (expected, packed):
    raise ValueError(
      f"array {tensor.name[:40]!r} of {expected} bytes by its shape "
      f"{list(tensor.dims)[:6]}, {num_bytes} in the file"
    )


def read(file: IO[bytes], size: int) -> onnx.ModelProto:
  """Reads a model without large arrays.

  Args:
    file: an open binary file, at its begin.
    size: its bytes.

  Raises:
    ValueError: it is cut off, or a shape does not fit its array.
    google.protobuf.message.DecodeError: it is something else.
  """
  return onnx.ModelProto.FromString(_Copy(file).message("Model", size))
