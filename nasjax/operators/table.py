"""The one vocabulary of operators for every search space.

A node of an op-on-node graph carries an operator id: its position in the table.
Feature vectors (one-hot, hyper-dimensional, sentence) are read from this table
and nothing else hard-codes an operator. `register` adds one of your own.
"""

import functools
import zlib
from typing import Any

import numpy as np

from nasjax import errors
from nasjax.operators import built_in

Operator = built_in.Operator
_BUILT_IN = built_in.BUILT_IN

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
    UserError: the name is empty or has a comma, another operator has it, or a
      field has a value that its kind cannot have.
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
_TEXTS = ("short", "medium", "long", "sentence")
_MOST_TEXT = 1000


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
  _check_window(what, operator)
  _check_texts(what, operator)


def _check_window(what: str, operator: Operator) -> None:
  """Checks what a convolution or a pooling computes."""
  if operator.kind in ("conv", "pool") and not min(operator.kernel):
    raise errors.UserError(
      f"{what}: expected a kernel of at least (1, 1) of kind "
      f"{operator.kind!r}, got {operator.kernel}"
    )
  if operator.kind == "pool" and not operator.pool:
    raise errors.UserError(
      f"{what}: expected pool='max' or pool='avg' of kind 'pool', got none"
    )
  if not isinstance(operator.depthwise, bool):
    raise errors.UserError(
      f"{what}: expected True or False as depthwise, got "
      f"{errors.quote(operator.depthwise)}"
    )


def _check_texts(what: str, operator: Operator) -> None:
  """Checks the sentences of an operator; they may be empty."""
  for field in _TEXTS:
    text: Any = getattr(operator, field)
    if not isinstance(text, str) or len(text) > _MOST_TEXT:
      raise errors.UserError(
        f"{what}: expected a text of at most {_MOST_TEXT:,} characters as its "
        f"{field}, got {errors.quote(text)}"
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
