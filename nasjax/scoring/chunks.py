"""Sizes of chunks: architectures computed at once, from a memory budget."""

import functools
from typing import Any

import flax.linen as nn
import jax

from nasjax import compiler, errors
from nasjax.features import inputs
from nasjax.scoring import precisions
from nasjax.spaces import base as spaces_base

# Budget of the largest intermediate array. A CPU is fastest while the arrays
# of a chunk stay in its caches: those that all cores share where one device is
# the whole CPU, those of one core where each core is a device. An accelerator
# wants large products.
_CPU_BYTES = 4 << 20
_CORE_BYTES = 1 << 20
_ACCELERATOR_BYTES = 256 << 20
# Arrays of about that size that are alive together.
_LIVE_ARRAYS = 6
MAX_CHUNK = 1 << 16

Shapes = tuple[Any, tuple[tuple[tuple[int, ...], Any], ...]] | None
"""Structure of parameters, and shape and type of each leaf."""


@functools.lru_cache(maxsize=64)
@compiler.own_numbers()
def largest_intermediate(
  model: Any, space: spaces_base.Space, prune: bool, shapes: Shapes = None
) -> int:
  """Bytes of the largest array that scoring one architecture makes.

  Args:
    model: the model that scores.
    space: the space of the architectures.
    prune: whether dead nodes are removed.
    shapes: those of a member's parameters; where None the model is traced once
      more, which takes as long again.
  """
  cell = inputs.example(space, model.reads, prune=prune)
  if shapes is None:
    params = jax.eval_shape(model.init, jax.random.key(0), cell)
  else:
    structure, leaves = shapes
    params = structure.unflatten(
      [jax.ShapeDtypeStruct(shape, dtype) for shape, dtype in leaves]
    )
  traced = jax.make_jaxpr(
    lambda params, cell: precisions.applied(model, params, cell, {})
  )(params, cell)
  return max(_array_bytes(traced.jaxpr))


def member_shapes(params: Any) -> Shapes:
  """Shapes of a member in parameters with leaves `[R, ...]`, hashable."""
  leaves, structure = jax.tree.flatten(params)
  return structure, tuple((leaf.shape[1:], leaf.dtype) for leaf in leaves)


def _array_bytes(jaxpr: Any) -> list[int]:
  """Sizes of the arrays that matrix products read and write, in bytes.

  Element-wise steps are fused into loops and keep nothing; weights are no part
  of an architecture.
  """
  sizes = [1]
  made = set()
  for equation in jaxpr.eqns:
    for value in equation.params.values():
      inner = getattr(value, "jaxpr", value)
      if hasattr(inner, "eqns"):
        sizes += _array_bytes(inner)
    if equation.primitive.name == "dot_general":
      variables = [var for var in equation.invars if id(var) in made]
      sizes += [
        var.aval.size * var.aval.dtype.itemsize
        for var in variables + equation.outvars
      ]
    made.update(id(var) for var in equation.outvars)
  return sizes


def automatic_chunk(
  model: nn.Module,
  space: spaces_base.Space,
  *,
  prune: bool = True,
  memory_mb: float | None = None,
  num_devices: int = 1,
  shapes: Shapes = None,
) -> int:
  """Chooses how many architectures are in flight at once.

  Args:
    model: the model that scores.
    space: the space of the genotypes.
    prune: whether dead nodes are removed.
    memory_mb: memory that a chunk may take, in MiB; by default what is fast
      on the device (some 25 MiB on a CPU, 1.5 GiB on an accelerator).
    num_devices: devices of this process that score at the same time.
    shapes: those of a member's parameters (`member_shapes`), if they are known.

  Returns:
    A power of two, at least 1.

  Raises:
    UserError: the budget is not positive.
  """
  if memory_mb is None:
    budget = _ACCELERATOR_BYTES
    if jax.default_backend() == "cpu":
      budget = _CPU_BYTES if num_devices == 1 else _CORE_BYTES
  elif memory_mb > 0:
    budget = memory_mb * 2**20 / _LIVE_ARRAYS
  else:
    raise errors.UserError(
      f"memory_mb: expected a positive number, got {memory_mb}"
    )
  largest = largest_intermediate(model, space, prune, shapes)
  room = max(1, int(budget // largest))
  return min(MAX_CHUNK, 1 << (room.bit_length() - 1))
