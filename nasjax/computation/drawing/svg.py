"""Computation graphs as SVG pictures, from top to bottom."""

import dataclasses
from collections.abc import Iterable, Sequence
from xml.sax.saxutils import escape

from nasjax import errors
from nasjax.computation.drawing.blocks import Part, parts_of
from nasjax.computation.drawing.units import TIMES, Unit, units_of
from nasjax.computation.graph import ComputationGraph
from nasjax.computation.operators import (
  ACTIVATIONS,
  ARITHMETIC,
  LAYERS,
  NORMALISATIONS,
  POOLS,
)

MOST = 3_000
"""Boxes of a picture."""

_CHARACTER = 6.6  # pixels of width, at a size of 12
_HEIGHT, _GAP, _ROW = 36, 16, 62
_MARGIN = 24
_FRAME = 26
_SIDE = 14
_COLOURS = (
  (LAYERS, "#cfe3f7", "#2b6cb0"),
  (NORMALISATIONS, "#e4dcf5", "#6b46c1"),
  (ACTIVATIONS, "#fde3cf", "#c05621"),
  (ARITHMETIC, "#fdf0c4", "#a07000"),
  (POOLS, "#d3efdc", "#2f855a"),
  (("input", "output"), "#e2e8f0", "#4a5568"),
  (("other",), "#fbd5d5", "#c53030"),
)
_REST = ("#f1f1ee", "#66665e")


@dataclasses.dataclass(frozen=True)
class _Box:
  """A unit with its place: the centre of its upper edge, and its width."""

  unit: Unit
  x: float
  y: float
  width: float


def draw(graph: ComputationGraph) -> str:
  """Draws a network; parts that repeat in a row are drawn once.

  Args:
    graph: the network.

  Returns:
    The text of an SVG file without scripts and links.

  Raises:
    UserError: there would be more than `MOST` boxes.
  """
  units = units_of(graph)
  parts = parts_of(units)
  count = sum(len(part.units) for part in parts)
  if count > MOST:
    raise errors.UserError(
      f"network {errors.quote(graph.name)}: expected at most {MOST} boxes in a "
      f"picture, got {count}; print its table instead"
    )
  boxes: dict[int, _Box] = {}
  frames: list[str] = []
  y = float(_MARGIN + 34)
  for part in parts:
    framed = part.times > 1
    y += _FRAME if framed else 0
    bottom = _place(part, units, boxes, y)
    if framed:
      frames.append(_frame(part, units, [boxes[i] for i in part.units], y))
    y = bottom + (_FRAME if framed else 0)
  return _document(graph, boxes, frames, _lines(parts, boxes), y)


def _place(
  part: Part, units: Sequence[Unit], boxes: dict[int, _Box], y: float
) -> float:
  """Gives the units of a part their places; returns where the part ends."""
  level: dict[int, int] = {}
  for number in part.units:
    before = [level[i] for i in units[number].inputs if i in level]
    level[number] = max(before, default=-1) + 1
  rows: list[list[int]] = [[] for _ in range(max(level.values()) + 1)]
  for number in part.units:
    rows[level[number]].append(number)
  for row in rows:
    row.sort(key=lambda number: _middle(units[number], boxes))
    widths = [_width(units[number]) for number in row]
    x = -(sum(widths) + _GAP * (len(row) - 1)) / 2
    for number, width in zip(row, widths, strict=True):
      boxes[number] = _Box(units[number], x + width / 2, y, width)
      x += width + _GAP
    y += _ROW
  return y


def _middle(unit: Unit, boxes: dict[int, _Box]) -> float:
  found = [boxes[each].x for each in unit.inputs if each in boxes]
  return sum(found) / len(found) if found else 0.0


def _width(unit: Unit) -> float:
  return _CHARACTER * max(len(unit.text), len(unit.shape), 8) + 20


def _lines(parts: Sequence[Part], boxes: dict[int, _Box]) -> list[str]:
  """The edges; what a hidden repetition makes comes from the one shown."""
  shown = {part.last: part.units[-1] for part in parts}
  found = []
  for number, box in boxes.items():
    for source in dict.fromkeys(box.unit.inputs):
      start = boxes.get(shown.get(source, source))
      if start is not None and number != shown.get(source, source):
        found.append(_line(start, box, boxes.values()))
  return found


