"""Trains a predictor: `python train.py --config=configs/nb101.py`."""

import sys

if __name__ == "__main__":
  try:
    from nasjax.entry import doors
  except KeyboardInterrupt:
    print("interrupted", file=sys.stderr)
    sys.exit(130)
  sys.exit(doors.train())
