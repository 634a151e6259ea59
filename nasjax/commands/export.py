"""`nasjax export`: a trained predictor as one StableHLO file."""

from nasjax import entry
from nasjax.commands.command import Command
from nasjax.commands.export_options import ExportOptions

_USAGE = """Writes a trained predictor as one file that needs JAX alone.

  {program} --space nb201 [--checkpoint NAME] --out FILE

The file is a StableHLO program that maps genotypes [b, G] to scores [b], on a
CPU, GPU or TPU; jax.export.deserialize reads it. Needs nasjax[export].
"""


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
