"""Rules of normalisations and of softmax.

A normalisation is a sum of a product of a difference, `(x - m) * f + b` or
`x * f + b`, in which `f` has a square root. `m` and `f` are constants (running
statistics) or statistics of `x` itself.
"""

from collections.abc import Iterable

from nasjax.computation.jaxpr import pointwise, rules, windows
from nasjax.computation.jaxpr.interpreter import REDUCTIONS, SHAPES
from nasjax.computation.jaxpr.rules import Match
from nasjax.computation.jaxpr.values import (
  BATCH,
  CHANNEL,
  Constant,
  Leaf,
  Tensor,
  Value,
  merged,
  plain_shape,
)

_LIMIT = 200  # primitives of a statistic


def normalisation(value: Value) -> Match | None:
  """Batch, layer, group or instance normalisation, with scale and offset."""
  source, offset = _step(value, ("add", "sub"))
  factors: list[Tensor] = []
  while not (factors and factors[-1].has_root):
    source, factor = _step(source, ("mul", "div"))
    if factor is None:
      return None
    factors.append(factor)
  source, centre = _step(source, ("sub",))
  joined = [each for each in (offset, *factors, centre) if each is not None]
  found = _statistics(joined, source)
  if found is None:
    return None
  reduced, constants = found
  if not reduced:
    leaves = _without_statistics(merged(constants))
    return Match("batch_norm", (source,), leaves)
  return Match(_kind(reduced, source), (source,), merged(constants))


def _step(value: Value, names: tuple[str, ...]) -> tuple[Value, Tensor | None]:
  """Goes back over one primitive that joins a value with a constant or so."""
  last = rules.stripped(value)
  if last.primitive not in names or windows.average(last):
    return value, None
  for main, side in rules.sides(last):
    if isinstance(side, Constant) or side.is_statistic:
      return main, side
  return value, None


def _statistics(
  joined: Iterable[Tensor], source: Value
) -> tuple[list[Value], list[Constant]] | None:
  """Reductions of a value, and constants, that tensors are made of.

  Returns:
    None where they are made of another value too.
  """
  base = rules.stripped(source)
  reduced: list[Value] = []
  constants: list[Constant] = []
  pending, seen = list(joined), set[int]()
  while pending:
    each = pending.pop()
    if isinstance(each, Constant):
      constants.append(each)
      continue
    if each.index in seen or rules.stripped(each) is base:
      continue
    seen.add(each.index)
    name = each.primitive
    known = name in REDUCTIONS or name in SHAPES or name in pointwise.FUNCTIONS
    if not known or len(seen) > _LIMIT:
      return None
    if name in REDUCTIONS:
      reduced.append(each)
    pending += each.inputs
  return reduced, constants


def _without_statistics(leaves: tuple[Leaf, ...]) -> tuple[Leaf, ...]:
  """Leaves that are trained: all but mean and variance, where that is open."""
  if any(leaf.trainable is None for leaf in leaves):
    return leaves[2:]
  return leaves


def _kind(reduced: list[Value], source: Value) -> str:
  """Which normalisation reduces these axes."""
  first = min(reduced, key=lambda value: value.index)
  operand, axes = first.values[0], first.options["axes"]
  names = [operand.roles[axis].name for axis in axes]
  if BATCH in names and len(names) < len(operand.shape):
    return "batch_norm"
  width = plain_shape(source)[-1:]
  if width == tuple(operand.shape[axis] for axis in axes):
    return "layer_norm"
  if operand.shape != rules.stripped(source).shape:
    return "group_norm"
  has_channels = any(role.name == CHANNEL for role in operand.roles)
  if has_channels and CHANNEL not in names:
    return "instance_norm"
  return "layer_norm"


def softmax(value: Value) -> Match | None:
  """Exponentials that are divided by their sum, or the logarithm of that."""
  if value.primitive not in ("div", "sub"):
    return None
  first, total = value.inputs
  if not (isinstance(first, Value) and isinstance(total, Value)):
    return None
  source = rules.stripped(first)
  if value.primitive == "div":
    if source.primitive != "exp":
      return None
    source = source.values[0]
  shifted, centre = _step(source, ("sub",))
  parts = [each for each in (total, centre) if isinstance(each, Value)]
  found = _statistics(parts, shifted) if total.is_statistic else None
  if found is None or not _has_exponentials(total):
    return None
  if value.primitive == "div":
    return Match("softmax", (shifted,))
  return Match("activation", (shifted,), name="log_softmax")


def _has_exponentials(total: Value) -> bool:
  pending, steps = [total], 0
  while pending and steps < _LIMIT:
    value, steps = pending.pop(), steps + 1
    if value.primitive == "exp":
      return True
    pending += value.values
  return False
