"""Arrays that operators exchange: shapes, and where constants come from."""

import dataclasses
import functools
import math
from collections.abc import Mapping, Sequence

import numpy as np
import onnx
from onnx import checker, defs, helper, shape_inference

from nasjax import errors
from nasjax.computation.onnx import values
from nasjax.computation.onnx.load import MAX_AXES, MAX_EXTENT, MAX_NUMBERS

_MOST_SENT = 1 << 8  # numbers of a constant that may state a shape
MAX_PARTS = 1 << 12
_POSITIVE = ("kernel_shape", "strides", "dilations", "group", "blocksize")
_LISTS = {
  "ConstantOfShape": 0,
  **dict.fromkeys(
    ("Expand", "Pad", "Reshape", "Resize", "Slice", "Squeeze"), 1
  ),
  **dict.fromkeys(("Split", "Tile", "Unsqueeze", "Upsample"), 1),
}
"""Operators with lists of axes or parts, and the input at which these begin."""

_WINDOWS = (*_POSITIVE, "pads", "output_padding", "output_shape")
FLOATS = frozenset(
  number
  for number in helper.get_all_tensor_dtypes()
  if "FLOAT" in onnx.TensorProto.DataType.Name(number)
  or number == onnx.TensorProto.DOUBLE
)
_BYTES = frozenset(
  number
  for number in helper.get_all_tensor_dtypes()
  if "INT8" in onnx.TensorProto.DataType.Name(number)
  or "INT4" in onnx.TensorProto.DataType.Name(number)
)


@dataclasses.dataclass(frozen=True, slots=True)
class Tensor:
  """An array of a network.

  Attributes:
    shape: with the batch, as ONNX has it; 0 for an unknown extent; None where
      not even the number of axes is known.
    dtype: its type, as ONNX numbers them.
    value: the array, where it is small and known.
    roots: arrays of the file that a constant is made of; None if it depends on
      an input.
    under_root: those of the arrays of which a square root was taken.
    node: the node that makes it, by its number; -1 for a constant.
    channel: axis of the channels; None where it is not known.
  """

  shape: tuple[int, ...] | None
  dtype: int = onnx.TensorProto.FLOAT
  value: np.ndarray | None = None
  roots: frozenset[str] | None = None
  under_root: frozenset[str] = frozenset()
  node: int = -1
  channel: int | None = None

  @property
  def is_constant(self) -> bool:
    """Whether it does not depend on an input."""
    return self.roots is not None

  @property
  def size(self) -> int:
    """How many numbers it has; 0 where that is unknown."""
    return 0 if self.shape is None else math.prod(self.shape)

  @property
  def scalar(self) -> float | None:
    """Its number, if it is a constant of one known number."""
    if self.value is None or self.value.size != 1:
      return None
    return float(self.value.ravel()[0].real)


def may_be_weight(dtype: int) -> bool:
  """Returns whether arrays of a type are weights: floats and small integers."""
  return dtype in FLOATS or dtype in _BYTES


def of_proto(proto: onnx.TensorProto) -> Tensor:
  """The tensor of an array in the file."""
  roots = {proto.name} if may_be_weight(proto.data_type) else ()
  return Tensor(
    tuple(proto.dims),
    proto.data_type,
    values.to_array(proto),
    frozenset(roots),
  )


def shape_of(proto: onnx.TypeProto) -> tuple[int, ...] | None:
  """Shape that a type states.

  Raises:
    ValueError: an extent, or the array, is absurdly large.
  """
  tensor = proto.tensor_type
  if not tensor.HasField("shape"):
    return None
  extents = [each.dim_value for each in tensor.shape.dim]
  shape = tuple(max(extent, 0) for extent in extents)  # -1 is an open one
  large = max(shape, default=0) >= MAX_EXTENT or math.prod(shape) > MAX_NUMBERS
  if large or min(extents, default=0) < -1 or len(extents) > MAX_AXES:
    raise ValueError(f"an array of the shape {extents[:6]}")
  return shape


@functools.cache
def _schema(operator: str, version: int, domain: str):
  if not defs.has(operator, domain):
    return None
  try:
    return defs.get_schema(operator, max(version, 1), domain)
  except defs.SchemaError:  # younger than the operator set of the file
    return None


def infer(
  node: onnx.NodeProto,
  attrs: Mapping,
  inputs: Sequence[Tensor | None],
  opsets: Mapping[str, int],
) -> list[tuple[tuple[int, ...] | None, int]] | None:
  """Infers shapes and types of the outputs of an operator.

  Args:
    node: the operator.
    attrs: its attributes.
    inputs: its inputs; None for those that are left out.
    opsets: version of the operators of each domain.

  Returns:
    Shape and type of each output; None where the operator is not known.

  Raises:
    ValueError: the inputs do not fit the operator.
  """
  domain = "" if node.domain == "ai.onnx" else node.domain
  schema = _schema(node.op_type, opsets.get(domain, 0), domain)
  if schema is None:
    return None
  for name in _WINDOWS:
    if name in attrs:
      _check_whole(name, attrs[name])
  if attrs.get("num_outputs", 0) > MAX_PARTS:
    raise ValueError(f"{attrs['num_outputs']} parts")
  for tensor in inputs[_LISTS.get(node.op_type, len(inputs)) :]:
    if tensor and tensor.size > MAX_PARTS:
      raise ValueError(f"a list of {tensor.size} axes or parts")
  pairs = [(n, t) for n, t in zip(node.input, inputs, strict=True) if t]
  try:
    found = shape_inference.infer_node_outputs(
      schema,
      node,
      {name: _type(tensor) for name, tensor in pairs},
      {name: _sent(tensor) for name, tensor in pairs if _is_sent(tensor)},
    )
  except (checker.ValidationError, shape_inference.InferenceError) as error:
    raise ValueError(str(error).partition(") ")[2] or str(error)) from error
  unknown = onnx.TypeProto()
  types = [found.get(name, unknown) for name in node.output]
  return [(shape_of(each), each.tensor_type.elem_type) for each in types]


def _check_whole(name: str, given) -> None:
  """Checks whole numbers of an attribute, which C++ divides by."""
  numbers = given if isinstance(given, list) else [given]
  least = 1 if name in _POSITIVE else -MAX_EXTENT
  if any(not least <= each < MAX_EXTENT for each in numbers):
    bound = f"at least {least} and below {MAX_EXTENT}"
    raise ValueError(f"{name} {errors.quote(given)}: expected {bound}")


def _type(tensor: Tensor) -> onnx.TypeProto:
  shape = tensor.shape
  extents = None if shape is None else [extent or None for extent in shape]
  return helper.make_tensor_type_proto(tensor.dtype or 1, extents)


def _is_sent(tensor: Tensor) -> bool:
  return tensor.value is not None and tensor.value.size <= _MOST_SENT


def _sent(tensor: Tensor) -> onnx.TensorProto:
  assert tensor.value is not None
  return onnx.numpy_helper.from_array(np.asarray(tensor.value))
