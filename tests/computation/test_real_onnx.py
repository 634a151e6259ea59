"""Real ONNX models: the folder of `.onnx` files that NASJAX_ONNX_MODELS names.

Every file is read, and its parameters, running statistics and other numbers are
together the floating-point numbers that the package onnx finds in it.
"""

import math
import os
import pathlib

import pytest

from nasjax.computation import from_onnx
from nasjax.errors import UserError
from tests.computation import onnx_files as made

onnx = made.onnx

from nasjax.computation.onnx import reader, tensors  # noqa: E402 (the extra)

FOLDER = os.environ.get("NASJAX_ONNX_MODELS", "")
MODELS = sorted(pathlib.Path(FOLDER).glob("*.onnx")) if FOLDER else []


def numbers(proto) -> int:
  """Floating-point numbers of a file, those of constants included."""
  arrays = list(proto.graph.initializer)
  made_by_shape = 0
  shapes = {each.name: each for each in arrays}
  for node in proto.graph.node:
    for attribute in node.attribute:
      if node.op_type == "Constant" and attribute.HasField("t"):
        arrays.append(attribute.t)
      elif node.op_type == "Constant":
        value = onnx.helper.get_attribute_value(attribute)
        made_by_shape += isinstance(value, float)
    if node.op_type == "ConstantOfShape" and node.input[0] in shapes:
      shape = made.numpy_helper.to_array(shapes[node.input[0]])
      made_by_shape += math.prod(shape.tolist())
  return made_by_shape + sum(
    math.prod(each.dims) for each in arrays if each.data_type in tensors.FLOATS
  )


def quantised(proto) -> int:
  return sum(
    math.prod(each.dims)
    for each in proto.graph.initializer
    if each.data_type in (onnx.TensorProto.INT8, onnx.TensorProto.UINT8)
    and math.prod(each.dims) > 1
  )


@pytest.mark.slow
@pytest.mark.skipif(not MODELS, reason="NASJAX_ONNX_MODELS names no models")
@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.stem)
def test_all_numbers_are_accounted_for(path):
  proto = onnx.load(path)
  if any(a.HasField("g") for n in proto.graph.node for a in n.attribute):
    with pytest.raises(UserError, match="control flow"):
      from_onnx(path)
    return
  reading = reader.read(path)
  found = reading.graph.params + reading.statistics + reading.others
  assert found == numbers(proto) + quantised(proto)
  assert len(reading.graph.nodes) > 2
