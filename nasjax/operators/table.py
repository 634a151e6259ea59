"""The one vocabulary of operators for every search space.

A node of an op-on-node graph carries an operator id: its position in the table.
Feature vectors (one-hot, hyper-dimensional, sentence) are read from this table
and nothing else hard-codes an operator. `register` adds one of your own.
"""

import dataclasses
import functools
import zlib
from typing import Any

import numpy as np

from nasjax import errors


@dataclasses.dataclass(frozen=True)
class Operator:
  """One operator: what it is, its numeric detail, and how people call it.

  Attributes:
    name: unique name, in the style of the DARTS primitives.
    kind: `input`, `output`, `none`, `skip`, `conv`, `pool` or `linear`.
    kernel: (height, width) of the kernel or window; 0 where there is none.
    stride: stride; 0 where it has no meaning.
    padding: padding of each side, in pixels.
    dilation: dilation of a convolution; 0 where it has no meaning.
    depthwise: whether the convolution has one group per channel.
    repeats: how often the convolution is applied in a row.
    pool: `max`, `avg`, or empty.
    hidden: hidden width of a fully connected operator, else 0.
    short: a short sentence, as TG-NAS gives to its sentence encoder.
  """

  name: str
  kind: str
  kernel: tuple[int, int] = (0, 0)
  stride: int = 0
  padding: int = 0
  dilation: int = 0
  depthwise: bool = False
  repeats: int = 0
  pool: str = ""
  hidden: int = 0
  short: str = ""


def _conv(name, size, short, *, dilation=1, depthwise=False, repeats=1):
  return Operator(
    name,
    "conv",
    kernel=(size, size),
    stride=1,
    padding=dilation * (size - 1) // 2,
    dilation=dilation,
    depthwise=depthwise,
    repeats=repeats,
    short=short,
  )


def _pool(name, pool, short):
  return Operator(
    name, "pool", kernel=(3, 3), stride=1, padding=1, pool=pool, short=short
  )


_BUILT_IN: tuple[Operator, ...] = (
  Operator("input", "input", short="input"),
  Operator("output", "output", short="output"),
  Operator("none", "none", short="none"),
  Operator("skip_connect", "skip", short="residual connection"),
  _conv("conv_1x1", 1, "convolution 1 by 1"),
  _conv("conv_3x3", 3, "convolution 3 by 3"),
  _pool("max_pool_3x3", "max", "max pooling 3 by 3"),
  _pool("avg_pool_3x3", "avg", "average pooling 3 by 3"),
  _conv(
    "sep_conv_3x3",
    3,
    "depth-wise separable convolution 3 by 3",
    depthwise=True,
    repeats=2,
  ),
  _conv(
    "sep_conv_5x5",
    5,
    "depth-wise separable convolution 5 by 5",
    depthwise=True,
    repeats=2,
  ),
  _conv(
    "dil_conv_3x3",
    3,
    "dilated convolution 3 by 3",
    dilation=2,
    depthwise=True,
  ),
  _conv(
    "dil_conv_5x5",
    5,
    "dilated convolution 5 by 5",
    dilation=2,
    depthwise=True,
  ),
)

NUM_BUILT_IN = len(_BUILT_IN)
"""Operators that come with nasjax; their ids are below and never change."""
INPUT, OUTPUT, NONE = 0, 1, 2

_operators: list[Operator] = list(_BUILT_IN)
_ids = {operator.name: number for number, operator in enumerate(_BUILT_IN)}


def operators() -> tuple[Operator, ...]:
  """Returns all operators; the id of an operator is its position."""
  return tuple(_operators)


def own_names() -> tuple[str, ...]:
  """Returns the names of the operators that `register` added."""
  return tuple(each.name for each in _operators[NUM_BUILT_IN:])


