"""`nasjax suggest`: which architectures to train next."""

from nasjax import entry
from nasjax.commands.command import Command
from nasjax.commands.suggest_options import SuggestOptions

_USAGE = """Says which architectures to train next.

  {program} --space nb201 --table mine.csv [--count 5]
    [--out next.csv] [--json]

The table is CSV with the header arch,value: what you trained so far, in any
unit, with `failed` as the value of a training that failed. Train what is
suggested, add the results to the table, and run the same command again. Without
a table, or with an empty one, the suggestions are spread over the space.
"""


def _run(options: SuggestOptions) -> None:
  """Loads what suggests, which takes seconds."""
  entry.load("nasjax.commands.suggest_run").run(options)


COMMAND = Command(
  "suggest",
  "say which architectures to train next",
  _USAGE,
  SuggestOptions,
  _run,
)
main = COMMAND.main
