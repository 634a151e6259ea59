"""Opens a predictor and exports it."""

from nasjax import files, progress
from nasjax.commands.export_options import ExportOptions
from nasjax.predictors import checkpoints, exporting


def run(options: ExportOptions) -> None:
  """Writes the program and prints what it is.

  Raises:
    UserError: there is no such predictor, or the file cannot be written.
  """
  with progress.phase("opening the predictor"):
    model = checkpoints.open_predictor(options.space, options.checkpoint)
  with progress.phase("exporting: compiling"):
    exporting.export(model, options.out)
  path = files.expand(options.out)
  print(
    f"written to {path}: genotypes [b, {model.space.genotype_length}] int8 to "
    f"scores [b] float32, {path.stat().st_size / 2**20:.1f} MiB"
  )
