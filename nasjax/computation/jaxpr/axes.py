"""Roles of the axes of results, from those of what a primitive reads."""

import math
from collections.abc import Callable, Sequence
from typing import Any

from nasjax.computation.jaxpr.values import (
  BATCH,
  CHANNEL,
  SPATIAL,
  UNIT,
  Role,
  Tensor,
  Value,
)

Shape = tuple[int, ...]
Roles = tuple[Role, ...]


def of_result(
  primitive: str,
  inputs: Sequence[Tensor],
  options: dict[str, Any],
  shape: Shape,
) -> Roles:
  """Returns the roles of the axes of a result of a shape."""
  roles = _RULES.get(primitive, _same)(inputs, options, shape)
  if primitive in ("broadcast_in_dim", "reshape"):
    read = {id(role) for role in _first(inputs).roles}
    for role, size in zip(roles, shape, strict=True):
      if size == 1 and id(role) not in read:
        role.set(UNIT)
  return roles


def _first(inputs: Sequence[Tensor]) -> Value:
  return next(each for each in inputs if isinstance(each, Value))


def _new(count: int) -> Roles:
  return tuple(Role() for _ in range(count))


def _same(inputs, options, shape: Shape) -> Roles:
  """Axes of inputs of the rank of the result are its own.

  An axis of size 1 that is broadcast stays another one.
  """
  del options
  alike = [
    each
    for each in inputs
    if isinstance(each, Value) and len(each.shape) == len(shape)
  ]
  if not alike:
    return _new(len(shape))
  return tuple(
    _joined([(each.roles[i], each.shape[i]) for each in alike], size)
    for i, size in enumerate(shape)
  )


def _joined(axes: list[tuple[Role, int]], size: int) -> Role:
  """One role for the axes of the size of the result, or the first role."""
  roles = [role for role, extent in axes if extent == size]
  for other in roles[1:]:
    roles[0].join(other)
  return roles[0] if roles else axes[0][0]


def _convolution(inputs, options, shape: Shape) -> Roles:
  numbers = options["dimension_numbers"]
  result = [Role() for _ in shape]
  image = inputs[0]
  for i, (source, target) in enumerate(
    zip(numbers.lhs_spec, numbers.out_spec, strict=True)
  ):
    name = (BATCH, CHANNEL)[i] if i < 2 else SPATIAL
    role = result[target]
    if isinstance(image, Value):
      role = image.roles[source]
      role.set(name)
    # Another convolution may have read the axis in another way.
    result[target] = role if role.name == name else Role(name)
  return tuple(result)


def _window(inputs, options, shape: Shape) -> Roles:
  roles = _same(inputs, options, shape)
  for role, size in zip(roles, options["window_dimensions"], strict=True):
    if size > 1:
      role.set(SPATIAL)
  return roles


def _contraction(inputs, options, shape: Shape) -> Roles:
  contracted, batch = options["dimension_numbers"]
  found: list[Role | None] = []
  for left, right in zip(*batch, strict=True):
    found.append(_role(inputs[0], left) or _role(inputs[1], right))
  summed = [
    role
    for each, axes in zip(inputs, contracted, strict=True)
    for role in [_role(each, axis) for axis in axes]
    if role is not None
  ]
  for side, each in enumerate(inputs):
    free = [
      axis
      for axis in range(len(each.shape))
      if axis not in contracted[side] and axis not in batch[side]
    ]
    if isinstance(each, Value):
      found += [each.roles[axis] for axis in free]
    elif len(free) == len(summed) == 1:
      found += summed
    else:
      found += [None] * len(free)
  return tuple(role or Role() for role in found)


def _role(tensor: Tensor, axis: int) -> Role | None:
  return tensor.roles[axis] if isinstance(tensor, Value) else None


def _broadcast(inputs, options, shape: Shape) -> Roles:
  result = [Role() for _ in shape]
  value = _first(inputs)
  for source, target in enumerate(options["broadcast_dimensions"]):
    result[target] = value.roles[source]
  return tuple(result)


def _transpose(inputs, options, shape: Shape) -> Roles:
  del shape
  return tuple(_first(inputs).roles[axis] for axis in options["permutation"])


