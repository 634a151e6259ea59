"""The ModelMetrics message, written by an independent encoder."""

import pytest

from nasjax import errors
from nasjax.benchmarks import metrics_proto

from . import protobuf_writer as writer

FIELDS = (
  "current_epoch",
  "training_time",
  "train_accuracy",
  "validation_accuracy",
  "test_accuracy",
)
END = (108.0, 1000.0, 0.99, 0.9375, 0.9296875)


def numbers(evaluation):
  return tuple(getattr(evaluation, name) for name in FIELDS)


@pytest.mark.parametrize("path", [b"", b"model.ckpt-1234"])
def test_message(path):
  metrics = metrics_proto.parse(writer.run(0.9375, 0.9296875, path))
  assert metrics.trainable_parameters == 8_555_530
  assert metrics.total_time == 1234.5
  assert len(metrics.evaluation_data) == 3
  assert numbers(metrics.evaluation_data[0]) == (0.0, 0.1, 0.1, 0.11, 0.12)
  assert numbers(metrics.evaluation_data[2]) == END


def test_what_a_message_lacks_is_zero():
  metrics = metrics_proto.parse(b"")
  assert len(metrics.evaluation_data) == 0
  assert (metrics.trainable_parameters, metrics.total_time) == (0, 0.0)
  (evaluation,) = metrics_proto.parse(b"\x0a\x00").evaluation_data
  assert numbers(evaluation) == (0,) * 5


def test_fields_in_another_order_and_unknown_fields():
  shuffled = b"".join(writer.double(n, END[n - 1]) for n in (5, 1, 4, 2, 3))
  unknown = b"\x3d\x01\x02\x03\x04" + writer.text(9, b"new") + b"\x50\x05"
  message = unknown + writer.metrics([shuffled + unknown], 300, 2.0)
  metrics = metrics_proto.parse(message)
  assert [numbers(each) for each in metrics.evaluation_data] == [END]
  assert (metrics.trainable_parameters, metrics.total_time) == (300, 2.0)


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
    b"\x0b" * 60_000,
    b"\x0a\x05\x09\x00",
  ],
)
def test_damaged(message):
  with pytest.raises(errors.UserError, match="is not a ModelMetrics message"):
    metrics_proto.parse(message)


def test_a_message_cannot_take_more_memory_than_is_allowed():
  with pytest.raises(errors.UserError, match=r"would take 1\.0 GiB"):
    metrics_proto.parse(bytes((1 << 24) + 1))
