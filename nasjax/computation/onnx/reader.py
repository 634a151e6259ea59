"""Computation graphs of ONNX files."""

import collections
import dataclasses
import math
import pathlib
from collections.abc import Sequence

import onnx

from nasjax import errors, files, foreign
from nasjax.computation.onnx import (
  inputs,
  layers,
  layouts,
  load,
  patterns,
  pointwise,
  tensors,
  values,
)
from nasjax.computation.onnx.drafts import Draft, Reading, finished
from nasjax.computation.onnx.layers import Call
from nasjax.computation.onnx.tensors import Tensor

_PASSED = frozenset(
  {
    "Identity",
    "Dropout",
    "Cast",
    "CastLike",
    "Flatten",
    "Squeeze",
    "Unsqueeze",
    "Reshape",
    "QuantizeLinear",
    "DequantizeLinear",
    "DynamicQuantizeLinear",
  }
)
"""Operators that keep numbers and their order."""

_INFERRED = frozenset(
  {
    *_PASSED,
    *layers.LAYERS,
    *pointwise.FUNCTIONS,
    *values.OPERATORS,
    "Shape",
    "Size",
    "LRN",
    "MeanVarianceNormalization",
  }
)
"""Operators whose shapes are inferred. Of others a file may ask anything, and
the inference of some of them reads outside of its memory."""


def read(path: files.PathLike, shape: Sequence[int] | None = None) -> Reading:
  """Reads the computation graph of an ONNX file.

  Nothing of the file is executed. Memory does not depend on the size of its
  weights, which are not read; external ones have to lie in its folder.

  Args:
    path: the file. Operator sets from 7 on are understood; it may have
      functions, symbolic extents, and weights without numbers.
    shape: shape of the main input without the batch, channels last, such as
      `(224, 224, 3)`; it fills extents that the file leaves open.

  Returns:
    The graph, and which numbers of the file are no parameters. Extents that
    stay open are 0, and so are multiply-adds that depend on them.

  Raises:
    UserError: the file is damaged, has control flow, is too large
      (`load.MAX_NODES`), or the shape does not fit.
  """
  model = load.read(path)
  advice = "export the model again"
  if shape is not None:
    advice = f"give another shape, or {advice}"
  with foreign.reading(model.name, "an ONNX model", "export the model again"):
    builder = _Builder(model, shape)
  for node in model.nodes:
    try:
      builder.add(node)
    except errors.UserError:
      raise
    except foreign.DAMAGED as error:
      reason = " ".join(str(error).split())[:160]
      raise errors.UserError(
        f"{model.name}: operator {node.op_type[:40]} "
        f"{errors.quote(node.name)} does not fit what it reads "
        f"({reason or type(error).__name__}); {advice}"
      ) from error
  return builder.finish(pathlib.Path(path).stem)


