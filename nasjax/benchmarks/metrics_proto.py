"""The message that NAS-Bench-101 stores for each training run.

Field numbers of `ModelMetrics` and `EvaluationData` are those of the file
`model_metrics.proto` of google-research/nasbench; the wire format is that of
Protocol Buffers.
"""

import struct
from collections.abc import Iterator
from typing import Any, NamedTuple

from nasjax import foreign


class Evaluation(NamedTuple):
  """One evaluation of a run; accuracies are fractions.

  Attributes:
    current_epoch: epochs trained so far.
    training_time: seconds of training so far.
    train_accuracy: on 10,000 training images.
    validation_accuracy: on 10,000 held-out images.
    test_accuracy: on the 10,000 test images.
  """

  current_epoch: float = 0.0
  training_time: float = 0.0
  train_accuracy: float = 0.0
  validation_accuracy: float = 0.0
  test_accuracy: float = 0.0


class Metrics(NamedTuple):
  """One run.

  Attributes:
    evaluations: at the start, halfway, and at the end.
    trainable_parameters: parameters of the network.
    total_time: seconds of training and evaluation.
  """

  evaluations: list[Evaluation]
  trainable_parameters: int
  total_time: float


_ADVICE = "fetch the official file again"
_DOUBLE = struct.Struct("<d")
_FIVE_DOUBLES = struct.Struct("<BdBdBdBdBd")
_FIVE_TAGS = (9, 17, 25, 33, 41)  # fields 1 to 5, each a 64-bit number
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


def _varint(data: bytes, start: int) -> tuple[int, int]:
  """Reads an unsigned integer; returns it and the place after it."""
  value = shift = 0
  while True:
    byte = data[start]
    value |= (byte & 0x7F) << shift
    start, shift = start + 1, shift + 7
    if byte < 0x80:
      return value, start
    if shift > 63:
      raise ValueError("a number of more than 64 bits")


def _fields(data: bytes) -> Iterator[tuple[int, int, Any]]:
  """Yields (field number, wire type, value): int, float or bytes."""
  start = 0
  while start < len(data):
    tag, start = _varint(data, start)
    number, kind = tag >> 3, tag & 7
    if kind == _VARINT:
      value, start = _varint(data, start)
    elif kind == _FIXED64:
      (value,) = _DOUBLE.unpack_from(data, start)
      start += 8
    elif kind in (_BYTES, _FIXED32):
      size, start = _varint(data, start) if kind == _BYTES else (4, start)
      value = data[start : start + size]
      start += size
      if start > len(data):
        raise ValueError("a field is longer than the message")
    else:
      raise ValueError(f"wire type {kind}")
    yield number, kind, value


def _evaluation(data: bytes) -> Evaluation:
  if len(data) == _FIVE_DOUBLES.size:
    pairs = _FIVE_DOUBLES.unpack(data)
    if pairs[::2] == _FIVE_TAGS:
      return Evaluation(*pairs[1::2])
  values = [0.0] * 5
  for number, kind, value in _fields(data):
    if kind == _FIXED64 and 1 <= number <= 5:
      values[number - 1] = value
  return Evaluation(*values)


def parse(data: bytes, source: str = "message") -> Metrics:
  """Decodes a `ModelMetrics` message.

  Args:
    data: the message.
    source: what errors call it.

  Raises:
    UserError: the message is damaged.
  """
  evaluations, parameters, total_time = [], 0, 0.0
  with foreign.reading(source, "a ModelMetrics message", _ADVICE):
    for number, kind, value in _fields(data):
      if (number, kind) == (1, _BYTES):
        evaluations.append(_evaluation(value))
      elif (number, kind) == (2, _VARINT):
        parameters = value
      elif (number, kind) == (3, _FIXED64):
        total_time = value
  return Metrics(evaluations, parameters, total_time)
