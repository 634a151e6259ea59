"""Where a network repeats itself."""

import dataclasses
import itertools
from collections.abc import Sequence

from nasjax.computation.drawing.units import Unit

_LONGEST = 24  # blocks of a part that repeats


@dataclasses.dataclass(frozen=True)
class Part:
  """Units that a picture shows together.

  Attributes:
    units: numbers of the units that are shown.
    times: how often the part follows itself, at the same or other widths.
    last: number of the last unit of the last repetition.
  """

  units: tuple[int, ...]
  times: int
  last: int


def parts_of(units: Sequence[Unit]) -> list[Part]:
  """Cuts a network where all paths meet, and collapses what repeats.

  Args:
    units: units, each behind those that it reads.

  Returns:
    Parts in order; only the first one of equal parts in a row.
  """
  blocks = _blocks(units)
  kinds = _numbered([_kind(block, units) for block in blocks])
  parts: list[Part] = []
  start = 0
  while start < len(blocks):
    length, times = _repetition(kinds, start)
    shown = [unit for block in blocks[start : start + length] for unit in block]
    start += length * times
    parts.append(Part(tuple(shown), times, blocks[start - 1][-1]))
  return parts


def _blocks(units: Sequence[Unit]) -> list[list[int]]:
  """Groups of units; every path goes through the last one of each."""
  furthest = list(range(len(units)))
  for number, unit in enumerate(units):
    for source in unit.inputs:
      furthest[source] = max(furthest[source], number)
  blocks: list[list[int]] = [[]]
  reach = 0
  for number in range(len(units)):
    blocks[-1].append(number)
    if reach <= number:  # nothing before reads on behind this unit
      blocks.append([])
    reach = max(reach, furthest[number])
  return [block for block in blocks if block]


def _kind(block: Sequence[int], units: Sequence[Unit]) -> tuple:
  """Operators and edges of a block, apart from its place and its widths."""
  return tuple(
    (
      units[number].kind,
      tuple(number - source for source in units[number].inputs),
    )
    for number in block
  )


def _numbered(kinds: Sequence[tuple]) -> list[int]:
  numbers: dict[tuple, int] = {}
  return [numbers.setdefault(kind, len(numbers)) for kind in kinds]


def _repetition(kinds: Sequence[int], start: int) -> tuple[int, int]:
  """Length and number of the repetitions that begin at a block.

  The shortest that repeats three times, else the shortest that repeats twice
  and has no repetition in it.

  Returns:
    `(1, 1)` where nothing repeats.
  """
  found = (1, 1)
  for length in range(1, min(_LONGEST, (len(kinds) - start) // 2) + 1):
    first = kinds[start : start + length]
    times = 1
    while kinds[start + times * length : start + (times + 1) * length] == first:
      times += 1
    if times > 2:
      return length, times
    inner = any(a == b for a, b in itertools.pairwise(first))
    if times > found[1] and not inner:
      found = (length, times)
  return found
