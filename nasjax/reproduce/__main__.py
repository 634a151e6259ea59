"""Tables and figures: `python -m nasjax.reproduce --list`."""

import sys

from nasjax import entry

if __name__ == "__main__":
  sys.exit(entry.command("reproduce"))
