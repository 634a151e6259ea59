"""Shapes of what a network is given, and of what pools over all of it."""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence, Sized
from numbers import Integral
from typing import Any

import numpy as np
import onnx

from nasjax import errors
from nasjax.computation.onnx import tensors
from nasjax.computation.onnx.layers import Call
from nasjax.computation.onnx.load import MAX_EXTENT, Model
from nasjax.computation.onnx.tensors import Tensor

_COLOURS = (1, 3, 4)


@dataclasses.dataclass(frozen=True)
class Inputs:
  """What a network is given.

  Attributes:
    batch: extent of the batch; 1 where the file leaves it open.
    tensors: the inputs by name.
  """

  batch: int
  tensors: dict[str, Tensor]


def of_model(
  model: Model, wanted: Mapping[str, int], shape: Sequence[int] | None
) -> Inputs:
  """Reads the inputs of a network.

  Args:
    model: the network.
    wanted: axes of channels as operators need them, by name.
    shape: shape of the main input without the batch, channels last, or None.

  Raises:
    UserError: the network has no input, or the shape does not fit.
  """
  stated = {
    each.name: tensors.shape_of(each.type) or () for each in model.inputs
  }
  if not stated:
    raise errors.UserError(
      f"{model.name}: expected a network with an input, got none"
    )
  main = max(
    stated, key=lambda name: (len(stated[name]) == 4, -_place(name, stated))
  )
  kind = next(each.type for each in model.inputs if each.name == main)
  if kind.HasField("tensor_type") and tensors.shape_of(kind) is None:
    stated[main] = _unranked(model.name, main, shape)
  batch = (stated[main] or (1,))[0] or 1
  found = {}
  for each in model.inputs:
    name, extents = each.name, stated[each.name]
    channel = wanted.get(name, _channel(extents))
    full = (extents[0] or batch, *extents[1:]) if extents else ()
    if name == main and shape is not None:
      full = _filled(full, channel, shape, model.name)
    dtype = each.type.tensor_type.elem_type or 1
    found[name] = Tensor(full, dtype, channel=channel)
  return Inputs(batch, found)


def _unranked(name: str, main: str, shape: Any) -> tuple[int, ...]:
  """Open extents of an input of which a file does not say how many it has."""
  if isinstance(shape, Sized):
    return (0,) * (1 + len(shape))
  raise errors.UserError(
    f"{name}: expected an input with a shape, got {errors.quote(main)} without "
    "one; give computation.from_onnx or nasjax graph the shape, or export the "
    "model with it"
  )


def _place(name: str, names: Mapping[str, Any]) -> int:
  return list(names).index(name)


def _channel(extents: Sequence[int]) -> int | None:
  """Axis of the channels of an image, by which extent is small."""
  if len(extents) != 4:
    return None
  return 3 if extents[3] in _COLOURS and extents[1] not in _COLOURS else 1


def _filled(
  extents: Sequence[int], channel: int | None, shape: Sequence[int], name: str
) -> tuple[int, ...]:
  """Fills open extents of the main input."""
  given = list(shape) if isinstance(shape, Iterable) else []
  whole = all(isinstance(e, Integral) and 0 < e < MAX_EXTENT for e in given)
  if whole and len(given) == len(extents) - 1:
    if channel is not None:
      given.insert(channel - 1, given.pop())
    full = (extents[0], *map(int, given))
    if all(old in (0, new) for old, new in zip(extents, full, strict=True)):
      return full
  axes = list(range(1, len(extents)))
  if channel is not None:
    axes.append(axes.pop(channel - 1))
  expected = ", ".join(str(extents[axis] or "any") for axis in axes)
  raise errors.UserError(
    f"{name}: expected a shape of the input without the batch, channels last: "
    f"({expected}); got {errors.quote(shape)}"
  )


def declared(info: onnx.ValueInfoProto, batch: int) -> tuple[int, ...] | None:
  """Shape that a file states of an array, an open first extent as the batch."""
  shape = tensors.shape_of(info.type)
  return (shape[0] or batch, *shape[1:]) if shape else shape


def shape_value(
  operator: str, attrs: Mapping[str, Any], tensor: Tensor | None
) -> np.ndarray | None:
  """The shape, or the size, of a tensor; None where it is not known."""
  if tensor is None or tensor.shape is None:
    return None
  shape = tensor.shape
  if operator == "Size":
    return None if 0 in shape else np.asarray(tensor.size, np.int64)
  part = shape[attrs.get("start", 0) : attrs.get("end", len(shape))]
  return None if 0 in part else np.asarray(part, np.int64)


def pooled(call: Call) -> dict[str, Any]:
  """Fields of a pool over all pixels: it has a number for each channel."""
  source = call.get(0)
  if source is None or not source.shape or source.channel is None:
    return {}
  operator = {
    "GlobalAveragePool": "global_avg_pool",
    "GlobalMaxPool": "global_max_pool",
    "ReduceMean": "global_avg_pool",
    "ReduceMax": "global_max_pool",
    "ReduceSum": "reduce",
  }.get(call.operator)
  if operator is None:
    return {}
  rank = len(source.shape)
  pixels = {axis for axis in range(1, rank) if axis != source.channel}
  if call.operator.startswith("Reduce"):
    axes = call.attrs.get("axes")
    second = call.get(1)
    if axes is None and second is not None and second.value is not None:
      axes = second.value.ravel().tolist()
    if {axis % rank for axis in axes or range(rank)} != pixels:
      return {}
  fields = {"operator": operator, "shape": (source.shape[source.channel],)}
  if operator == "reduce":
    fields["source"] = "ReduceSum of pixels"
  return fields
