"""Fields of the nodes of operators with weights, windows and axes."""

import dataclasses
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from nasjax import errors
from nasjax.computation.onnx.tensors import Tensor
from nasjax.computation.operators import convolution

Fields = dict[str, Any]
_LOWEST = -1e4  # padding that no maximum takes, in the narrowest number format


@dataclasses.dataclass(frozen=True)
class Call:
  """An operator and what it reads and makes.

  Attributes:
    operator: ONNX name.
    attrs: its attributes.
    inputs: its inputs; None for those that are left out.
    shape: shape of its first output, with the batch; None if unknown.
    batch: extent of the batch.
  """

  operator: str
  attrs: Mapping[str, Any]
  inputs: Sequence[Tensor | None]
  shape: tuple[int, ...] | None
  batch: int

  def get(self, place: int) -> Tensor | None:
    """An input, if there is one."""
    return self.inputs[place] if place < len(self.inputs) else None

  def extents(self, place: int) -> tuple[int, ...]:
    """Shape of an input; empty if it is unknown."""
    tensor = self.get(place)
    return (tensor.shape if tensor else None) or ()

  def per_input(self, shape: Sequence[int] | None) -> int:
    """Numbers of an array for one input; 0 if an extent is unknown."""
    return math.prod(shape) // max(self.batch, 1) if shape else 0


def roots(*tensors: Tensor | None) -> tuple[str, ...]:
  """Arrays of the file that constants are made of, each once."""
  found = [name for t in tensors if t and t.roots for name in sorted(t.roots)]
  return tuple(dict.fromkeys(found))


def _sliding(call: Call, kernel: Sequence[int]) -> Fields:
  """Kernel, stride and dilation."""
  ones = (1,) * len(kernel)
  stride, dilation = (
    tuple(call.attrs.get(name, ones)) for name in ("strides", "dilations")
  )
  if not len(kernel) == len(stride) == len(dilation):
    raise ValueError(f"kernel {kernel[:4]}, strides {stride[:4]}")
  source = call.extents(0)
  if source and 0 not in source and 0 in (call.shape or ()):
    raise ValueError(f"kernel {kernel[:4]} on an input of {source[:6]}")
  return {"kernel": tuple(kernel), "stride": stride, "dilation": dilation}


def _convolution(call: Call, weight: int = 1, bias: int = 2) -> Fields:
  """A convolution, its weights `[out, in / groups, *kernel]`."""
  shape = call.extents(weight)
  groups = call.attrs.get("group", 1)
  kernel = shape[2:] or call.attrs.get("kernel_shape", ())
  outs, ins = (shape[0], shape[1] * groups) if len(shape) > 2 else (0, 0)
  return {
    "operator": convolution(groups, ins, outs),
    "weights": roots(call.get(weight), call.get(bias)),
    "bias": call.get(bias) is not None,
    "groups": groups,
    "macs": call.per_input(call.shape) * math.prod(shape[1:]),
    **_sliding(call, kernel),
  }


def _plain_convolution(call: Call) -> Fields:
  """A convolution whose weights and input have as many channels."""
  source, shape = call.extents(0), call.extents(1)
  if len(source) == len(shape) > 2 and 0 not in (source[1], shape[1]):
    expected = shape[1] * call.attrs.get("group", 1)
    if source[1] != expected:
      raise ValueError(
        f"weights of {expected} channels on an input of {source[1]}"
      )
  return _convolution(call)


def _quantised_convolution(call: Call) -> Fields:
  return _convolution(call, 3, 8)


def _integer_convolution(call: Call) -> Fields:
  return _convolution(call, 1, len(call.inputs))


def _transposed_convolution(call: Call) -> Fields:
  """A transposed convolution, its weights `[in, out / groups, *kernel]`."""
  shape = call.extents(1)
  fields = _convolution(call)
  macs = call.per_input(call.extents(0)) * math.prod(shape[1:])
  return {**fields, "operator": "transposed_conv", "macs": macs}


def _pool(operator: str) -> Callable[[Call], Fields]:
  """A pool; its dilation is empty unless it has one."""

  def rule(call: Call) -> Fields:
    found = _sliding(call, call.attrs.get("kernel_shape", ()))
    if set(found["dilation"]) == {1}:
      found["dilation"] = ()
    return {"operator": operator, **found}

  return rule


def _product(call: Call, second: int = 1, bias: Tensor | None = None) -> Fields:
  """A product with weights, or of two arrays."""
  constant = [
    each
    for each in (call.get(0), call.get(second))
    if each and each.is_constant
  ]
  left, right = call.extents(0), call.extents(second)
  depth = left[-2 if call.attrs.get("transA") else -1] if len(left) > 1 else 0
  if not depth and len(right) > 1:
    depth = right[-1 if call.attrs.get("transB") else -2]
  return {
    "operator": "linear" if constant else "matmul",
    "weights": roots(*constant, bias),
    "bias": bias is not None,
    "macs": call.per_input(call.shape) * depth,
  }


def _gemm(call: Call) -> Fields:
  return _product(call, bias=call.get(2))


def _quantised_product(call: Call) -> Fields:
  return _product(call, 3)


