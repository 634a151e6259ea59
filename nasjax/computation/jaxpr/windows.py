"""Rules of operators that slide a window: convolutions and pools."""

import math

from nasjax.computation.jaxpr import rules
from nasjax.computation.jaxpr.interpreter import REDUCTIONS
from nasjax.computation.jaxpr.rules import Match
from nasjax.computation.jaxpr.values import (
  BATCH,
  CHANNEL,
  SPATIAL,
  UNIT,
  Constant,
  Value,
  extents,
  plain_shape,
)
from nasjax.computation.operators import convolution as operator_of

_LOWEST = -1e4  # padding that no maximum takes, in the narrowest number format


def convolution(value: Value) -> Match:
  """A convolution without bias, the padding before it included."""
  image, kernel = value.inputs
  options, numbers = value.options, value.options["dimension_numbers"]
  groups = options["feature_group_count"]
  size = tuple(kernel.shape[axis] for axis in numbers.rhs_spec[2:])
  channels_in = image.shape[numbers.lhs_spec[1]]
  channels_out = value.shape[numbers.out_spec[1]]
  operator = operator_of(groups, channels_in, channels_out)
  stride = tuple(options["window_strides"])
  places = math.prod(value.shape[axis] for axis in numbers.out_spec[2:])
  if max(options["lhs_dilation"], default=1) > 1:
    operator, stride = "transposed_conv", tuple(options["lhs_dilation"])
    places = math.prod(image.shape[axis] for axis in numbers.lhs_spec[2:])
  inputs = tuple(value.values)
  if isinstance(image, Value):
    inputs = (_unpadded(image, is_zero=True), *inputs[1:])
  return Match(
    operator,
    inputs,
    value.leaves,
    kernel=size,
    stride=stride,
    dilation=tuple(options["rhs_dilation"]),
    groups=groups,
    macs=places * math.prod(size) * channels_in // groups * channels_out,
  )


def _unpadded(value: Value, *, is_zero: bool) -> Value:
  """Goes back over padding with zeros, or with numbers below all others."""
  source = rules.stripped(value)
  if source.primitive != "pad" or not isinstance(source.inputs[1], Constant):
    return value
  fill = source.inputs[1].fill
  widths = source.options["padding_config"]
  plain = all(low >= 0 and high >= 0 and not gap for low, high, gap in widths)
  fits = fill is not None and (fill == 0 if is_zero else fill <= _LOWEST)
  first = source.inputs[0]
  return first if plain and fits and isinstance(first, Value) else value


def _window(value: Value, operator: str) -> Match:
  options = value.options
  names = [role.name for role in value.roles]
  axes = [i for i, name in enumerate(names) if name == SPATIAL]
  if set(options["base_dilation"]) != {1}:
    return rules.other(value)
  source = _unpadded(value.values[0], is_zero=operator == "avg_pool")
  kernel, stride, dilation = (
    tuple(options[key][axis] for axis in axes)
    for key in ("window_dimensions", "window_strides", "window_dilation")
  )
  return Match(
    operator,
    (source,),
    shape=plain_shape(value),
    kernel=kernel,
    stride=stride,
    dilation=dilation if max(dilation, default=1) > 1 else (),
  )


def maximum(value: Value) -> Match:
  """Pooling by the maximum."""
  return _window(value, "max_pool")


def _is_global(value: Value) -> bool:
  """Whether a reduction is over all pixels, and over nothing else."""
  source = value.values[0]
  names = [role.name for role in source.roles]
  gone = {names[axis] for axis in value.options["axes"]}
  left = {
    name
    for axis, name in enumerate(names)
    if axis not in value.options["axes"] and source.shape[axis] > 1
  }
  return gone == {SPATIAL} and left <= {BATCH, CHANNEL, UNIT}


def reduction(value: Value) -> Match:
  """A sum or a maximum over axes; global pooling where they are all pixels."""
  if value.primitive == "reduce_max" and _is_global(value):
    shape = extents(value, CHANNEL)
    return Match("global_max_pool", tuple(value.values), shape=shape)
  return Match("reduce", tuple(value.values), name=value.primitive)


def average(value: Value) -> Match | None:
  """A sum over a window or over axes that is divided by how many there are."""
  pair = rules.constant_side(value)
  if pair is None:
    return None
  total = rules.stripped(pair[0])
  if total.primitive == "reduce_window_sum":
    return _window(total, "avg_pool")
  if total.primitive not in REDUCTIONS or pair[1].leaves:
    return None
  if total.primitive == "reduce_sum" and _is_global(total):
    shape = extents(total, CHANNEL)
    return Match("global_avg_pool", tuple(total.values), shape=shape)
  return Match("reduce", tuple(total.values), name="mean")
