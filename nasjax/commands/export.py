"""`nasjax export`: a trained predictor as one StableHLO file."""

import dataclasses
from collections.abc import Set

from nasjax.commands import entry, shared_options
from nasjax.commands.command import Command
from nasjax.commands.options import REQUIRED, Options, option

_USAGE = """Writes a trained predictor as one file that needs JAX alone.

  {program} --space nb201 [--checkpoint NAME] --out FILE

The file is a StableHLO program that maps genotypes [b, G] to scores [b], on a
CPU, GPU or TPU; jax.export.deserialize reads it. Needs nasjax[export].
"""


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


def _run(options: ExportOptions) -> None:
  """Loads what exports, which takes seconds."""
  entry.load("nasjax.commands.export_run").run(options)


COMMAND = Command(
  "export",
  "write a predictor as one StableHLO file",
  _USAGE,
  ExportOptions,
  _run,
)
main = COMMAND.main