def _einsum(call: Call) -> Fields:
  """A sum of products over the letters that the result has not."""
  text = str(call.attrs.get("equation", "")).replace(" ", "")
  extents: dict[str, int] = {}
  for place, letters in enumerate(text.partition("->")[0].split(",")):
    shape = call.extents(place)
    if len(letters) == len(shape):
      extents.update(zip(letters, shape, strict=True))
  constant = [each for each in call.inputs if each and each.is_constant]
  numbers = call.per_input(list(extents.values()))
  return {
    "operator": "linear" if constant else "matmul",
    "weights": roots(*constant),
    "macs": numbers if set(extents) >= set(text) - set(",->.") else 0,
  }


def _batch_norm(call: Call) -> Fields:
  return {
    "operator": "batch_norm",
    "weights": roots(call.get(1), call.get(2)),
    "statistics": roots(call.get(3), call.get(4)),
  }


def _normalisation(operator: str) -> Callable[[Call], Fields]:
  return lambda call: {
    "operator": operator,
    "weights": roots(call.get(1), call.get(2)),
  }


def _prelu(call: Call) -> Fields:
  return {"operator": "prelu", "weights": roots(call.get(1))}


def _gather(call: Call) -> Fields:
  table = call.get(0)
  if table and table.is_constant:
    return {"operator": "embedding", "weights": roots(table)}
  return {"operator": "slice"}


def _pad(call: Call) -> Fields:
  """Padding; its source says with what."""
  value = call.get(2)
  filling = call.attrs.get("value", 0.0) if value is None else value.scalar
  plain = call.attrs.get("mode", "constant") == "constant"
  source = "Pad"
  if plain and filling is not None and filling <= _LOWEST:
    source = "Pad with the lowest"
  elif plain and filling == 0:
    source = "Pad with zeros"
  return {"operator": "pad", "source": source}


def _recurrent(call: Call) -> Fields:
  """A recurrent layer: its weights `[directions, gates, in]`, each step."""
  steps = call.extents(0)[0] if call.extents(0) else 0
  batch = max(call.batch, 1) if call.batch in call.extents(0)[1:2] else 1
  size = sum(math.prod(call.extents(place)) for place in (1, 2))
  return {
    "operator": "other",
    "name": call.operator,
    "weights": roots(*call.inputs[1:4]),
    "macs": steps * size * (call.extents(0)[1:2] or (1,))[0] // batch,
  }


def _plain(operator: str) -> Callable[[Call], Fields]:
  """An operator whose constants are no parameters."""
  return lambda call: {"operator": operator}


def _joined(operator: str) -> Callable[[Call], Fields]:
  """An operator whose constants are parameters, single numbers excepted."""

  def rule(call: Call) -> Fields:
    many = [each for each in call.inputs if each and each.size > 1]
    return {"operator": operator, "weights": roots(*many)}

  return rule


LAYERS: dict[str, Callable[[Call], Fields]] = {
  "Conv": _plain_convolution,
  "ConvInteger": _integer_convolution,
  "QLinearConv": _quantised_convolution,
  "ConvTranspose": _transposed_convolution,
  "Gemm": _gemm,
  "MatMul": _product,
  "MatMulInteger": _product,
  "QLinearMatMul": _quantised_product,
  "Einsum": _einsum,
  "BatchNormalization": _batch_norm,
  "LayerNormalization": _normalisation("layer_norm"),
  "RMSNormalization": _normalisation("layer_norm"),
  "InstanceNormalization": _normalisation("instance_norm"),
  "GroupNormalization": _normalisation("group_norm"),
  "PRelu": _prelu,
  "Softmax": _plain("softmax"),
  "LogSoftmax": _plain("activation"),
  "Hardmax": _plain("activation"),
  "MaxPool": _pool("max_pool"),
  "AveragePool": _pool("avg_pool"),
  "LpPool": _pool("avg_pool"),
  "GlobalAveragePool": _plain("global_avg_pool"),
  "GlobalLpPool": _plain("global_avg_pool"),
  "GlobalMaxPool": _plain("global_max_pool"),
  "Add": _joined("add"),
  "Sum": _joined("add"),
  "Mean": _joined("add"),
  "Sub": _joined("sub"),
  "Mul": _joined("mul"),
  "Div": _joined("div"),
  "Concat": _joined("concat"),
  "Split": _plain("split"),
  "Slice": _plain("slice"),
  "Gather": _gather,
  "Pad": _pad,
  "Resize": _plain("resize"),
  "Upsample": _plain("resize"),
  "Expand": _plain("resize"),
  "Tile": _plain("resize"),
  "DepthToSpace": _plain("reshape"),
  "SpaceToDepth": _plain("reshape"),
  "Transpose": _plain("transpose"),
  "ArgMax": _plain("reduce"),
  "ArgMin": _plain("reduce"),
  "LSTM": _recurrent,
  "GRU": _recurrent,
  "RNN": _recurrent,
}
"""Operators of ONNX and what their nodes have."""

LAYERS.update(
  {
    f"Reduce{name}": _plain("reduce")
    for name in (
      "Mean",
      "Sum",
      "Max",
      "Min",
      "Prod",
      "L1",
      "L2",
      "SumSquare",
      "LogSum",
      "LogSumExp",
    )
  }
)


def fields(call: Call) -> Fields:
  """Returns the fields of a node; an unknown operator is `other`."""
  known = LAYERS.get(call.operator)
  if known is not None:
    return known(call)
  return {
    "operator": "other",
    "name": _shown(call.operator),
    "weights": roots(*call.inputs),
  }


def _shown(name: str) -> str:
  """A name of a foreign file, which is quoted unless it is short and plain."""
  plain = name.isprintable() and len(name) <= errors.QUOTED
  return name if plain else errors.quote(name)
