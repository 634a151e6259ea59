"""The transfer predictors: `python -m nasjax.pretrained.zero_label`."""

import sys

from nasjax import entry

if __name__ == "__main__":
  sys.exit(entry.command("publish_zero_label"))
