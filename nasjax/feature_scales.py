"""Mean and spread of the graph features of every known space.

They were measured on 4,096 cells drawn from each space, without any label, and
are kept in `feature_scales.json`, so that a predictor for NAS-Bench-101 does
not enumerate the space first. `python -m nasjax.feature_scales` measures again.
"""

import functools
import json
import pathlib

import numpy as np

from nasjax import files

PATH = pathlib.Path(__file__).with_suffix(".json")


@functools.cache
def _stored() -> dict[str, dict[str, list[float]]]:
  return json.loads(PATH.read_text())


def load(space_name: str) -> tuple[np.ndarray, np.ndarray] | None:
  """Returns mean and spread `[1, F]` float32 each; None for another space."""
  found = _stored().get(space_name)
  if found is None:
    return None
  mean, spread = (
    np.asarray(found[name], np.float32)[None] for name in ("mean", "spread")
  )
  return mean, spread


def _main() -> None:
  from nasjax import graphs
  from nasjax.spaces import registry

  measured = {}
  for name in registry.space_names():
    mean, spread = graphs.measure_feature_scale(registry.get_space(name))
    measured[name] = {
      "mean": [float(x) for x in mean[0]],
      "spread": [float(x) for x in spread[0]],
    }
  files.write_json(PATH, measured)


if __name__ == "__main__":
  _main()
