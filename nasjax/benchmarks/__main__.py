"""Lists benchmarks and gets their data: `python -m nasjax.benchmarks list`."""

import sys

from nasjax import entry

if __name__ == "__main__":
  sys.exit(entry.command("data"))
