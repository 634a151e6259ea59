"""Mean and spread of the features of every known space.

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

Scale = tuple[np.ndarray, np.ndarray]
"""Mean and spread of `F` features, `[1, F]` float32 each."""


def measure(features: np.ndarray) -> Scale:
  """Mean and spread of features `[n, F]`; constant ones have a spread of 1."""
  found = features.astype(np.float64)
  spread = found.std(axis=0, keepdims=True)
  spread = np.where(spread > 1e-6, spread, 1.0)
  mean = found.mean(axis=0, keepdims=True)
  return mean.astype(np.float32), spread.astype(np.float32)


@functools.cache
def _stored() -> dict[str, dict[str, dict[str, list[float]]]]:
  return json.loads(PATH.read_text())


def load(space_name: str) -> tuple[Scale, ...] | None:
  """Returns the scales of `graphs.FEATURES`; None for another space."""
  found = _stored().get(space_name)
  if found is None:
    return None
  return tuple(
    (
      np.asarray(kind["mean"], np.float32)[None],
      np.asarray(kind["spread"], np.float32)[None],
    )
    for kind in found.values()
  )


def _main() -> None:
  from nasjax import graphs
  from nasjax.spaces import registry

  measured = {}
  for name in registry.space_names():
    scales = graphs.measure_feature_scales(registry.get_space(name))
    measured[name] = {
      kind: {"mean": mean[0].tolist(), "spread": spread[0].tolist()}
      for kind, (mean, spread) in zip(graphs.FEATURES, scales, strict=True)
    }
  files.write_json(PATH, measured)


if __name__ == "__main__":
  _main()
