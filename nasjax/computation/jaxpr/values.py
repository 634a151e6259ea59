"""What the primitives of a jaxpr read and write.

A `Constant` depends on parameters and literals alone, a `Value` on an input of
the network too. Axes of values have roles, which convolutions and pools fix and
which all values share that an axis passes through.
"""

import dataclasses
import math
from typing import Any

BATCH, SPATIAL, CHANNEL = "batch", "spatial", "channel"
UNIT = "unit"
"""An axis of size 1 that was added, until an operator uses it."""


class Role:
  """What an axis is: batch, spatial, channel, unit, or not known.

  Roles that are joined are one from then on.

  Attributes:
    split: sizes and roles of the axes that a reshape turned into this axis and
      others, and these; empty where none did.
  """

  __slots__ = ("_name", "_parent", "split")

  def __init__(self, name: str = ""):
    self._name = name
    self._parent: Role | None = None
    self.split: tuple[Any, ...] = ()

  def _root(self) -> "Role":
    role = self
    while role._parent is not None:
      role = role._parent
    if role is not self:
      self._parent = role
    return role

  def is_one_with(self, other: "Role") -> bool:
    """Whether the two were joined."""
    return self._root() is other._root()

  @property
  def name(self) -> str:
    """`batch`, `spatial`, `channel`, `unit`, or empty."""
    return self._root()._name

  def set(self, name: str) -> None:
    """Names the role unless it has a name other than `unit`."""
    root = self._root()
    if root._name in ("", UNIT):
      root._name = name

  def join(self, other: "Role") -> None:
    """Makes two roles one, unless they have different names."""
    first, second = self._root(), other._root()
    if first is second:
      return
    names = {first._name, second._name} - {"", UNIT}
    if len(names) > 1:
      return
    if names or second._name:
      first.set(next(iter(names), second._name))
    second._parent = first


@dataclasses.dataclass(frozen=True, eq=False, slots=True)
class Leaf:
  """A parameter, or another array that a function holds.

  Attributes:
    size: its numbers.
    trainable: whether it is trained; None where that is not known.
  """

  size: int
  trainable: bool | None


@dataclasses.dataclass(frozen=True, eq=False, slots=True)
class Constant:
  """A tensor that depends on no input.

  Attributes:
    shape: its shape.
    fill: the number that all elements are, if that is known.
    leaves: what it is computed from, without repetition.
    is_bare: whether it is one leaf, reshaped or broadcast at most.
    has_root: whether a square root was taken on the way.
  """

  shape: tuple[int, ...]
  fill: Any = None
  leaves: tuple[Leaf, ...] = ()
  is_bare: bool = False
  has_root: bool = False


@dataclasses.dataclass(eq=False, slots=True)
class Value:
  """A tensor that depends on an input: a result of a primitive.

  Attributes:
    shape: its shape, with the batch.
    primitive: name of the primitive; `input` for an input.
    inputs: what the primitive reads.
    options: parameters of the primitive.
    index: place in the order of computation.
    roles: roles of the axes.
    is_statistic: whether it was reduced from other values, and then only
      changed number by number or in shape.
    has_root: whether it is a statistic of which a square root was taken.
    uses: how often it is read.
  """

  shape: tuple[int, ...]
  primitive: str
  inputs: tuple["Constant | Value", ...]
  options: dict[str, Any]
  index: int
  roles: tuple[Role, ...] = ()
  is_statistic: bool = False
  has_root: bool = False
  uses: int = 0

  @property
  def values(self) -> list["Value"]:
    """Its inputs that are values."""
    return [each for each in self.inputs if isinstance(each, Value)]

  @property
  def leaves(self) -> tuple[Leaf, ...]:
    """Leaves of its inputs that are constants."""
    return merged(each for each in self.inputs if isinstance(each, Constant))

  @property
  def size(self) -> int:
    """Numbers, with the batch."""
    return math.prod(self.shape)


Tensor = Constant | Value


def merged(constants: Any) -> tuple[Leaf, ...]:
  """Leaves of several constants, each once."""
  return tuple(
    dict.fromkeys(leaf for each in constants for leaf in each.leaves)
  )


def extents(value: Value, role: str) -> tuple[int, ...]:
  """Sizes of the axes of one role."""
  pairs = zip(value.shape, value.roles, strict=True)
  return tuple(size for size, each in pairs if each.name == role)


def order(value: Value) -> list[int]:
  """Axes without the batch and units, channels last."""
  names = [role.name for role in value.roles]
  left = (BATCH, UNIT, CHANNEL)
  inner = [i for i, name in enumerate(names) if name not in left]
  return inner + [i for i, name in enumerate(names) if name == CHANNEL]


def plain_shape(value: Value) -> tuple[int, ...]:
  """Shape without the batch, channels last."""
  return tuple(value.shape[axis] for axis in order(value))
