"""From functions and modules to jaxprs, and from them to graphs."""

from collections.abc import Callable, Mapping
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from nasjax import errors
from nasjax.computation.graph import ComputationGraph
from nasjax.computation.jaxpr import build
from nasjax.computation.jaxpr.attempts import attempt
from nasjax.computation.jaxpr.interpreter import Interpreter, leaf_of
from nasjax.computation.jaxpr.values import BATCH, Constant, Role, Value
from nasjax.networks import layers


def from_jax(
  function: Callable[..., Any],
  *inputs: Any,
  parameters: Any = None,
  batched: bool = True,
  name: str = "",
) -> ComputationGraph:
  """Returns the graph of a JAX function; nothing is computed.

  The function is traced with the shapes of its inputs. Arrays that it holds
  (closes over) and `parameters` are its parameters, everything else that does
  not depend on an input is a constant and has no node. Of a batch normalisation
  with four held arrays, mean and variance are no parameters.

  Args:
    function: what maps inputs to a tensor or a tree of them. Equinox modules
      and Flax NNX modules are such functions.
    *inputs: for each argument its shape (integers above 0: float32), a
      `jax.ShapeDtypeStruct`, an array, or a tree of these, batch first.
    parameters: arrays or shapes that the function takes before the inputs. If
      this is a mapping with the key `params`, as in Flax, only what is under
      that key is trained.
    batched: whether the first axis of inputs is the batch where no convolution
      says which one it is; inputs of rank 1 have none.
    name: name of the graph; by default that of the function.

  Raises:
    UserError: the function cannot be traced with these inputs, or a loop or a
      branch depends on them.
  """
  name = name or getattr(function, "__name__", type(function).__name__)
  shapes = _shapes(inputs)
  given = () if parameters is None else (parameters,)
  with layers.single_primitives():
    traced = _trace(function, (*given, *shapes), name)
  interpreter = Interpreter()
  tensors: list[Any] = _parameters(parameters)
  for each in jax.tree.leaves(shapes):
    roles = tuple(Role() for _ in each.shape)
    tensors.append(interpreter.input(tuple(each.shape), roles))
  constants = interpreter.held(traced.consts)
  outputs = interpreter.run(traced.jaxpr, constants, tensors)
  if not outputs:
    raise errors.UserError(
      f"from_jax: expected a function that returns arrays, but "
      f"{errors.quote(name)} returns none"
    )
  for tensor in tensors:
    if isinstance(tensor, Value) and len(tensor.shape) > 1 and batched:
      tensor.roles[0].set(BATCH)
  return build.graph(interpreter.values, outputs, name, int(batched))


def _shapes(inputs: tuple[Any, ...]) -> tuple[Any, ...]:
  return tuple(
    jax.tree.map(_described, each, is_leaf=_is_shape) for each in inputs
  )


def _is_shape(tree: Any) -> bool:
  """Whether a part of an input is meant as a shape, a wrong one or not."""
  return isinstance(tree, list | tuple) and any(
    isinstance(each, float | int | np.integer) for each in tree
  )


def _described(leaf: Any) -> jax.ShapeDtypeStruct:
  if _is_shape(leaf):
    if all(isinstance(each, int | np.integer) and each > 0 for each in leaf):
      return jax.ShapeDtypeStruct(tuple(map(int, leaf)), jnp.float32)
    raise errors.UserError(
      "expected whole numbers above 0 as the shape of an input, batch first, "
      f"such as (1, 32, 32, 3), got {errors.quote(leaf)}"
    )
  if not hasattr(leaf, "shape") or not hasattr(leaf, "dtype"):
    raise errors.UserError(
      "from_jax: expected shapes, jax.ShapeDtypeStructs or arrays as inputs, "
      f"got {errors.quote(leaf)}; give (1, 32, 32, 3) for one image"
    )
  return jax.ShapeDtypeStruct(leaf.shape, leaf.dtype)


def _trace(function: Callable[..., Any], arguments: Any, name: str) -> Any:
  if not callable(function):
    raise errors.UserError(
      f"from_jax: expected a function of arrays, got {errors.quote(function)}"
    )
  call = jax.make_jaxpr(function)
  return attempt(lambda: call(*arguments), "from_jax", name, "traced")


def _parameters(tree: Any) -> list[Constant]:
  """The leaves of parameters, with what is trained of them."""
  trained = isinstance(tree, Mapping) and "params" in tree
  found = []
  for path, leaf in jax.tree_util.tree_leaves_with_path(tree):
    is_trained = not trained or getattr(path[0], "key", None) == "params"
    found.append(leaf_of(leaf, is_trained))
  return found


def from_flax(
  module: Any, *inputs: Any, name: str = "", **options: Any
) -> ComputationGraph:
  """Returns the graph of a Flax module, linen or NNX; nothing is computed.

  Parameters of a linen module are shapes alone (`jax.eval_shape` of its
  `init`). A graph has as many parameters as the collection `params`, or the
  `nnx.Param` of the module, as far as the output depends on them.

  Args:
    module: `flax.linen.Module`, or `flax.nnx.Module` (also an abstract one, of
      `nnx.eval_shape`).
    *inputs: shapes of its inputs as in `from_jax`, batch first.
    name: name of the graph; by default that of the class.
    **options: further arguments of the module, such as `train=False`.

  Raises:
    UserError: this is no Flax module, or it cannot be traced so.
  """
  name = name or type(module).__name__
  if isinstance(module, nn.Module):
    return _from_linen(module, inputs, name, options)
  if isinstance(module, nnx.Module):
    return _from_nnx(module, inputs, name, options)
  raise errors.UserError(
    "from_flax: expected a flax.linen.Module or a flax.nnx.Module, got "
    f"{errors.quote(module)}; give other functions to from_jax"
  )


def _from_linen(module: nn.Module, inputs, name, options) -> ComputationGraph:
  key = jax.random.key(0)
  keys = {"params": key, "dropout": key}
  shapes = _shapes(inputs)

  def initialise(*arrays):
    return module.init(keys, *arrays, **options)

  variables = dict(_shape_of(initialise, shapes, name))
  state = [each for each in variables if each != "params"]

  def function(variables, *arrays):
    result, _ = module.apply(
      variables, *arrays, mutable=state, rngs={"dropout": key}, **options
    )
    return result

  variables.setdefault("params", {})
  return from_jax(function, *shapes, parameters=variables, name=name)


def _shape_of(function: Callable[..., Any], shapes: Any, name: str) -> Any:
  return attempt(
    lambda: jax.eval_shape(function, *shapes), "from_flax", name, "initialised"
  )


def _from_nnx(module: nnx.Module, inputs, name, options) -> ComputationGraph:
  definition, trained, rest = nnx.split(module, nnx.Param, ...)

  def function(variables, *arrays):
    merged = nnx.merge(definition, variables["params"], variables["rest"])
    return merged(*arrays, **options)

  variables = {"params": trained, "rest": rest}
  return from_jax(function, *inputs, parameters=variables, name=name)
