"""`python -m nasjax.spaces.nb101_order`: sorts NAS-Bench-101 by its hashes."""

from nasjax import files
from nasjax.spaces import nb101_enumerate


def main() -> None:
  """Writes the file that comes with nasjax."""
  cells = nb101_enumerate.distinct_cells()
  order = nb101_enumerate.hash_order(cells, progress=True)
  files.save_npz(nb101_enumerate.ORDER, order=order)


if __name__ == "__main__":
  main()
