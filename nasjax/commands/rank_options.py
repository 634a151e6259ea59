"""Options of `nasjax rank`."""

import dataclasses

from nasjax.commands import shared_options
from nasjax.commands.options import REQUIRED, Options, option


@dataclasses.dataclass(frozen=True, kw_only=True)
class RankOptions(Options):
  """Options of `nasjax rank`."""

  models: tuple[str, ...] = option(
    REQUIRED,
    "ONNX files, one or more",
    metavar="MODEL",
    is_path=True,
    is_positional=True,
  )
  shape: tuple[int, ...] = shared_options.input_shape()
  json: bool = option(False, "print JSON instead of a table")
