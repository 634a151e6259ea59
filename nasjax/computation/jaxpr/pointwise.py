"""Primitives that work number by number, and the activations made of them.

An activation is known by its values, so that any way of writing it counts:
`x * sigmoid(x)` and `x / (1 + exp(-x))` are one.
"""

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from scipy import special

from nasjax.computation import activations
from nasjax.computation.jaxpr.values import Constant, Value

_LIMIT = 40  # primitives of one activation
_PARAMETER = 0.25  # stands for a trained slope


def _select(which: Any, *cases: Any) -> Any:
  return np.choose(np.asarray(which, np.int64), np.broadcast_arrays(*cases))


def _cast(x: Any) -> Any:
  return np.asarray(x, np.float64) if np.asarray(x).dtype == bool else x


FUNCTIONS: dict[str, Callable[..., Any]] = {
  "abs": np.abs,
  "add": np.add,
  "and": np.logical_and,
  "add_any": np.add,
  "clamp": lambda low, x, high: np.clip(x, low, high),
  "convert_element_type": _cast,
  "copy": lambda x: x,
  "cos": np.cos,
  "div": np.true_divide,
  "eq": np.equal,
  "erf": special.erf,
  "erfc": special.erfc,
  "exp": np.exp,
  "exp2": np.exp2,
  "expm1": np.expm1,
  "floor": np.floor,
  "ge": np.greater_equal,
  "gt": np.greater,
  "integer_pow": lambda x, y: np.asarray(x, np.float64) ** y,
  "is_finite": np.isfinite,
  "le": np.less_equal,
  "log": np.log,
  "log1p": np.log1p,
  "logistic": special.expit,
  "lt": np.less,
  "max": np.maximum,
  "min": np.minimum,
  "mul": np.multiply,
  "ne": np.not_equal,
  "neg": np.negative,
  "not": np.logical_not,
  "or": np.logical_or,
  "pow": np.power,
  "reduce_precision": lambda x: x,
  "round": np.round,
  "rsqrt": lambda x: 1 / np.sqrt(x),
  "select_n": _select,
  "sign": np.sign,
  "sin": np.sin,
  "sqrt": np.sqrt,
  "square": np.square,
  "stop_gradient": lambda x: x,
  "sub": np.subtract,
  "tan": np.tan,
  "tanh": np.tanh,
}
"""What a primitive does with numbers of float64."""


def apply(
  primitive: str, options: dict[str, Any], inputs: Sequence[Any]
) -> Any:
  """Applies a primitive to numbers."""
  extra = {"y": options["y"]} if primitive == "integer_pow" else {}
  with np.errstate(all="ignore"):
    return FUNCTIONS[primitive](*inputs, **extra)


@functools.lru_cache(maxsize=4096)
def _named_program(program: tuple[Any, ...]) -> str:
  """Runs a program of numbers and names the function that it is."""
  results: list[Any] = [activations.POINTS]
  for primitive, exponent, operands in program:
    inputs = [
      results[number] if kind == "result" else number
      for kind, number in operands
    ]
    results.append(apply(primitive, {"y": exponent}, inputs))
  found = np.asarray(results[-1], np.float64)
  name = activations.named(np.broadcast_to(found, activations.POINTS.shape))
  return "" if name == "identity" else name


def is_pointwise(value: Value) -> bool:
  """Whether a primitive maps numbers to numbers, with known numbers beside."""
  return value.primitive in FUNCTIONS and all(
    each.fill is not None or each.is_bare
    for each in value.inputs
    if isinstance(each, Constant)
  )


def activation(root: Value) -> tuple[str, Value, tuple[Constant, ...]] | None:
  """Reads a value as an activation of an earlier one.

  The nearest earlier value is taken of which it is one.

  Returns:
    The operator, what it reads, and constants that are parameters of it; None
    where it is no activation.
  """
  region: dict[Value, None] = {}
  frontier = {root: None}
  while len(region) < _LIMIT:
    last = max(frontier, key=lambda value: value.index)
    if not is_pointwise(last):
      return None
    del frontier[last]
    region[last] = None
    frontier |= dict.fromkeys(last.values)
    if len(frontier) == 1:
      source = next(iter(frontier))
      found, trained = _identify(source, region)
      if found:
        return found, source, trained
  return None


def _identify(source: Value, region: dict[Value, None]):
  program, trained = [], []
  place = {source: 0}
  for value in sorted(region, key=lambda value: value.index):
    operands = []
    for each in value.inputs:
      if isinstance(each, Value):
        operands.append(("result", place[each]))
      elif each.fill is None:
        trained.append(each)
        operands.append(("number", _PARAMETER))
      else:
        operands.append(("number", float(each.fill)))
    place[value] = len(program) + 1
    exponent = value.options.get("y")
    program.append((value.primitive, exponent, tuple(operands)))
  name = _named_program(tuple(program))
  if trained:
    name = "prelu" if name == "leaky_relu" else ""
  return name, tuple(trained)
