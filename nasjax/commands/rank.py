"""`nasjax rank`: which of several networks will be the best."""

from nasjax import entry
from nasjax.commands.command import Command
from nasjax.commands.rank_options import RankOptions

_USAGE = """Ranks networks by the accuracy to be expected after training.

  {program} a.onnx b.onnx c.onnx [--shape 224,224,3]
    [--labels own.csv | --checkpoint DIR]

Networks are read as computation graphs; nothing is trained, nothing of a file
is executed, and weights are not read. The scores come from a predictor that was
learnt from image classifiers, and compare networks of one task. With --labels
it is adapted to networks that you have trained, with --checkpoint to those of
nasjax train --config=gennape/custom. Notes say where a network is unlike those
that were learnt from.
"""


def _run(options: RankOptions) -> None:
  """Loads what ranks."""
  entry.load("nasjax.commands.rank_run", "").run(options)


COMMAND = Command(
  "rank",
  "rank networks that are given as ONNX models",
  _USAGE,
  RankOptions,
  _run,
)
main = COMMAND.main
