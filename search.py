"""Searches a space: `python search.py --space nb201`."""

import sys

if __name__ == "__main__":
  try:
    from nasjax.entry import doors
  except KeyboardInterrupt:
    print("interrupted", file=sys.stderr)
    sys.exit(130)
  sys.exit(doors.search())