def _slice(inputs, options, shape: Shape) -> Roles:
  if "row" in options:
    return _first(inputs).roles[1:]
  return _same(inputs, options, shape)


def _gather(inputs, options, shape: Shape) -> Roles:
  """Axes of the indices, and between them those of what is gathered."""
  table, places = inputs[:2]
  numbers = options["dimension_numbers"]
  gone = {*numbers.collapsed_slice_dims, *numbers.operand_batching_dims}
  kept = [axis for axis in range(len(table.shape)) if axis not in gone]
  rest = iter(range(len(places.shape)))
  found = []
  for axis in range(len(shape)):
    if axis in numbers.offset_dims:
      found.append(_role(table, kept[numbers.offset_dims.index(axis)]))
    else:
      found.append(_role(places, next(rest)))
  return tuple(role or Role() for role in found)


def _stack(inputs, options, shape: Shape) -> Roles:
  return (Role(), *_same(inputs, options, shape[1:]))


def _drop(key: str) -> Callable[..., Roles]:
  def rule(inputs, options, shape: Shape) -> Roles:
    roles, gone = _first(inputs).roles, set(options[key])
    kept = tuple(role for i, role in enumerate(roles) if i not in gone)
    return kept if len(kept) == len(shape) else _new(len(shape))

  return rule


def _reshape(inputs, options, shape: Shape) -> Roles:
  del options
  value = _first(inputs)
  result = [Role() for _ in shape]
  for sources, targets in aligned(value.shape, shape):
    sources = [i for i in sources if value.shape[i] > 1] or sources[:1]
    targets = [i for i in targets if shape[i] > 1] or targets[:1]
    before = [value.roles[i] for i in sources]
    sizes = tuple(shape[i] for i in targets)
    if len(sources) == len(targets) == 1:
      after = before
    elif not (after := _restored(before, sizes)):
      after = [Role() for _ in targets]
      kept = tuple(value.shape[i] for i in sources), before
      for role in after:
        role.split = (*kept, after)
    for i, role in zip(targets, after, strict=True):
      result[i] = role
  return tuple(result)


def _restored(roles: list[Role], sizes: Shape) -> list[Role]:
  """Roles of the axes that a reshape had turned into these, if it is undone."""
  if not roles or not roles[0].split:
    return []
  before, found, partners = roles[0].split
  same = len(partners) == len(roles) and all(
    one.is_one_with(other) for one, other in zip(partners, roles, strict=True)
  )
  return found if same and before == sizes else []


def aligned(source: Shape, target: Shape) -> list[tuple[list[int], list[int]]]:
  """Pairs groups of axes of equal products that a reshape turns into another.

  Axes of size 1 that are left over stand alone on their side.
  """
  if math.prod(source) == 0:
    return []
  groups: list[tuple[list[int], list[int]]] = []
  i = j = 0
  while i < len(source) and j < len(target):
    left, right = [i], [j]
    one, other = source[i], target[j]
    while one != other:
      if one < other:
        i += 1
        left.append(i)
        one *= source[i]
      else:
        j += 1
        right.append(j)
        other *= target[j]
    groups.append((left, right))
    i, j = i + 1, j + 1
  groups += [([axis], []) for axis in range(i, len(source))]
  return groups + [([], [axis]) for axis in range(j, len(target))]


_RULES: dict[str, Callable[..., Roles]] = {
  "broadcast_in_dim": _broadcast,
  "conv_general_dilated": _convolution,
  "dot_general": _contraction,
  "gather": _gather,
  "reduce_and": _drop("axes"),
  "reduce_max": _drop("axes"),
  "reduce_min": _drop("axes"),
  "reduce_or": _drop("axes"),
  "reduce_prod": _drop("axes"),
  "reduce_sum": _drop("axes"),
  "argmax": _drop("axes"),
  "argmin": _drop("axes"),
  "reduce_window_max": _window,
  "reduce_window_sum": _window,
  "reshape": _reshape,
  "slice": _slice,
  "squeeze": _drop("dimensions"),
  "stack": _stack,
  "transpose": _transpose,
}
