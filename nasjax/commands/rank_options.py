"""Options of `nasjax rank`."""

import dataclasses
from collections.abc import Set

from nasjax import errors
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
  labels: str | None = option(
    None,
    "CSV file with the columns model,value: ONNX files that you have trained, "
    "relative to its folder, and their accuracies; scores are adapted to them",
    metavar="CSV",
    is_path=True,
  )
  checkpoint: str | None = option(
    None,
    "workdir of nasjax train --config=gennape/custom; scores are adapted to "
    "its labels",
    metavar="DIR",
    is_path=True,
  )
  shape: tuple[int, ...] = shared_options.input_shape()
  json: bool = option(False, "print JSON instead of a table")

  def check(self, given: Set[str]) -> None:
    """Refuses labels from two places."""
    if self.labels is not None and self.checkpoint is not None:
      raise errors.UserError(
        "--labels and --checkpoint: expected one of the two, got both; leave "
        "one out"
      )
