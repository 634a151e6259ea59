"""Lists benchmarks and gets their data: `python -m nasjax.benchmarks list`."""

import sys

from nasjax.commands import entry

if __name__ == "__main__":
  sys.exit(entry.run("nasjax.commands.data"))
