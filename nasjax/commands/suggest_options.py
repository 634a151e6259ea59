"""Options of `nasjax suggest`."""

import csv
import dataclasses
import pathlib
from collections.abc import Set

from nasjax.commands import shared_options
from nasjax.commands.options import Options, option

COLUMNS = ("arch", "predicted", "std", "reason")
# Written out, so that a mistake is found before anything heavy is imported.
ACQUISITIONS = (
  "expected_improvement",
  "upper_confidence_bound",
  "mean",
  "thompson",
)
SURROGATES = ("gaussian", "default")
PRIORS = ("none", "zero")


@dataclasses.dataclass(frozen=True, kw_only=True)
class SuggestOptions(Options):
  """Options of `nasjax suggest`."""

  space: str = shared_options.space()
  table: str | None = option(
    None,
    "CSV file with what was trained so far, columns arch and value",
    metavar="FILE",
    is_path=True,
  )
  count: int = option(5, "how many to suggest", least=1, most=1000)
  target: str = option(
    "accuracy",
    "what the values are; of a cost (latency, energy) the lowest is the best",
    names=("accuracy", "cost"),
  )
  acquisition: str = option(
    "expected_improvement",
    "what is weighed against what; thompson draws at random",
    names=ACQUISITIONS,
  )
  surrogate: str = option(
    "gaussian",
    "model of the values: a Gaussian process, or the default predictor, which "
    "takes about a minute",
    names=SURROGATES,
  )
  prior: str = option(
    "none",
    "what is believed before any training: zero for the transfer "
    "predictor of nasjax zero-label, by which the first suggestions are good",
    names=PRIORS,
  )
  seed: int = option(0, "seed of all draws", least=0, most=2**32 - 1)
  out: str | None = option(
    None,
    f"CSV file for the suggestions, columns {', '.join(COLUMNS)}",
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
      replacing.check_file(self.out, is_result, "suggestions")


def is_result(path: pathlib.Path) -> bool:
  """Tells a file of suggestions by its header."""
  with open(path, encoding="utf-8", newline="") as file:
    return next(csv.reader(file), None) == list(COLUMNS)
