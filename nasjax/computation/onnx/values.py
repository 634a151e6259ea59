"""Small constants of a network: the arithmetic of shapes.

Exporters compute the shapes of reshaped arrays by operators. What does not
depend on the numbers of an input is computed here, where it is small.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import onnx
from onnx import helper

MOST = 1 << 12
"""Numbers of an array that is computed."""

Array = np.ndarray
Attributes = Mapping[str, Any]


def attributes(node: onnx.NodeProto) -> dict[str, Any]:
  """The attributes of an operator by name; texts as `str`."""
  found = {}
  for each in node.attribute:
    value = helper.get_attribute_value(each)
    text = isinstance(value, bytes)
    found[each.name] = value.decode(errors="replace") if text else value
  return found


def _axes(attrs: Attributes, arrays: Sequence[Array | None]) -> Any:
  """Axes by an attribute, or as the second input as later operator sets do."""
  if "axes" in attrs:
    return tuple(attrs["axes"])
  if len(arrays) > 1 and arrays[1] is not None:
    return tuple(arrays[1].ravel().tolist())
  return None


def _reshape(_: Attributes, x: Array, shape: Array) -> Array:
  extents = shape.ravel().tolist()
  return x.reshape([x.shape[i] if e == 0 else e for i, e in enumerate(extents)])


def _slice(attrs: Attributes, x: Array, *rest: Array) -> Array:
  if "starts" in attrs:
    starts, ends = attrs["starts"], attrs["ends"]
    axes, steps = attrs.get("axes"), None
  else:
    given = [None if each is None else each.ravel().tolist() for each in rest]
    starts, ends, axes, steps = [*given, None, None][:4]
  starts, ends = starts or [], ends or []
  places = [slice(None)] * x.ndim
  axes = axes or range(len(starts))
  steps = steps or [1] * len(starts)
  for axis, start, end, step in zip(axes, starts, ends, steps, strict=True):
    end = None if step < 0 and end < -(1 << 31) else end
    places[axis] = slice(start, end, step)
  return x[tuple(places)]


def _squeeze(attrs: Attributes, *arrays: Array) -> Array:
  return np.squeeze(arrays[0], axis=_axes(attrs, arrays))


def _unsqueeze(attrs: Attributes, *arrays: Array) -> Array:
  return np.expand_dims(arrays[0], axis=_axes(attrs, arrays))


def _cast(attrs: Attributes, x: Array) -> Array:
  return x.astype(helper.tensor_dtype_to_np_dtype(attrs["to"]))


def _divided(_: Attributes, x: Array, y: Array) -> Array:
  if x.dtype.kind == "f":
    return x / y
  return np.trunc(x / np.where(y == 0, 1, y)).astype(x.dtype)


def _filled(attrs: Attributes, shape: Array) -> Array:
  value = attrs.get("value")
  filling = np.zeros(1, np.float32) if value is None else to_array(value)
  if filling is None:
    raise ValueError("expected a number to fill an array with")
  return np.full(shape.ravel().tolist(), filling.ravel()[0], filling.dtype)


def _constant(attrs: Attributes) -> Array | None:
  if "value" in attrs:
    return to_array(attrs["value"])
  for name, dtype in (("float", np.float32), ("int", np.int64)):
    for key in (f"value_{name}", f"value_{name}s"):
      if key in attrs:
        return np.asarray(attrs[key], dtype)
  return None


def _reduced(function: Callable[..., Array]):
  def reduce(attrs: Attributes, *arrays: Array) -> Array:
    keep = bool(attrs.get("keepdims", 1))
    return function(arrays[0], axis=_axes(attrs, arrays), keepdims=keep)

  return reduce


def _of(function: Callable[..., Any]):
  """An operator without attributes, of any number of arrays."""
  return lambda _, *arrays: np.asarray(function(*arrays))


def _folded(function: Callable[[Array, Array], Array]):
  def fold(_: Attributes, *arrays: Array) -> Array:
    result = arrays[0]
    for each in arrays[1:]:
      result = function(result, each)
    return result

  return fold


OPERATORS: dict[str, Callable[..., Array | None]] = {
  "Constant": _constant,
  "ConstantOfShape": _filled,
  "Identity": _of(lambda x: x),
  "Cast": _cast,
  "Gather": lambda a, x, i: np.take(x, i, axis=a.get("axis", 0)),
  "Concat": lambda a, *arrays: np.concatenate(arrays, axis=a["axis"]),
  "Slice": _slice,
  "Squeeze": _squeeze,
  "Unsqueeze": _unsqueeze,
  "Reshape": _reshape,
  "Transpose": lambda a, x: np.transpose(x, a.get("perm")),
  "Expand": lambda _, x, s: x * np.ones(s.ravel().tolist(), x.dtype),
  "Range": _of(lambda a, b, c: np.arange(a.item(), b.item(), c.item())),
  "Add": _of(np.add),
  "Sub": _of(np.subtract),
  "Mul": _of(np.multiply),
  "Div": _divided,
  "Mod": _of(np.mod),
  "Pow": _of(np.power),
  "Min": _folded(np.minimum),
  "Max": _folded(np.maximum),
  "Neg": _of(np.negative),
  "Abs": _of(np.abs),
  "Floor": _of(np.floor),
  "Ceil": _of(np.ceil),
  "Sqrt": _of(np.sqrt),
  "Reciprocal": _of(np.reciprocal),
  "Equal": _of(np.equal),
  "Less": _of(np.less),
  "Greater": _of(np.greater),
  "Not": _of(np.logical_not),
  "And": _of(np.logical_and),
  "Or": _of(np.logical_or),
  "Where": _of(np.where),
  "ReduceProd": _reduced(np.prod),
  "ReduceSum": _reduced(np.sum),
  "ReduceMax": _reduced(np.max),
  "ReduceMin": _reduced(np.min),
}
"""What is computed of constants, by ONNX name."""


def to_array(tensor: onnx.TensorProto) -> Array | None:
  """Returns a small array of a file; None where its numbers are not there.

  Args:
    tensor: the array, as `wire.read` left it.

  Raises:
    ValueError: its numbers do not fit its shape.
  """
  size = math.prod(tensor.dims)
  if not 0 <= size <= MOST or tensor.data_location == tensor.EXTERNAL:
    return None
  fields = ("raw_data", "float_data", "int32_data", "int64_data", "double_data")
  if size and not any(len(getattr(tensor, name)) for name in fields):
    return None
  return onnx.numpy_helper.to_array(tensor)


def compute(
  operator: str, attrs: Attributes, arrays: Sequence[Array | None]
) -> Array | None:
  """Computes an operator of constants.

  Args:
    operator: its ONNX name.
    attrs: its attributes.
    arrays: its inputs; None for those that are left out or not known.

  Returns:
    The output; None where it is not known.

  Raises:
    ValueError: the inputs do not fit each other; numpy raises others too.
  """
  known = OPERATORS.get(operator)
  if known is None or any(each is None for each in arrays):
    return None
  with np.errstate(all="ignore"):
    result = known(attrs, *arrays)
  return None if result is None else np.asarray(result)
