"""`python -m nasjax.features.measure`: measures `scales.json` again."""

from nasjax import files
from nasjax.features import inputs, kinds, scales
from nasjax.spaces import registry


def main() -> None:
  """Measures every standardised kind in every space that comes with nasjax."""
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
  main()
