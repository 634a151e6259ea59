"""ONNX operators that work on each number by itself."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from scipy import special

from nasjax.computation import activations
from nasjax.computation.onnx.drafts import Draft
from nasjax.computation.onnx.tensors import Tensor

_DEEPEST = 12  # operators that one activation is made of


def _clip(attrs: Mapping, x, low=None, high=None):
  low = attrs.get("min", -np.inf) if low is None else low
  high = attrs.get("max", np.inf) if high is None else high
  return np.clip(x, low, high)


def _hard_sigmoid(attrs: Mapping, x):
  slope, middle = attrs.get("alpha", 0.2), attrs.get("beta", 0.5)
  return np.clip(slope * x + middle, 0, 1)


def _gelu(attrs: Mapping, x):
  return x * special.ndtr(x)


def _elu(attrs: Mapping, x):
  low = attrs.get("alpha", 1.0) * np.expm1(np.minimum(x, 0))
  return np.where(x > 0, x, low)


def _selu(attrs: Mapping, x):
  low = attrs.get("alpha", 1.67326) * np.expm1(np.minimum(x, 0))
  return attrs.get("gamma", 1.0507) * np.where(x > 0, x, low)


def _thresholded(attrs: Mapping, x):
  return np.where(x > attrs.get("alpha", 1.0), x, 0)


def _plain(function: Callable[..., Any]):
  return lambda _, *inputs: function(*inputs)


FUNCTIONS: dict[str, Callable[..., Any]] = {
  "Relu": _plain(lambda x: np.maximum(x, 0)),
  "Clip": _clip,
  "LeakyRelu": lambda a, x: np.where(x < 0, a.get("alpha", 0.01) * x, x),
  "Elu": _elu,
  "Celu": _elu,
  "Selu": _selu,
  "ThresholdedRelu": _thresholded,
  "Sigmoid": _plain(special.expit),
  "HardSigmoid": _hard_sigmoid,
  "HardSwish": _plain(lambda x: x * np.clip(x / 6 + 0.5, 0, 1)),
  "Swish": lambda a, x: x * special.expit(a.get("alpha", 1.0) * x),
  "Gelu": _gelu,
  "Mish": _plain(lambda x: x * np.tanh(np.logaddexp(x, 0))),
  "Softplus": _plain(lambda x: np.logaddexp(x, 0)),
  "Softsign": _plain(lambda x: x / (1 + np.abs(x))),
  "Tanh": _plain(np.tanh),
  "Erf": _plain(special.erf),
  "Exp": _plain(np.exp),
  "Log": _plain(np.log),
  "Sqrt": _plain(np.sqrt),
  "Reciprocal": _plain(lambda x: 1 / x),
  "Abs": _plain(np.abs),
  "Neg": _plain(np.negative),
  "Sign": _plain(np.sign),
  "Sin": _plain(np.sin),
  "Cos": _plain(np.cos),
  "Floor": _plain(np.floor),
  "Ceil": _plain(np.ceil),
  "Round": _plain(np.round),
  "Add": _plain(np.add),
  "Sub": _plain(np.subtract),
  "Mul": _plain(np.multiply),
  "Div": _plain(np.divide),
  "Pow": _plain(np.power),
  "Max": _plain(lambda x, *rest: np.max(np.broadcast_arrays(x, *rest), axis=0)),
  "Min": _plain(lambda x, *rest: np.min(np.broadcast_arrays(x, *rest), axis=0)),
  "Greater": _plain(lambda x, y: 1.0 * (x > y)),
  "GreaterOrEqual": _plain(lambda x, y: 1.0 * (x >= y)),
  "Less": _plain(lambda x, y: 1.0 * (x < y)),
  "LessOrEqual": _plain(lambda x, y: 1.0 * (x <= y)),
  "Where": _plain(lambda which, x, y: np.where(which > 0, x, y)),
}
"""Operators, as functions of attributes and inputs."""

ARITHMETIC = {
  "Add": "add",
  "Sum": "add",
  "Sub": "sub",
  "Mul": "mul",
  "Div": "div",
}
_NAMED = {
  "LeakyRelu": "leaky_relu",
  "Elu": "elu",
  "HardSigmoid": "hard_sigmoid",
}


def functions(
  operator: str,
  attrs: Mapping,
  inputs: list[Tensor | None],
  drafts: list[Draft],
) -> dict[int, np.ndarray]:
  """What an output is as a function of one number of an earlier draft.

  Args:
    operator: ONNX name.
    attrs: its attributes.
    inputs: its inputs; None for those that are left out.
    drafts: all drafts.

  Returns:
    Values at `activations.POINTS` by the number of the draft.
  """
  function = FUNCTIONS.get(operator)
  variables = [each for each in inputs if each and not each.is_constant]
  shapes = {each.shape for each in variables}
  if function is None or len(shapes) != 1:
    return {}
  if any(each and each.is_constant and each.scalar is None for each in inputs):
    return {}
  known = [_of_input(each, drafts) for each in variables]
  found = {}
  for base in sorted(set.intersection(*map(set, known)))[-_DEEPEST:]:
    values = iter(each[base] for each in known)
    read = [
      each and (each.scalar if each.is_constant else next(values))
      for each in inputs
    ]
    with np.errstate(all="ignore"):
      found[base] = np.asarray(function(attrs, *read), np.float64)
  return found


def _of_input(tensor: Tensor, drafts: list[Draft]) -> dict[int, np.ndarray]:
  own = {tensor.node: activations.POINTS}
  return {**drafts[tensor.node].functions, **own}


def activation(
  operator: str, found: Mapping[int, np.ndarray]
) -> tuple[str, int] | None:
  """Names the activation that functions of earlier drafts are.

  Args:
    operator: ONNX name of the last operator.
    found: what `functions` returned.

  Returns:
    The name, and the draft of which it is one, the nearest there is; None
    where it is none.
  """
  for base in sorted(found, reverse=True):
    name = activations.named(found[base])
    if name:
      return name, base
  if not found or operator in ARITHMETIC:
    return None
  return _NAMED.get(operator, "activation"), max(found)
