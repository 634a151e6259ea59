"""`python -m nasjax.features.measure`: measures `scales.json` again."""

import sys

from nasjax import errors, files
from nasjax.features import inputs, kinds, scales
from nasjax.spaces import registry


def main() -> int:
  """Measures every space that comes with nasjax; returns the exit status."""
  return errors.exit_status(_measure_all)


def _measure_all() -> None:
  errors.no_arguments(
    "python -m nasjax.features.measure",
    f"Measures the features of every space into {scales.PATH}.",
  )
  measured = {}
  for name in registry.space_names():
    space = registry.get_space(name)
    found = {
      kind: inputs.measure_scale(space, kind)
      for kind, entry in kinds.KINDS.items()
      if entry.standardised
    }
    measured[name] = {
      kind: {"mean": mean[0].tolist(), "spread": spread[0].tolist()}
      for kind, (mean, spread) in found.items()
    }
  files.write_json(scales.PATH, measured)


if __name__ == "__main__":
  sys.exit(main())
