"""`python -m nasjax.benchmarks.mini201_build --help`."""

import sys

from nasjax import entry

if __name__ == "__main__":
  sys.exit(entry.command("mini201_build"))
