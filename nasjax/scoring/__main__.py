"""Scores whole spaces, or streams: `python -m nasjax.scoring --help`."""

import sys

from nasjax.commands import entry

if __name__ == "__main__":
  sys.exit(entry.run("nasjax.commands.score"))
