"""What operator a value is the result of: rules by primitive.

A rule reads backwards from the last primitive of an operator and says which
earlier values the operator reads. Values in between have no node.
"""

import dataclasses
import math
from collections.abc import Callable

from nasjax.computation.jaxpr import pointwise
from nasjax.computation.jaxpr.values import (
  Constant,
  Leaf,
  Tensor,
  Value,
  merged,
  order,
  plain_shape,
)


@dataclasses.dataclass(frozen=True)
class Match:
  """An operator, and what it reads; fields as those of `graph.Node`.

  Attributes:
    operator: the operator; empty where the value is the one that is read.
    inputs: the values that it reads.
    leaves: the parameters that it reads.
  """

  operator: str
  inputs: tuple[Value, ...]
  leaves: tuple[Leaf, ...] = ()
  shape: tuple[int, ...] | None = None
  kernel: tuple[int, ...] = ()
  stride: tuple[int, ...] = ()
  dilation: tuple[int, ...] = ()
  groups: int = 1
  bias: bool = False
  macs: int = 0
  name: str = ""


Rule = Callable[[Value], Match | None]


def source_of(value: Value) -> Value | None:
  """The value that has the same numbers in the same order, if there is one."""
  name, inputs = value.primitive, value.inputs
  first = inputs[0] if inputs else None
  if name in ("reshape", "squeeze", "expand_dims", "broadcast_in_dim"):
    return value.values[0] if not _is_resized(value) else None
  if name in _SAME and isinstance(first, Value):
    return first
  if name == "transpose":
    source = value.values[0]
    return source if _keeps_order(source, value) else None
  if name in ("slice", "pad") and isinstance(first, Value):
    is_row = "row" in value.options
    return first if first.shape == value.shape and not is_row else None
  if name in ("concatenate", "stack") and len(inputs) == 1:
    return value.values[0]
  if name == "select_n":
    return _undropped(value) or _counted_from_end(value)
  return _neutral(value)


_SAME = {
  "convert_element_type",
  "copy",
  "name",
  "reduce_precision",
  "sharding_constraint",
  "stop_gradient",
}
_NEUTRAL = {"add": 0, "add_any": 0, "sub": 0, "mul": 1, "div": 1}


def _neutral(value: Value) -> Value | None:
  """Sums with zeros and products with ones are what they were."""
  number = _NEUTRAL.get(value.primitive)
  pair = constant_side(value) if number is not None else None
  if pair is None or pair[0].shape != value.shape:
    return None
  return pair[0] if pair[1].fill == number else None


def _undropped(value: Value) -> Value | None:
  """What dropout reads: some numbers are zeros, the others scaled."""
  mask, *cases = value.inputs
  if not isinstance(mask, Constant) or mask.leaves or mask.fill is not None:
    return None
  if len(value.values) != 1:
    return None
  if not all(isinstance(each, Value) or each.fill == 0 for each in cases):
    return None
  source = value.values[0]
  pair = constant_side(source) if source.primitive in ("mul", "div") else None
  return pair[0] if pair and pair[1].fill is not None else source


def _counted_from_end(value: Value) -> Value | None:
  """An index of which negative numbers count from the end."""
  which, *cases = value.inputs
  if len(cases) != 2 or not isinstance(which, Value):
    return None
  index, moved = cases
  if which.primitive != "lt" or not isinstance(moved, Value):
    return None
  is_wrapped = (
    moved.primitive == "add"
    and which.inputs[0] is moved.inputs[0] is index
    and isinstance(which.inputs[1], Constant)
    and which.inputs[1].fill == 0
  )
  return index if is_wrapped and isinstance(index, Value) else None


def _is_resized(value: Value) -> bool:
  """Whether a reshape merges axes of which one repeats the numbers."""
  source = value.values[0]
  return (
    value.primitive == "reshape"
    and source.primitive == "broadcast_in_dim"
    and len(value.shape) == len(source.values[0].shape)
    and value.size > source.values[0].size
  )


def _keeps_order(source: Value, value: Value) -> bool:
  """Whether a transposition moves only the batch and the channels."""
  moved = [value.options["permutation"][axis] for axis in order(value)]
  kept = [axis for axis in moved if source.shape[axis] > 1]
  before = [axis for axis in order(source) if source.shape[axis] > 1]
  return kept == before


def stripped(value: Value) -> Value:
  """Goes back as long as numbers and their order are the same."""
  while (source := source_of(value)) is not None:
    value = source
  return value


def sides(value: Value) -> list[tuple[Value, Tensor]]:
  """Ways to read a primitive of two inputs as one of a main and a side."""
  first, second = value.inputs
  found: list[tuple[Value, Tensor]] = []
  if isinstance(first, Value):
    found.append((first, second))
  if isinstance(second, Value) and value.primitive not in ("sub", "div"):
    found.append((second, first))
  return found


def constant_side(value: Value) -> tuple[Value, Constant] | None:
  """The value and the constant that a primitive of two inputs joins."""
  for main, side in sides(value):
    if isinstance(side, Constant):
      return main, side
  return None


def input_(value: Value) -> Match:
  """An input of the network."""
  del value
  return Match("input", ())


def activation(value: Value) -> Match | None:
  """An activation that is known by its numbers."""
  found = pointwise.activation(value)
  if found is None:
    return None
  operator, source, trained = found
  return Match(operator, (source,), merged(trained))


_ARITHMETIC = {
  "add": "add", "add_any": "add", "sub": "sub", "mul": "mul", "div": "div",
}  # fmt: skip


def arithmetic(value: Value) -> Match:
  """Sums, differences, products and quotients."""
  operator = _ARITHMETIC[value.primitive]
  return Match(operator, tuple(value.values), value.leaves)


def other(value: Value) -> Match:
  """A function of one number without a name, or an unknown primitive."""
  inputs, name = tuple(value.values), value.primitive
  is_function = name in pointwise.FUNCTIONS and len(set(inputs)) == 1
  operator = "activation" if is_function else "other"
  return Match(operator, inputs, value.leaves, name=name)


def contraction(value: Value) -> Match:
  """A product with parameters, or of two values."""
  contracted = value.options["dimension_numbers"][0]
  summed = math.prod(value.inputs[0].shape[axis] for axis in contracted[0])
  operator = "linear" if len(value.values) == 1 else "matmul"
  macs = summed * math.prod(plain_shape(value))
  return Match(operator, tuple(value.values), value.leaves, macs=macs)


def features(value: Value) -> int:
  """Width of what a linear layer or a convolution returns; 0 for others."""
  if value.primitive == "conv_general_dilated":
    return value.shape[value.options["dimension_numbers"].out_spec[1]]
  if value.primitive != "dot_general" or len(value.values) != 1:
    return 0
  side = 0 if isinstance(value.inputs[0], Constant) else 1
  contracted, batch = value.options["dimension_numbers"]
  shape = value.inputs[side].shape
  gone = {*contracted[side], *batch[side]}
  return math.prod(n for axis, n in enumerate(shape) if axis not in gone)


def bias(value: Value) -> tuple[Value, Constant] | None:
  """Reads a sum as a layer and its bias."""
  if value.primitive != "add":
    return None
  pair = constant_side(value)
  if pair is None or not pair[1].is_bare or not pair[1].leaves:
    return None
  layer = stripped(pair[0])
  fits = pair[1].leaves[0].size == features(layer)
  return (layer, pair[1]) if fits and layer.uses == 1 else None
