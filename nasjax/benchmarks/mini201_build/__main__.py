"""`python -m nasjax.benchmarks.mini201_build --help`."""

import sys

from nasjax.commands import mini201_build

if __name__ == "__main__":
  sys.exit(mini201_build.main())
