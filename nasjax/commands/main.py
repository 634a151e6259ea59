"""`nasjax`: every command under one name."""

from nasjax.commands import (
  data,
  evaluate,
  export,
  graph,
  rank,
  reproduce,
  score,
  search,
  suggest,
  train,
  zero_label,
)
from nasjax.commands.command import Group

NASJAX = Group(
  "nasjax",
  "performance predictors of neural architectures, and search with them",
  """Predicts how accurate neural architectures will be, and searches with that.

  {program} COMMAND [options]
  {program} COMMAND --help
""",
  (
    train.COMMAND,
    search.COMMAND,
    suggest.COMMAND,
    zero_label.COMMAND,
    evaluate.COMMAND,
    score.COMMAND,
    data.GROUP,
    reproduce.COMMAND,
    export.COMMAND,
    graph.COMMAND,
    rank.COMMAND,
  ),
)
main = NASJAX.main
