"""Options of `nasjax zero-label`."""

import csv
import dataclasses
import pathlib
from collections.abc import Set

from nasjax.commands import shared_options
from nasjax.commands.options import Options, option

AUTO, NONE = "auto", "none"
COLUMNS = ("arch", "score")
"""Columns of `--out`, before those of the parts."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class ZeroLabelOptions(Options):
  """Options of `nasjax zero-label`."""

  space: str = shared_options.space()
  table: str | None = option(
    None,
    "CSV file with the architectures, column arch; the whole space by default, "
    "20,000 samples of one that cannot be enumerated",
    metavar="FILE",
    is_path=True,
  )
  proxies: str = option(
    AUTO,
    "scores of untrained networks that are joined with the transfer predictor, "
    "separated by commas, or none (docs/proxies.md); auto is nwot, jacov and "
    "jacov_stage in nb201, none elsewhere",
    metavar="A,B",
  )
  top_k: int = option(
    10, "how many of the best are listed", least=1, most=1_000_000
  )
  seed: int = option(0, "seed of the samples", least=0, most=2**63 - 1)
  out: str | None = option(
    None,
    "CSV file for the ranking, columns arch, score and one for each part",
    metavar="FILE",
    is_path=True,
  )
  json: bool = option(False, "print JSON instead of a table")

  def check(self, given: Set[str]) -> None:
    """Refuses a file that is no former result."""
    if self.out is not None:
      from nasjax import files  # imports numpy
      from nasjax.io import replacing

      files.check_writable(self.out)
      replacing.check_file(self.out, is_result, "a zero-label ranking")


def is_result(path: pathlib.Path) -> bool:
  """Tells a file of a ranking by its header."""
  with open(path, encoding="utf-8", newline="") as file:
    header = next(csv.reader(file), [])
  return tuple(header[: len(COLUMNS)]) == COLUMNS
