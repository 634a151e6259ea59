"""The predictor of any network: `python -m nasjax.pretrained.gennape`."""

import sys

from nasjax import entry

if __name__ == "__main__":
  sys.exit(entry.command("publish_ranker"))
