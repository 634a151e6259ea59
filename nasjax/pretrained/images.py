"""The predictor that sees images: `python -m nasjax.pretrained.images`."""

import sys

from nasjax.commands import entry

if __name__ == "__main__":
  sys.exit(entry.run("nasjax.commands.publish_images"))
