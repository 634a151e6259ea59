"""Adds digests: `python -m nasjax.pretrained.digests FOLDER`."""

import sys

from nasjax.commands import entry

if __name__ == "__main__":
  sys.exit(entry.run("nasjax.commands.publish_digests"))
