"""Searches a space: `python search.py --space nb201`."""

import sys

from nasjax.commands import entry

if __name__ == "__main__":
  sys.exit(entry.search())
