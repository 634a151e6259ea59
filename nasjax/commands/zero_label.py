"""`nasjax zero-label`: rank a space without one label from it."""

from nasjax import entry
from nasjax.commands.command import Command
from nasjax.commands.zero_label_options import ZeroLabelOptions

_USAGE = """Ranks architectures without one label from their space.

  {program} --space nb201 [--table cells.csv] [--top_k 10]
    [--proxies auto] [--out ranking.csv] [--json]

A predictor that was learnt in another space ranks. In nb201, and where
--proxies names some, it is joined with scores of untrained networks, by the sum
of the logarithms of ranks. What is ranked is the whole space, or the column
arch of the table. Parts of 1,000 architectures or more are kept, so that the
second time takes seconds.
"""


def _run(options: ZeroLabelOptions) -> None:
  """Loads what ranks, which takes seconds."""
  entry.load("nasjax.commands.zero_label_run").run(options)


COMMAND = Command(
  "zero-label",
  "rank a space without one label from it",
  _USAGE,
  ZeroLabelOptions,
  _run,
)
main = COMMAND.main
