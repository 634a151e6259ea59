"""Tables and figures: `python -m nasjax.reproduce --list`."""

import sys

from nasjax.reproduce import command

if __name__ == "__main__":
  sys.exit(command.main())
