"""Operators that are part of a node before them, or of one with several.

A bias that is added, the scale and the offset of a normalisation, padding
before a window, and layer and batch normalisation written as arithmetic.
"""

import dataclasses
from collections.abc import Sequence

from nasjax.computation.onnx.drafts import Draft
from nasjax.computation.onnx.layers import Call, roots
from nasjax.computation.onnx.tensors import Tensor

_PADDINGS = {
  "Conv": "Pad with zeros",
  "AveragePool": "Pad with zeros",
  "MaxPool": "Pad with the lowest",
}
_NEAR = 1e-3
_BIASED = (
  "conv",
  "depthwise_conv",
  "grouped_conv",
  "transposed_conv",
  "linear",
)


def _constant_side(
  call: Call, drafts: Sequence[Draft]
) -> tuple[Draft, Tensor] | None:
  """The draft and the constant that an operator joins, if it does."""
  if len(call.inputs) != 2:
    return None
  first, second = call.inputs
  if first and second and first.is_constant and call.operator != "Sub":
    first, second = second, first
  if not first or not second or first.is_constant or not second.is_constant:
    return None
  return drafts[first.node], second


def _is_per_channel(tensor: Tensor, draft: Draft) -> bool:
  """Whether a constant has a number for each channel of a draft."""
  width = draft.shape[-1] if draft.shape else 0
  if not width or tensor.size != width or tensor.shape is None:
    return False
  own = draft.tensor
  rank = len(own.shape or ())
  channel = rank - 1 if own.channel is None else own.channel
  aligned = (1,) * (rank - len(tensor.shape)) + tensor.shape
  return channel < len(aligned) and aligned[channel] == width


def absorbed(call: Call, drafts: Sequence[Draft]) -> Draft | None:
  """Adds a constant to a node that nothing else reads.

  Args:
    call: the operator.
    drafts: all drafts.

  Returns:
    The node, which now does what the operator does; None where it cannot.
  """
  pair = _constant_side(call, drafts)
  if pair is None or call.operator not in ("Add", "Mul"):
    return None
  draft, constant = pair
  if draft.uses != 1 or not _is_per_channel(constant, draft):
    return None
  if draft.operator in _BIASED and call.operator == "Add" and not draft.bias:
    draft.bias = True
  elif draft.source == "layer_norm" and call.operator == "Mul":
    draft.source = "scaled layer_norm"
  elif draft.source.endswith("layer_norm") and call.operator == "Add":
    draft.source = ""
  else:
    return None
  draft.weights += roots(constant)
  return draft


def _made_by(
  draft: Draft, drafts: Sequence[Draft], source: str
) -> Draft | None:
  """The first draft that a draft reads, if a given operator made it."""
  before = drafts[draft.inputs[0]] if draft.inputs else None
  return before if before and before.source == source else None


def layer_norm(call: Call, drafts: Sequence[Draft]) -> int | None:
  """Reads `(x - mean(x)) / sqrt(mean((x - mean(x)) ** 2) + epsilon)`.

  Returns:
    The number of the draft `x`; None where it is something else.
  """
  if call.operator != "Div" or any(not t or t.is_constant for t in call.inputs):
    return None
  centred, root = (drafts[each.node] for each in call.inputs if each)
  shifted = _made_by(root, drafts, "Add") if root.source == "Sqrt" else None
  variance = shifted and _made_by(shifted, drafts, "ReduceMean")
  if not variance or centred.source != "Sub" or len(centred.inputs) != 2:
    return None
  square = drafts[variance.inputs[0]]
  source, mean = centred.inputs
  other = drafts[square.inputs[0]]
  fits = (
    square.source in ("Pow", "Mul")
    and other.source == "Sub"
    and other.inputs == centred.inputs
    and drafts[mean].source == "ReduceMean"
    and drafts[mean].inputs == (source,)
  )
  return source if fits else None


@dataclasses.dataclass(frozen=True)
class Affine:
  """A batch normalisation written as `(x - mean) * factor + offset`.

  Attributes:
    source: number of the draft `x`.
    weights: arrays of the file that are scale and offset.
    statistics: the other arrays of the file in it.
  """

  source: int
  weights: tuple[str, ...]
  statistics: tuple[str, ...]


def batch_norm(call: Call, drafts: Sequence[Draft]) -> Affine | None:
  """Reads `(x - mean) * factor + offset` with constants for each channel.

  Without the mean, which is then in the offset, the factor has to have a square
  root: that of the variance.
  """
  pair = _constant_side(call, drafts)
  if call.operator != "Add" or pair is None:
    return None
  product, offset = pair
  factor = product.constant
  if (
    product.source != "Mul"
    or product.uses != 1
    or len(product.inputs) != 1
    or factor is None
    or not factor.roots
    or not _is_per_channel(offset, product)
  ):
    return None
  scale, variance = _scale(factor)
  rest = [name for name in roots(offset) if name not in factor.roots]
  centred = _made_by(product, drafts, "Sub")
  if centred and centred.weights and centred.uses == len(centred.inputs) == 1:
    statistics = (*centred.weights, *variance)
    return Affine(centred.inputs[0], (*scale, *rest), statistics)
  if not factor.under_root:
    return None
  mean, bias = rest[:1], rest[1:]
  return Affine(product.inputs[0], (*scale, *bias), (*mean, *variance))


def _scale(factor: Tensor) -> tuple[list[str], list[str]]:
  """Arrays that are the scale, and those that are the variance."""
  names = roots(factor)
  if factor.under_root:
    return (
      [name for name in names if name not in factor.under_root],
      sorted(factor.under_root),
    )
  return list(names[-1:]), list(names[:-1])


def mean(call: Call, drafts: Sequence[Draft]) -> Draft | None:
  """Makes a sum that is divided by how many numbers it has a mean.

  Returns:
    The node of the sum; None where it is something else.
  """
  pair = _constant_side(call, drafts)
  if call.operator not in ("Div", "Mul") or pair is None:
    return None
  total, number = pair
  if not total.source.startswith("ReduceSum") or total.uses != 1:
    return None
  whole = drafts[total.inputs[0]].tensor.size
  share = number.scalar or 0
  share = share if call.operator == "Mul" else 1 / (share or 1)
  if not whole or abs(share * whole / total.tensor.size - 1) > _NEAR:
    return None
  if total.source == "ReduceSum of pixels":
    total.operator = "global_avg_pool"
  total.source = "ReduceMean"
  return total


def unpadded(
  call: Call, inputs: tuple[int, ...], drafts: Sequence[Draft]
) -> tuple[int, ...]:
  """Has a window read what is padded before it: it could pad by itself."""
  if call.operator not in _PADDINGS or not inputs:
    return inputs
  draft = drafts[inputs[0]]
  if draft.source != _PADDINGS[call.operator]:
    return inputs
  same = draft.shape[-1:] == drafts[draft.inputs[0]].shape[-1:]
  return (draft.inputs[0], *inputs[1:]) if same else inputs
