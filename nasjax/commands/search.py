"""`python search.py --space nb201`: score a space, search it, show the best."""

from collections.abc import Sequence

from nasjax.commands import entry, search_checks, search_options
from nasjax.commands import flags as command_flags


def _search(argv: Sequence[str]) -> None:
  """Parses flags; then loads what searches, which takes seconds."""
  options = search_options.parse(argv)
  if options is not None:
    search_checks.check(options)
    entry.load("nasjax.commands.search_run").run(options)


main = command_flags.guard(_search)
