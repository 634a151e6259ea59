"""Trains a predictor: `python train.py --config=configs/nb101.py`."""

import sys

from nasjax.commands import entry

if __name__ == "__main__":
  sys.exit(entry.train())
