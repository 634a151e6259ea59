"""The message that NAS-Bench-101 stores for each training run.

Field numbers of `ModelMetrics` and `EvaluationData` are those of the file
`model_metrics.proto` of google-research/nasbench; Protocol Buffers read them.
"""

import functools
from typing import Any

from nasjax import foreign

_EVALUATION = (
  "current_epoch",
  "training_time",
  "train_accuracy",
  "validation_accuracy",
  "test_accuracy",
)
_BYTES_PER_BYTE = 64  # that a message takes in memory, at most


@functools.cache
def _message_class() -> Any:
  """Builds the class of `ModelMetrics`, apart from other users' messages."""
  # Only conversions of the official file need it.
  from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

  file = descriptor_pb2.FileDescriptorProto(
    name="model_metrics.proto", package="nasbench", syntax="proto2"
  )
  kinds = descriptor_pb2.FieldDescriptorProto
  one, many = kinds.LABEL_OPTIONAL, kinds.LABEL_REPEATED
  evaluation = file.message_type.add(name="EvaluationData")
  for number, name in enumerate(_EVALUATION, 1):
    evaluation.field.add(
      name=name, number=number, type=kinds.TYPE_DOUBLE, label=one
    )
  metrics = file.message_type.add(name="ModelMetrics")
  metrics.field.add(
    name="evaluation_data",
    number=1,
    type=kinds.TYPE_MESSAGE,
    type_name=".nasbench.EvaluationData",
    label=many,
  )
  metrics.field.add(
    name="trainable_parameters", number=2, type=kinds.TYPE_INT64, label=one
  )
  metrics.field.add(
    name="total_time", number=3, type=kinds.TYPE_DOUBLE, label=one
  )
  pool = descriptor_pool.DescriptorPool()
  pool.Add(file)
  found = pool.FindMessageTypeByName("nasbench.ModelMetrics")
  return message_factory.GetMessageClass(found)


def parse(data: bytes, source: str = "message") -> Any:
  """Decodes a `ModelMetrics` message.

  Args:
    data: the message.
    source: what errors call it.

  Returns:
    A message with the fields `evaluation_data`, `trainable_parameters` and
    `total_time` (seconds of training and evaluation). `evaluation_data` holds
    the evaluations at the start, halfway, and at the end, each with
    `current_epoch`, `training_time` (seconds so far), and `train_accuracy`,
    `validation_accuracy` and `test_accuracy` as fractions, each of 10,000
    images. What a message lacks is 0.

  Raises:
    UserError: the message is damaged or too large.
  """
  foreign.afford(source, _BYTES_PER_BYTE * len(data))
  with foreign.reading(source, "a ModelMetrics message"):
    from google.protobuf import message

    try:
      return _message_class().FromString(data)
    except message.DecodeError as error:
      raise ValueError(str(error)) from error