class _Builder:
  """Reads operators one by one."""

  def __init__(self, model: load.Model, shape: Sequence[int] | None):
    self._model = model
    self._drafts: list[Draft] = []
    self._wanted = layouts.wanted(model.nodes)
    self._sizes = {n: math.prod(t.dims) for n, t in model.initialisers.items()}
    self._floats = {
      name
      for name, each in model.initialisers.items()
      if each.data_type in tensors.FLOATS
    }
    self._uses = collections.Counter(
      [name for node in model.nodes for name in node.input]
      + [each.name for each in model.outputs]
    )
    self._known: dict[str, Tensor] = {
      name: tensors.of_proto(each) for name, each in model.initialisers.items()
    }
    found = inputs.of_model(model, self._wanted, shape)
    self._batch = found.batch
    for name, tensor in found.tensors.items():
      self._draft("input", name, tensor)

  def _draft(
    self, operator: str, output: str, tensor: Tensor, **fields
  ) -> Draft:
    """Adds a node that makes a named tensor."""
    made = dataclasses.replace(tensor, node=len(self._drafts))
    shape = fields.pop("shape", None)
    if shape is None:
      shape = layouts.shown(made.shape, made.channel, self._batch)
    draft = Draft(operator, made, shape, uses=self._uses[output], **fields)
    self._drafts.append(draft)
    self._known[output] = made
    return draft

  def add(self, node: onnx.NodeProto) -> None:
    """Adds an operator."""
    attrs = values.attributes(node)
    read = [self._known[name] if name else None for name in node.input]
    made = self._outputs(node, attrs, read)
    if node.op_type in ("Shape", "Size") or all(
      each is None or each.is_constant for each in read
    ):
      self._constants(node, attrs, read, made)
      return
    call = Call(node.op_type, attrs, read, made[0].shape, self._batch)
    if node.domain not in ("", "ai.onnx"):
      call = dataclasses.replace(call, operator=f"{node.domain}.{node.op_type}")
    if not self._passed(node, call, made):
      self._operator(node, call, made)

  def _outputs(self, node, attrs, read) -> list[Tensor]:
    """Tensors of the outputs of an operator, as far as they are known."""
    inferred = None
    if node.op_type in _INFERRED:
      inferred = tensors.infer(node, attrs, read, self._model.opsets)
    found = []
    for place, name in enumerate(node.output):
      shape, dtype = inferred[place] if inferred else (None, 0)
      declared = self._model.declared.get(name)
      if declared is not None:
        stated = inputs.declared(declared, self._batch)
        shape = _merged(shape, stated)
        dtype = dtype or declared.type.tensor_type.elem_type
      channel = layouts.followed(node, read, len(shape or ()))
      if channel is None:
        channel = self._wanted.get(name)
      found.append(Tensor(shape, dtype or 1, channel=channel))
    return found

  def _constants(self, node, attrs, read, made: list[Tensor]) -> None:
    """Outputs of an operator that depends on no input."""
    value = None
    if node.op_type in ("Shape", "Size"):
      value = inputs.shape_value(node.op_type, attrs, read[0])
    elif all(each.size <= values.MOST for each in made):
      arrays = [each and each.value for each in read]
      value = values.compute(node.op_type, attrs, arrays)
    for name, tensor in zip(node.output, made, strict=True):
      first = tensor is made[0]
      self._known[name] = dataclasses.replace(
        tensor,
        shape=value.shape if first and value is not None else tensor.shape,
        value=value if first else None,
        roots=(roots := self._roots(node, read, name, tensor)),
        under_root=_under_root(node, read, roots),
      )

  def _roots(self, node, read, name: str, tensor: Tensor) -> frozenset[str]:
    """Arrays of the file of which a constant is made."""
    filled = node.op_type == "ConstantOfShape"
    if node.op_type in ("Shape", "Size") or (
      filled and node.input[0] not in self._model.initialisers
    ):
      return frozenset()
    if filled or node.op_type == "Constant":
      if not tensors.may_be_weight(tensor.dtype):
        return frozenset()
      self._sizes[name] = tensor.size
      if tensor.dtype in tensors.FLOATS:
        self._floats.add(name)
      return frozenset({name})
    if node.op_type == "DequantizeLinear":
      return frozenset({*read[0].roots, node.input[0]} & set(self._sizes))
    found = layers.roots(*read)
    many = {root for root in found if self._sizes[root] > 1}
    return frozenset(many or found)

  def _passed(self, node, call: Call, made: list[Tensor]) -> bool:
    """Passes a tensor through operators that keep its numbers and order."""
    source = call.inputs[0]
    if source is None or source.is_constant:
      return False
    channel = None
    if node.op_type == "Transpose":
      perm = call.attrs.get("perm") or []
      channel = layouts.transposed(source.channel, perm)
      if channel is None and list(perm) != sorted(perm):
        return False
    elif call.operator in _PASSED:
      channel = layouts.reshaped(source, made[0].shape or ())
    elif not _does_nothing(call, source):
      return False
    if channel is None:
      channel = made[0].channel
    self._alias(
      node.output[0], dataclasses.replace(made[0], channel=channel), source.node
    )
    for name, tensor in zip(node.output[1:], made[1:], strict=True):
      self._known[name] = dataclasses.replace(tensor, roots=frozenset())
    return True

  def _alias(self, name: str, tensor: Tensor, number: int) -> None:
    """Names another tensor that a draft makes."""
    self._known[name] = dataclasses.replace(tensor, node=number)
    self._drafts[number].uses += self._uses[name] - 1

  def _operator(self, node, call: Call, made: list[Tensor]) -> None:
    """Adds an operator as a node, or to the node that it is a part of."""
    drafts = self._drafts
    joined = patterns.absorbed(call, drafts) or patterns.mean(call, drafts)
    if joined is not None:
      self._alias(node.output[0], made[0], joined.tensor.node)
      joined.uses = self._uses[node.output[0]]
      return
    functions = pointwise.functions(
      call.operator, call.attrs, list(call.inputs), drafts
    )
    found = pointwise.activation(call.operator, functions)
    if found and found[0] == "identity":
      self._alias(node.output[0], made[0], found[1])
      return
    fields = self._fields(call, found)
    added = False
    for name, tensor in zip(node.output, made, strict=True):
      if name and (not added or fields["operator"] == "split"):
        draft = self._draft(output=name, tensor=tensor, **fields)
        draft.functions = functions
        added = True
      elif name:
        self._known[name] = dataclasses.replace(
          tensor, node=len(drafts) - 1, channel=None
        )

  def _fields(self, call: Call, found: tuple[str, int] | None) -> dict:
    """Fields of the node of an operator."""
    drafts = self._drafts
    if found:
      return {
        "operator": found[0],
        "inputs": (found[1],),
        "source": call.operator,
      }
    norm = patterns.layer_norm(call, drafts)
    if norm is not None:
      source = {"operator": "layer_norm", "source": "layer_norm"}
      return {**source, "inputs": (norm,)}
    affine = patterns.batch_norm(call, drafts)
    if affine is not None:
      return {
        "operator": "batch_norm",
        "inputs": (affine.source,),
        "weights": affine.weights,
        "statistics": affine.statistics,
      }
    read = tuple(t.node for t in call.inputs if t and not t.is_constant)
    fields = layers.fields(call)
    fields.update(inputs.pooled(call))
    return {
      "source": call.operator,
      **fields,
      "inputs": patterns.unpadded(call, read, drafts),
      "constant": next((t for t in call.inputs if t and t.is_constant), None),
    }

  def finish(self, name: str) -> Reading:
    """Adds the outputs and makes the graph."""
    for each in self._model.outputs:
      tensor = self._known.get(each.name)
      if tensor is None:
        raise errors.UserError(
          f"{self._model.name}: nothing makes the output "
          f"{errors.quote(each.name)}; export the model again"
        )
      if tensor.is_constant:
        weights = layers.roots(tensor)
        tensor = self._draft("constant", "", tensor, weights=weights).tensor
      shape = self._drafts[tensor.node].shape
      self._draft("output", "", tensor, inputs=(tensor.node,), shape=shape)
    return finished(self._drafts, self._sizes, self._floats, name)


def _under_root(
  node: onnx.NodeProto, read: Sequence[Tensor | None], roots: frozenset[str]
) -> frozenset[str]:
  """Arrays of a constant of which a square root was taken."""
  if node.op_type == "Sqrt":
    return roots
  return frozenset().union(*(each.under_root for each in read if each))


def _merged(
  inferred: tuple[int, ...] | None, stated: tuple[int, ...] | None
) -> tuple[int, ...] | None:
  """Fills unknown extents by those that the file states."""
  if inferred is None or stated is None or len(inferred) != len(stated):
    return stated if inferred is None else inferred
  return tuple(a or b for a, b in zip(inferred, stated, strict=True))


def _does_nothing(call: Call, source: Tensor) -> bool:
  """Whether an operator leaves its input as it is, by shape or by number."""
  alike = source.shape is not None and 0 not in source.shape
  if call.operator in ("Expand", "Tile", "Pad", "Slice"):
    return alike and call.shape == source.shape
  single = sum(each is not None for each in call.inputs) == 1
  return call.operator in ("Concat", "Sum", "Max", "Min", "Mean") and single
