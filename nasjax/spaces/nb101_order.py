"""`python -m nasjax.spaces.nb101_order`: sorts NAS-Bench-101 by its hashes."""

import sys

from nasjax import errors, files
from nasjax.spaces import nb101_enumerate


def main() -> int:
  """Writes the file that comes with nasjax; returns the exit status."""
  return errors.exit_status(_write)


def _write() -> None:
  errors.no_arguments(
    "python -m nasjax.spaces.nb101_order",
    f"Hashes all cells of NAS-Bench-101; writes {nb101_enumerate.ORDER}.",
  )
  cells = nb101_enumerate.distinct_cells()
  order = nb101_enumerate.hash_order(cells, progress=True)
  files.save_npz(nb101_enumerate.ORDER, order=order)


if __name__ == "__main__":
  sys.exit(main())