def register(operator: Operator) -> int:
  """Adds an operator to the table, for spaces that have it.

  No saved predictor changes: a predictor encodes the operators that its own
  space has (`nasjax.operators.encoding`).

  Args:
    operator: the operator; registering an equal one again changes nothing.

  Returns:
    Its id, which depends on the order in which operators are registered.

  Raises:
    UserError: the name is empty or has a comma, or another operator has it.
  """
  _check(operator)
  name = operator.name
  if name not in _ids:
    _ids[name] = len(_operators)
    _operators.append(operator)
    detail_table.cache_clear()
  elif _operators[_ids[name]] != operator:
    raise errors.UserError(
      f"operator {errors.quote(name)}: expected a new name, got that of "
      "another operator; choose another name"
    )
  return _ids[name]


_KINDS = ("input", "output", "none", "skip", "conv", "pool", "linear")
_NUMBERS = ("stride", "padding", "dilation", "repeats", "hidden")


def _check(operator: Any) -> None:
  """Checks an operator that is not one of nasjax."""
  if not isinstance(operator, Operator):
    raise errors.UserError(
      "operator: expected a nasjax.operators.Operator, got "
      f"{errors.quote(operator)}"
    )
  name: Any = operator.name
  if not isinstance(name, str) or not name.strip() or "," in name:
    raise errors.UserError(
      f"operator: expected a name without a comma, got {errors.quote(name)}"
    )
  what = f"operator {errors.quote(name)}"
  if operator.kind not in _KINDS[3:]:
    raise errors.one_of(f"{what}: kind", operator.kind, _KINDS[3:])
  if operator.pool not in ("", "max", "avg"):
    raise errors.one_of(f"{what}: pool", operator.pool, ("", "max", "avg"))
  kernel: Any = operator.kernel
  sizes = [*(kernel if isinstance(kernel, tuple) else ("",))]
  sizes += [getattr(operator, field) for field in _NUMBERS]
  whole = all(type(size) is int and 0 <= size <= 10**6 for size in sizes)
  if not whole or len(kernel) != 2:
    raise errors.UserError(
      f"{what}: expected a kernel of two whole numbers, and whole numbers from "
      f"0 to 1,000,000 for {', '.join(_NUMBERS)}, got {errors.quote(sizes)}"
    )
  if operator.kind == "linear" and not operator.hidden:
    raise errors.UserError(
      f"{what}: expected a hidden width above 0 of a linear operator, got 0"
    )


def operator_id(name: str) -> int:
  """Returns the id of an operator.

  Raises:
    UserError: no operator has that name.
  """
  errors.check_name("operator", name, _ids)
  return _ids[name]


def seeds() -> np.ndarray:
  """A number of each operator that no order of registration changes, `[O]`.

  It is the id of those that come with nasjax, else a checksum of the name;
  uint32.
  """
  return np.array(
    [
      number if number < NUM_BUILT_IN else zlib.crc32(operator.name.encode())
      for number, operator in enumerate(_operators)
    ],
    np.uint32,
  )


def operator_ids(names) -> np.ndarray:
  """Returns the ids `[len(names)]`, int32."""
  return np.array([operator_id(name) for name in names], np.int32)


@functools.cache
def detail_table() -> np.ndarray:
  """Returns the static numeric detail of every operator, `[O, 13]` float32.

  Columns (section 3.2 and table 1 of Wang et al. 2024): convolution kernel
  height and width, padding, stride, dilation, depthwise flag, repeats; pooling
  is-max, is-average, window, padding, stride; hidden width of a fully
  connected operator (log2). Sizes are divided by 4 so that all columns lie
  near [0, 2]. Input, output, skip and none are rows of zeros.
  """
  rows = np.zeros((len(_operators), 13), np.float32)
  for row, op in zip(rows, _operators, strict=True):
    if op.kind == "conv":
      row[:5] = np.array([*op.kernel, op.padding, op.stride, op.dilation]) / 4
      row[5:7] = op.depthwise, op.repeats / 2
    elif op.kind == "pool":
      row[7:9] = op.pool == "max", op.pool == "avg"
      row[9:12] = np.array([op.kernel[0], op.padding, op.stride]) / 4
    elif op.kind == "linear":
      row[12] = np.log2(op.hidden) / 8
  rows.setflags(write=False)
  return rows
