"""Counts the floating-point operations of a model, from its traced program."""

import math
from typing import Any

import flax.linen as nn
import jax

from nasjax.features import inputs
from nasjax.spaces import base as spaces_base


def per_architecture(
  model: nn.Module, params: Any, space: spaces_base.Space, prune: bool
) -> float:
  """Operations of scoring one architecture with one member.

  A matrix product of `[m, k]` by `[k, n]` counts `2 m k n`, as it is computed
  (padded nodes included). Sums over neighbours that are computed as products
  and a reduction count one operation an element. Building the graph is left
  out: it moves integers.

  Args:
    model: the module.
    params: parameters, leaves `[R, ...]`.
    space: the space.
    prune: whether dead nodes are removed.
  """
  return float(_count(_traced(model, params, space, prune)))


def bytes_per_architecture(
  model: nn.Module, params: Any, space: spaces_base.Space, prune: bool
) -> float:
  """Bytes of activations that matrix products read and write, and sums write.

  Arguments as in `per_architecture`. Weights are not counted, nor what a sum
  reads: it is fused with the element-wise steps before it.
  """
  jaxpr = _traced(model, params, space, prune)
  count = len(jax.tree.leaves(params))
  return float(_moved(jaxpr, {id(var) for var in jaxpr.invars[:count]}))


def num_members(params: Any) -> int:
  """Members of parameters with leaves `[R, ...]`."""
  return jax.tree.leaves(params)[0].shape[0]


def _traced(model, params, space, prune) -> Any:
  """The program of one architecture and one member."""
  cell = inputs.example(space, model.reads, prune=prune)
  member = jax.tree.map(
    lambda leaf: jax.ShapeDtypeStruct(leaf.shape[1:], leaf.dtype), params
  )
  return jax.make_jaxpr(model.apply)(member, cell).jaxpr


def _inner(equation: Any) -> list[Any]:
  found = [getattr(x, "jaxpr", x) for x in equation.params.values()]
  return [x for x in found if hasattr(x, "eqns")][:1]


def _moved(jaxpr: Any, weights: set[int]) -> int:
  total = 0
  for equation in jaxpr.eqns:
    for inner in _inner(equation):
      known = zip(
        equation.invars[-len(inner.invars) :], inner.invars, strict=True
      )
      mine = {id(theirs) for own, theirs in known if id(own) in weights}
      total += equation.params.get("length", 1) * _moved(inner, mine)
    name, variables = equation.primitive.name, list(equation.outvars)
    if name == "dot_general":
      variables += [x for x in equation.invars if id(x) not in weights]
    elif not name.startswith("reduce_"):
      continue
    total += sum(x.aval.size * x.aval.dtype.itemsize for x in variables)
  return total


def _count(jaxpr: Any) -> int:
  total = 0
  for equation in jaxpr.eqns:
    inner = _inner(equation)
    if inner:
      repeats = equation.params.get("length", 1)
      total += repeats * sum(_count(x) for x in inner)
    elif equation.primitive.name == "dot_general":
      total += _product(equation)
    elif equation.primitive.name in _ELEMENTWISE:
      total += equation.outvars[0].aval.size
    elif equation.primitive.name.startswith("reduce_"):
      total += equation.invars[0].aval.size
  return total


_ELEMENTWISE = (
  *("add", "sub", "mul", "div", "max", "min", "neg", "exp", "log", "tanh"),
  *("rsqrt", "sqrt", "logistic", "square"),
)


def _product(equation: Any) -> int:
  (contracted, _), _ = equation.params["dimension_numbers"]
  shape = equation.invars[0].aval.shape
  inner = math.prod(shape[axis] for axis in contracted)
  return 2 * inner * equation.outvars[0].aval.size
