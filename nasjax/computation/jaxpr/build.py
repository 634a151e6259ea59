"""The graph of the operators that the outputs of a network need."""

from collections.abc import Callable, Sequence

from nasjax.computation.graph import ComputationGraph, Node
from nasjax.computation.jaxpr import norms, rules, windows
from nasjax.computation.jaxpr.rules import Match, Rule
from nasjax.computation.jaxpr.values import (
  Constant,
  Leaf,
  Tensor,
  Value,
  plain_shape,
)


def _operator(name: str) -> Callable[[Value], Match]:
  def rule(value: Value) -> Match:
    return Match(name, tuple(value.values), value.leaves)

  return rule


def _biased(value: Value) -> Match | None:
  pair = rules.bias(value)
  if pair is None:
    return None
  layer, bias = pair
  found = match(layer)
  fields = {**vars(found), "bias": True}
  fields["leaves"] = found.leaves + bias.leaves
  return Match(**fields)


def _gathered(value: Value) -> Match:
  table, places = value.inputs[:2]
  if isinstance(table, Constant):
    return Match("embedding", tuple(value.values), value.leaves)
  if isinstance(places, Constant):
    return Match("slice", tuple(value.values))
  return rules.other(value)


_SUM: tuple[Rule, ...] = (
  norms.normalisation,
  _biased,
  norms.softmax,
  rules.activation,
  rules.arithmetic,
)
_PRODUCT: tuple[Rule, ...] = (
  norms.normalisation,
  windows.average,
  norms.softmax,
  rules.activation,
  rules.arithmetic,
)
_RULES: dict[str, tuple[Rule, ...]] = {
  "add": _SUM,
  "add_any": _SUM,
  "concatenate": (_operator("concat"),),
  "conv_general_dilated": (windows.convolution,),
  "div": _PRODUCT,
  "dot_general": (rules.contraction,),
  "dynamic_slice": (_operator("slice"),),
  "gather": (_gathered,),
  "input": (rules.input_,),
  "mul": _PRODUCT,
  "pad": (_operator("pad"),),
  "reduce_max": (windows.reduction,),
  "reduce_min": (windows.reduction,),
  "reduce_sum": (windows.reduction,),
  "reduce_window_max": (windows.maximum,),
  "reshape": (_operator("resize"),),
  "resize": (_operator("resize"),),
  "slice": (_operator("slice"),),
  "split": (_operator("split"),),
  "stack": (_operator("concat"),),
  "sub": _SUM,
  "transpose": (_operator("transpose"),),
}
_ANY: tuple[Rule, ...] = (rules.activation, rules.other)


def match(value: Value) -> Match:
  """Returns the operator whose result a value is."""
  for rule in _RULES.get(value.primitive, _ANY):
    found = rule(value)
    if found is not None:
      return found
  return rules.other(value)


def graph(
  values: Sequence[Value],
  outputs: Sequence[Tensor],
  name: str,
  batch_axes: int = 1,
) -> ComputationGraph:
  """Returns the graph of a network.

  Args:
    values: all values in the order of computation.
    outputs: what the network returns.
    name: name of the network.
    batch_axes: leading axes of outputs that depend on no input that are batch.
  """
  for output in outputs:
    if isinstance(output, Value):
      output.uses += 1
  matches = _needed(values, outputs)
  places: dict[Value, int] = {}
  nodes: list[Node] = []
  counted: set[Leaf] = set()
  for value in values:
    if value not in matches:
      continue
    found = matches[value]
    inputs = tuple(places[rules.stripped(each)] for each in found.inputs)
    places[value] = len(nodes)
    shape = plain_shape(value) if found.shape is None else found.shape
    nodes.append(_node(found, inputs, shape, counted))
  for output in outputs:
    if isinstance(output, Constant):
      shape = output.shape[batch_axes:]
      params = _count(output.leaves, counted)
      nodes.append(Node("constant", shape, params=params))
      source = len(nodes) - 1
    else:
      source = places[rules.stripped(output)]
      shape = plain_shape(output)
    nodes.append(Node("output", shape, (source,)))
  return ComputationGraph(tuple(nodes), name)


def _needed(
  values: Sequence[Value], outputs: Sequence[Tensor]
) -> dict[Value, Match]:
  """Operators that outputs need, and all inputs."""
  wanted = {rules.stripped(each) for each in outputs if isinstance(each, Value)}
  wanted |= {value for value in values if value.primitive == "input"}
  found = {}
  for value in reversed(values):
    if value in wanted:
      found[value] = match(value)
      wanted |= {rules.stripped(each) for each in found[value].inputs}
  return found


def _node(
  found: Match,
  inputs: tuple[int, ...],
  shape: tuple[int, ...],
  counted: set[Leaf],
) -> Node:
  return Node(
    found.operator,
    shape,
    inputs,
    kernel=found.kernel,
    stride=found.stride,
    dilation=found.dilation,
    groups=found.groups,
    bias=found.bias,
    params=_count(found.leaves, counted),
    macs=found.macs,
    name=found.name,
  )


def _count(leaves: Sequence[Leaf], counted: set[Leaf]) -> int:
  """Parameters that no earlier node had."""
  new = [
    leaf
    for leaf in dict.fromkeys(leaves)
    if leaf.trainable is not False and leaf not in counted
  ]
  counted.update(new)
  return sum(leaf.size for leaf in new)
