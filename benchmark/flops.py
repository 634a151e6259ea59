"""Counts the floating-point operations of a model, from its traced program."""

import math
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp

from nasjax import graphs
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
  genotypes = jnp.zeros((1, space.genotype_length), jnp.int8)
  cells = jax.eval_shape(
    lambda rows: graphs.cell_graphs(space, rows, prune=prune), genotypes
  )
  cell = jax.tree.map(
    lambda leaf: jax.ShapeDtypeStruct(leaf.shape[1:], leaf.dtype), cells
  )
  member = jax.tree.map(
    lambda leaf: jax.ShapeDtypeStruct(leaf.shape[1:], leaf.dtype), params
  )
  return float(_count(jax.make_jaxpr(model.apply)(member, cell).jaxpr))


def _count(jaxpr: Any) -> int:
  total = 0
  for equation in jaxpr.eqns:
    inner = [getattr(x, "jaxpr", x) for x in equation.params.values()]
    inner = [x for x in inner if hasattr(x, "eqns")]
    if inner:
      repeats = equation.params.get("length", 1)
      total += repeats * sum(_count(x) for x in inner[:1])
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
