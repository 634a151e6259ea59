"""Runs a jaxpr on descriptions of tensors; nothing is computed.

Calls are inlined and loops of known length unrolled. Numbers that do not depend
on parameters are folded where all elements are one number.
"""

import math
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend import core

from nasjax import errors
from nasjax.computation.jaxpr import axes, pointwise
from nasjax.computation.jaxpr.values import (
  Constant,
  Leaf,
  Tensor,
  Value,
  merged,
)

LIMIT = 200_000
"""Most primitives of a network, loops unrolled."""

SHAPES = {
  "broadcast_in_dim",
  "convert_element_type",
  "copy",
  "expand_dims",
  "reshape",
  "squeeze",
  "stop_gradient",
  "transpose",
}
"""Primitives that change no number."""

REDUCTIONS = {"reduce_sum", "reduce_max", "reduce_min"}

_CALLS = ("jaxpr", "call_jaxpr", "fun_jaxpr")
_OF_BITS = {"and", "or", "not", "div"}  # another thing for whole numbers
_OF_ZEROS = {"div", "reduce_max", "reduce_sum", "reduce_window_sum"}
_OTHERS = {"pallas_call", "run_state", "shard_map"}  # of another kind inside
_LOOPS = {"scan", "while", "cond"}
_WHOLE = {"_resize": "resize"}  # functions of JAX that are one operator