def _line(start: _Box, end: _Box, boxes: Iterable[_Box]) -> str:
  """An edge; a long one goes around the boxes between its ends."""
  top, bottom = start.y + _HEIGHT, end.y
  bend = min((bottom - top) / 2, 40)
  ends = (f"M{start.x:.0f} {top:.0f}C", f" {end.x:.0f} {bottom:.0f}")
  between = [box for box in boxes if top < box.y < bottom]
  if not between:
    middle = f"{start.x:.0f} {top + bend:.0f} {end.x:.0f} {bottom - bend:.0f}"
    return f'<path d="{ends[0]}{middle}{ends[1]}"/>'
  side = 1 if start.x + end.x >= 0 else -1
  edge = side * max(side * box.x + box.width / 2 for box in between)
  x = edge + side * _SIDE
  return (
    f'<path d="{ends[0]}{x:.0f} {top:.0f} {x:.0f} {top + bend / 2:.0f} '
    f"{x:.0f} {top + bend:.0f}L{x:.0f} {bottom - bend:.0f}"
    f'C{x:.0f} {bottom - bend / 2:.0f} {x:.0f} {bottom:.0f}{ends[1]}"/>'
  )


def _frame(
  part: Part, units: Sequence[Unit], boxes: Sequence[_Box], y: float
) -> str:
  """A frame around a part that repeats, and how often it does."""
  left = min(box.x - box.width / 2 for box in boxes) - _FRAME
  right = max(box.x + box.width / 2 for box in boxes) + _FRAME
  bottom = max(box.y for box in boxes) + _HEIGHT + _FRAME
  top = y - _FRAME
  note = f"{TIMES} {part.times}"
  if units[part.last].shape != boxes[-1].unit.shape:
    note += f", to {units[part.last].shape}"
  return (
    f'<rect class="frame" x="{left:.0f}" y="{top:.0f}" rx="8" '
    f'width="{right - left:.0f}" height="{bottom - top:.0f}"/>'
    f'<text class="times" x="{right + 8:.0f}" '
    f'y="{(top + bottom) / 2:.0f}">{note}</text>'
  )


def _text(words: str) -> str:
  """Words as XML, which has no control characters."""
  return escape("".join(c if c.isprintable() else "?" for c in words))


def _rectangle(box: _Box) -> str:
  operator = box.unit.nodes[0].operator
  fill, stroke = next(
    (colours for names, *colours in _COLOURS if operator in names), _REST
  )
  params = sum(node.params for node in box.unit.nodes)
  macs = sum(node.macs for node in box.unit.nodes)
  title = f"{params:,} parameters, {macs:,} multiply-adds"
  return (
    f"<g><title>{title}</title>"
    f'<rect x="{box.x - box.width / 2:.0f}" y="{box.y:.0f}" rx="5" '
    f'width="{box.width:.0f}" height="{_HEIGHT}" fill="{fill}" '
    f'stroke="{stroke}"/>'
    f'<text x="{box.x:.0f}" y="{box.y + 15:.0f}">{_text(box.unit.text)}</text>'
    f'<text class="shape" x="{box.x:.0f}" y="{box.y + 29:.0f}">'
    f"{_text(box.unit.shape)}</text></g>"
  )


_STYLE = """<style>
text{font:12px "DejaVu Sans",Verdana,sans-serif;text-anchor:middle;fill:#1a202c}
.shape{font-size:10px;fill:#4a5568}
.times{font-size:13px;font-weight:bold;text-anchor:start}
.title{font-size:14px;font-weight:bold;text-anchor:start}
.frame{fill:#f8fafc;stroke:#94a3b8;stroke-dasharray:5 4}
path{fill:none;stroke:#64748b;stroke-width:1.3}
</style>"""


def _document(
  graph: ComputationGraph,
  boxes: dict[int, _Box],
  frames: Sequence[str],
  lines: Sequence[str],
  height: float,
) -> str:
  title = (
    f"{graph.name[:60] or 'network'}: {graph.params:,} parameters, "
    f"{graph.macs:,} multiply-adds, {len(graph.nodes)} nodes"
  )
  halves = [box.width / 2 + abs(box.x) for box in boxes.values()]
  half = max(halves, default=0.0) + _MARGIN
  half += 190 if frames else 0
  half = max(half, _CHARACTER * len(title) * 0.66 + _MARGIN)
  size = f'width="{2 * half:.0f}" height="{height:.0f}"'
  box = f'viewBox="{-half:.0f} 0 {2 * half:.0f} {height:.0f}"'
  return "\n".join(
    [
      f'<svg xmlns="http://www.w3.org/2000/svg" {size} {box}>',
      _STYLE,
      f'<rect x="{-half:.0f}" width="{2 * half:.0f}" height="{height:.0f}" '
      'fill="#ffffff"/>',
      f'<text class="title" x="{_MARGIN - half:.0f}" y="30">'
      f"{_text(title)}</text>",
      *frames,
      *lines,
      *map(_rectangle, boxes.values()),
      "</svg>\n",
    ]
  )
