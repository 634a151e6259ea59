"""Keeps a trained model: `python -m nasjax.pretrained WORKDIR NAME`."""

import sys

from nasjax import entry

if __name__ == "__main__":
  sys.exit(entry.command("publish"))
