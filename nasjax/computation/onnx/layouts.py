"""Which axis of an array holds the channels.

ONNX convolves arrays `[batch, channels, height, width]`, so that exporters of
other frameworks transpose around convolutions. Graphs have channels last: the
axis is followed through the network, and such a transposition is no operator.
"""

from collections.abc import Iterable, Sequence

import onnx

from nasjax.computation.onnx import values
from nasjax.computation.onnx.tensors import Tensor

CHANNELS_SECOND = frozenset(
  {
    "Conv",
    "ConvInteger",
    "QLinearConv",
    "ConvTranspose",
    "BatchNormalization",
    "InstanceNormalization",
    "GroupNormalization",
    "MaxPool",
    "AveragePool",
    "GlobalAveragePool",
    "GlobalMaxPool",
    "LRN",
    "PRelu",
    "Upsample",
    "DepthToSpace",
    "SpaceToDepth",
  }
)
"""Operators whose first input has its channels in the second axis."""

_CHANGING = frozenset(
  {"Reshape", "Flatten", "Squeeze", "Unsqueeze", "MatMul", "Gemm", "Gather"}
)


def wanted(nodes: Sequence[onnx.NodeProto]) -> dict[str, int]:
  """Axes of channels as later operators need them, by the name of the array."""
  found: dict[str, int] = {}
  for node in reversed(nodes):
    if not node.input:
      continue
    if node.op_type in CHANNELS_SECOND:
      found.setdefault(node.input[0], 1)
    axis = next((found[o] for o in node.output if o in found), None)
    if axis is None or node.op_type in _CHANGING:
      continue
    if node.op_type == "Transpose":
      perm = values.attributes(node).get("perm") or []
      if axis < len(perm):
        found.setdefault(node.input[0], perm[axis])
      continue
    for name in node.input:
      found.setdefault(name, axis)
  return found


def followed(
  node: onnx.NodeProto, inputs: Iterable[Tensor | None], rank: int
) -> int | None:
  """Axis of the channels of an output, by those of the inputs."""
  if node.op_type in CHANNELS_SECOND:
    return 1
  if node.op_type in _CHANGING:
    return None
  for each in inputs:
    if each and each.channel is not None and len(each.shape or ()) == rank:
      return each.channel
  return None


def shown(
  shape: Sequence[int] | None, channel: int | None, batch: int
) -> tuple[int, ...]:
  """Shape of a node: without the batch, channels last.

  Args:
    shape: shape in ONNX, None if unknown.
    channel: axis of the channels, None if unknown.
    batch: extent of the batch; a first axis of another one is no batch.
  """
  axes = list(range(len(shape or ())))
  if channel is not None and channel < len(axes):
    axes.append(axes.pop(channel))
  if shape and shape[0] == batch and axes[0] == 0:
    axes = axes[1:]
  return tuple(shape[axis] for axis in axes) if shape else ()


def transposed(channel: int | None, perm: Sequence[int]) -> int | None:
  """Axis of the channels after a transposition that moves nothing else.

  Returns:
    The axis; None where other axes change places, or the channels are unknown.
  """
  if channel is None:
    return None
  others = [axis for axis in perm if axis != channel]
  return list(perm).index(channel) if others == sorted(others) else None


def reshaped(tensor: Tensor, shape: Sequence[int]) -> int | None:
  """Axis of the channels after a reshaping; None unless it keeps the axis."""
  former, channel = tensor.shape, tensor.channel
  if former is None or channel is None or former[channel] == 1:
    return None
  before = [extent for extent in former[:channel] if extent != 1]
  for axis, extent in enumerate(shape):
    same = extent == former[channel]
    if same and before == [each for each in shape[:axis] if each != 1]:
      return axis
  return None
