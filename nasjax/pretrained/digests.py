"""Adds digests: `python -m nasjax.pretrained.digests FOLDER`."""

import sys

from nasjax import entry

if __name__ == "__main__":
  sys.exit(entry.command("publish_digests"))
