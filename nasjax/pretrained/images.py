"""The predictor that sees images: `python -m nasjax.pretrained.images`."""

import sys

from nasjax import entry

if __name__ == "__main__":
  sys.exit(entry.command("publish_images"))
