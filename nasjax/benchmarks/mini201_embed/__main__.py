"""`python -m nasjax.benchmarks.mini201_embed --help`."""

import sys

from nasjax.commands import mini201_embed

if __name__ == "__main__":
  sys.exit(mini201_embed.main())
