"""The decisions of a space: what each integer of a genotype chooses.

Dimensions: `G` integers of a genotype.
"""

import dataclasses

import numpy as np

from nasjax import errors
from nasjax.spaces import base as spaces_base
from nasjax.spaces import choices, darts, nb101, nb201
from nasjax.spaces import nb101_modelspec as modelspec


@dataclasses.dataclass(frozen=True)
class Decision:
  """One integer of a genotype.

  Attributes:
    name: what a study calls it.
    options: what the integers stand for, from `lowest` on.
    lowest: the integer of the first option.
  """

  name: str
  options: tuple[str | int, ...]
  lowest: int = 0


def of(space: spaces_base.Space) -> tuple[Decision, ...]:
  """Returns the decisions of a space, one for each integer of a genotype.

  NAS-Bench-201 has an operation for each edge (`1<-0`, ...), NAS-Bench-101 its
  edges and the operations of its vertices, DARTS inputs and operations of both
  cells, a `ChoiceSpace` its choices. Of another space the integers themselves
  are the options (`integer_0`, ...).

  Args:
    space: the space, or one that is cut to some of its cells.
  """
  whole = space.whole
  if isinstance(whole, choices.ChoiceSpace):
    found = [
      Decision(f"choice_{place}", tuple(range(count)))
      for place, count in enumerate(whole.choices)
    ]
  elif isinstance(whole, nb201.NB201):
    found = [
      Decision(f"{target}<-{source}", whole.op_names)
      for source, target in nb201.EDGES
    ]
  elif isinstance(whole, nb101.NB101):
    found = _nb101()
  elif isinstance(whole, darts.DARTS):
    found = _darts()
  else:
    every = np.iinfo(np.int8)
    options = tuple(range(every.min, every.max + 1))
    found = [
      Decision(f"integer_{place}", options, every.min)
      for place in range(whole.genotype_length)
    ]
  return tuple(found)


def _nb101() -> list[Decision]:
  edges = zip(modelspec.SOURCES, modelspec.TARGETS, strict=True)
  found = [Decision(f"edge {x}->{y}", (0, 1)) for x, y in edges]
  options = ("absent", *modelspec.OP_NAMES)
  for vertex in range(1, modelspec.MAX_INNER + 1):
    found.append(Decision(f"operation {vertex}", options, -1))
  return found


def _darts() -> list[Decision]:
  found = []
  for cell in ("normal", "reduce"):
    for edge in range(8):
      where = f"{cell} {edge // 2 + 2}"
      nodes = tuple(range(edge // 2 + 2))
      found.append(Decision(f"{where} input {edge % 2}", nodes))
      found.append(Decision(f"{where} operation {edge % 2}", darts.OP_NAMES))
  return found


def to_genotype(
  space: spaces_base.Space, params: dict[str, str | int]
) -> np.ndarray:
  """Turns the options of all decisions, by name, into a genotype `[G]` int8.

  Raises:
    UserError: an option is unknown, a decision is missing, or together they
      are no architecture of the space.
  """
  row = []
  for each in of(space):
    option = params.get(each.name)
    if option not in each.options:
      raise errors.UserError(
        f"{each.name} of {space.name!r}: expected one of "
        f"{errors.quote(each.options)}, got {errors.quote(option)}"
      )
    row.append(each.lowest + each.options.index(option))
  return space.check([row])[0]


def to_params(
  space: spaces_base.Space, genotype: np.ndarray
) -> dict[str, str | int]:
  """Turns a genotype `[G]` into the options of all decisions, by name."""
  return {
    each.name: each.options[int(code) - each.lowest]
    for each, code in zip(of(space), genotype, strict=True)
  }
