"""Options of `nasjax export`."""

import dataclasses
from collections.abc import Set

from nasjax.commands import shared_options
from nasjax.commands.options import REQUIRED, Options, option


@dataclasses.dataclass(frozen=True, kw_only=True)
class ExportOptions(Options):
  """Options of `nasjax export`."""

  space: str = shared_options.space()
  checkpoint: str | None = shared_options.checkpoint()
  out: str = option(
    REQUIRED, "file of the program", metavar="FILE", is_path=True
  )

  def check(self, given: Set[str]) -> None:
    """Refuses a file that cannot be written."""
    from nasjax import files  # imports numpy

    files.check_writable(self.out)
