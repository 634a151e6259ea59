"""Scores whole spaces, or streams: `python -m nasjax.scoring --help`."""

import sys

from nasjax import entry

if __name__ == "__main__":
  sys.exit(entry.command("score"))