class Interpreter:
  """Values of a network in the order in which they are computed.

  Attributes:
    values: all of them, inputs first.
  """

  def __init__(self):
    self.values: list[Value] = []
    self._slices: dict[tuple[Leaf, int], Leaf] = {}
    # The arrays are kept, so that no other one gets their address.
    self._held: dict[int, tuple[Any, Constant]] = {}

  def input(self, shape: tuple[int, ...], roles: axes.Roles) -> Value:
    """Adds an input of the network."""
    value = Value(shape, "input", (), {}, len(self.values), roles)
    self.values.append(value)
    return value

  def run(
    self, jaxpr: Any, constants: Sequence[Tensor], inputs: Sequence[Tensor]
  ) -> list[Tensor]:
    """Returns what a jaxpr returns for these tensors."""
    known: dict[Any, Tensor] = {}
    known.update(zip(jaxpr.constvars, constants, strict=True))
    known.update(zip(jaxpr.invars, inputs, strict=True))

    def read(variable) -> Tensor:
      if isinstance(variable, core.Literal):
        return literal(variable.val)
      return known[variable]

    for equation in jaxpr.eqns:
      operands = [read(each) for each in equation.invars]
      results = self._equation(equation, operands)
      known.update(zip(equation.outvars, results, strict=True))
    return [read(each) for each in jaxpr.outvars]

  def _equation(self, equation, inputs: list[Tensor]) -> list[Tensor]:
    name, options = equation.primitive.name, equation.params
    if name == "optimization_barrier":
      return inputs
    shapes = [tuple(each.aval.shape) for each in equation.outvars]
    if name in _LOOPS:
      return {"scan": self._scan, "while": self._while, "cond": self._cond}[
        name
      ](options, inputs)
    called = next((options[key] for key in _CALLS if key in options), None)
    if name in _OTHERS or called is None:
      return self._results(name, inputs, options, shapes)
    whole = _WHOLE.get(options.get("name"), "")
    if whole and sum(isinstance(each, Value) for each in inputs) == 1:
      return self._results(whole, inputs, {}, shapes)
    return self._call(called, inputs)

  def _call(self, jaxpr, inputs: Sequence[Tensor]) -> list[Tensor]:
    if isinstance(jaxpr, core.ClosedJaxpr):
      return self.run(jaxpr.jaxpr, self.held(jaxpr.consts), inputs)
    return self.run(jaxpr, (), inputs)

  def held(self, arrays: Sequence[Any]) -> list[Constant]:
    """Arrays that a function holds; one that several hold is one."""
    found = []
    for each in arrays:
      if id(each) not in self._held:
        self._held[id(each)] = each, leaf_of(each)
      found.append(self._held[id(each)][1])
    return found

  def _results(self, name, inputs, options, shapes) -> list[Tensor]:
    if all(isinstance(each, Constant) for each in inputs):
      return [_folded(name, inputs, options, shape) for shape in shapes]
    return [
      self._value(name, inputs, {**options, "result": number}, shape)
      for number, shape in enumerate(shapes)
    ]

  def _value(self, name, inputs, options, shape) -> Value:
    if len(self.values) >= LIMIT:
      raise errors.UserError(
        f"from_jax: expected at most {LIMIT} primitives with loops unrolled, "
        "got more; give a function of fewer steps"
      )
    value = Value(shape, name, tuple(inputs), options, len(self.values))
    value.roles = axes.of_result(name, inputs, options, shape)
    read = value.values
    for each in read:
      each.uses += 1
    keeps = name in pointwise.FUNCTIONS or name in SHAPES
    value.is_statistic = name in REDUCTIONS or (
      keeps and all(each.is_statistic for each in read)
    )
    value.has_root = value.is_statistic and (
      name in ("sqrt", "rsqrt") or any(each.has_root for each in read)
    )
    self.values.append(value)
    return value

  def _scan(self, options, inputs: list[Tensor]) -> list[Tensor]:
    fixed, carried = options["num_consts"], options["num_carry"]
    constants, carry = inputs[:fixed], inputs[fixed : fixed + carried]
    series = inputs[fixed + carried :]
    steps = range(options["length"])
    rows = []
    for step in reversed(steps) if options["reverse"] else steps:
      row = [self._step(each, step) for each in series]
      results = self._call(options["jaxpr"], [*constants, *carry, *row])
      carry = results[:carried]
      rows.append(results[carried:])
    rows = rows[::-1] if options["reverse"] else rows
    return carry + [self._stacked(column) for column in zip(*rows, strict=True)]

  def _step(self, tensor: Tensor, step: int) -> Tensor:
    """One row of what a loop runs over; of parameters, those of the row."""
    shape = tensor.shape[1:]
    if isinstance(tensor, Value):
      return self._value("slice", [tensor], {"row": step}, shape)
    leaves = tuple(
      self._slices.setdefault(
        (leaf, step), Leaf(leaf.size // tensor.shape[0], leaf.trainable)
      )
      if tensor.is_bare
      else leaf
      for leaf in tensor.leaves
    )
    return Constant(shape, tensor.fill, leaves, tensor.is_bare, tensor.has_root)

  def _stacked(self, rows: Sequence[Tensor]) -> Tensor:
    shape = (len(rows), *rows[0].shape)
    return self._results("stack", list(rows), {}, [shape])[0]

  def _while(self, options, inputs: list[Tensor]) -> list[Tensor]:
    split = options["cond_nconsts"], options["body_nconsts"]
    tests, fixed = inputs[: split[0]], inputs[split[0] : sum(split)]
    carry = inputs[sum(split) :]
    for _ in range(LIMIT):
      (goes_on,) = self._call(options["cond_jaxpr"], [*tests, *carry])
      if not isinstance(goes_on, Constant) or goes_on.fill is None:
        raise _refused("a while loop whose length depends on numbers")
      if not goes_on.fill:
        return carry
      carry = self._call(options["body_jaxpr"], [*fixed, *carry])
    raise _refused(f"a while loop of more than {LIMIT} steps")

  def _cond(self, options, inputs: list[Tensor]) -> list[Tensor]:
    which, branches = inputs[0], options["branches"]
    if not isinstance(which, Constant):
      raise _refused("a branch (lax.cond, lax.switch) that depends on an input")
    if which.fill is None:
      raise _refused("a branch (lax.cond, lax.switch) that numbers choose")
    chosen = min(max(int(which.fill), 0), len(branches) - 1)
    return self._call(branches[chosen], inputs[1:])


def _refused(what: str) -> errors.UserError:
  return errors.UserError(
    f"from_jax: expected a function of fixed operators, got {what}; fix it "
    "before the function is traced"
  )


def literal(value: Any) -> Constant:
  """A number of a jaxpr."""
  shape = tuple(getattr(value, "shape", ()))
  fill = getattr(value, "item", lambda: value)() if shape == () else None
  return Constant(shape, fill)


def leaf_of(array: Any, trainable: bool | None = None) -> Constant:
  """An array that a function holds, or a parameter that is given to it."""
  shape = tuple(array.shape)
  is_number = shape == () and hasattr(array, "item") and trainable is None
  if is_number and not jnp.issubdtype(array.dtype, jax.dtypes.extended):
    return literal(array)
  if not jnp.issubdtype(array.dtype, jnp.inexact):
    return Constant(shape)
  leaves = (Leaf(math.prod(shape), trainable),)
  return Constant(shape, None, leaves, is_bare=True)


def _folded(name, inputs, options, shape) -> Constant:
  """The result of a primitive that reads constants alone."""
  fill = _fill(name, [each.fill for each in inputs], options)
  if fill is not None and options.get("new_dtype") is not None:
    fill = options["new_dtype"].type(fill).item()
  is_bare = name in SHAPES and len(inputs) == 1 and inputs[0].is_bare
  has_root = fill is None and (
    name in ("sqrt", "rsqrt") or any(each.has_root for each in inputs)
  )
  return Constant(shape, fill, merged(inputs), is_bare, has_root)


def _fill(name: str, fills: Sequence[Any], options: dict[str, Any]) -> Any:
  """The number that fills the result, if it is known."""
  if (name in _OF_ZEROS and fills[0] == 0) or (name == "mul" and 0 in fills):
    return 0
  if not fills or None in fills:
    return None
  if name in SHAPES or name == "slice":
    return fills[0]
  if name in _OF_BITS and not isinstance(fills[0], bool | float):
    return None
  if name in pointwise.FUNCTIONS:
    return np.asarray(pointwise.apply(name, options, fills)).item()
  return None
