"""Searches a space: `python search.py --space nb201`."""

import sys

from nasjax.commands import search

if __name__ == "__main__":
  sys.exit(search.main())
