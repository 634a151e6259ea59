"""Options of `nasjax graph`."""

import dataclasses
import pathlib
from collections.abc import Set

from nasjax.commands import shared_options
from nasjax.commands.options import REQUIRED, Options, option


@dataclasses.dataclass(frozen=True, kw_only=True)
class GraphOptions(Options):
  """Options of `nasjax graph`."""

  model: str = option(
    REQUIRED, "ONNX file", metavar="MODEL", is_path=True, is_positional=True
  )
  shape: tuple[int, ...] = shared_options.input_shape()
  nodes: bool = option(False, "list every node, not counts alone")
  svg: str | None = option(
    None, "SVG file for a drawing", metavar="FILE", is_path=True
  )
  json: bool = option(False, "print JSON instead of a table")

  def check(self, given: Set[str]) -> None:
    """Refuses to replace what is no drawing."""
    if self.svg is not None:
      from nasjax import files  # imports numpy
      from nasjax.io import replacing

      files.check_writable(self.svg)
      replacing.check_file(self.svg, _is_drawing, "a drawing of a graph")


def _is_drawing(path: pathlib.Path) -> bool:
  with open(path, "rb") as file:
    return file.read(4) == b"<svg"
