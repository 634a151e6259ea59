"""The ModelMetrics message, written by an independent encoder."""

import pytest

from nasjax import errors
from nasjax.benchmarks import metrics_proto

from . import protobuf_writer as writer

END = (108.0, 1000.0, 0.99, 0.9375, 0.9296875)


@pytest.mark.parametrize("path", [b"", b"model.ckpt-1234"])
def test_message(path):
  metrics = metrics_proto.parse(writer.run(0.9375, 0.9296875, path))
  assert metrics.trainable_parameters == 8_555_530
  assert metrics.total_time == 1234.5
  assert len(metrics.evaluations) == 3
  assert metrics.evaluations[0] == (0.0, 0.1, 0.1, 0.11, 0.12)
  assert metrics.evaluations[2] == END
  assert metrics.evaluations[2].validation_accuracy == 0.9375


def test_empty_message_has_defaults():
  assert metrics_proto.parse(b"") == ([], 0, 0.0)
  assert metrics_proto.parse(b"\x0a\x00").evaluations == [(0, 0, 0, 0, 0)]


def test_fields_in_another_order_and_unknown_fields():
  shuffled = b"".join(writer.double(n, END[n - 1]) for n in (5, 1, 4, 2, 3))
  unknown = b"\x3d\x01\x02\x03\x04" + writer.text(9, b"new") + b"\x50\x05"
  message = unknown + writer.metrics([shuffled + unknown], 300, 2.0)
  assert metrics_proto.parse(message) == ([END], 300, 2.0)


def test_hand_written_bytes():
  """Field 2 (tag 0x10) = 300 = 0b10_0101100 -> AC 02."""
  assert metrics_proto.parse(b"\x10\xac\x02").trainable_parameters == 300


@pytest.mark.parametrize(
  "message",
  [
    writer.run(0.9, 0.8)[:-1],
    writer.run(0.9, 0.8)[:30],
    b"\x0a",
    b"\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
    b"\x0b\x00",
    b"\x0a\x05\x09\x00",
  ],
)
def test_damaged(message):
  with pytest.raises(errors.UserError, match="is not a ModelMetrics message"):
    metrics_proto.parse(message)
