"""Mean and spread of the features of every known space.

They were measured on 4,096 cells drawn from each space, without any label, and
are kept in `feature_scales.json`, so that a predictor for NAS-Bench-101 does
not enumerate the space first. `python -m nasjax.feature_scales` measures again.
"""

import argparse
import functools
import json
import pathlib
import sys

import numpy as np

from nasjax import errors, files

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


def load(space_name: str, kind: str) -> Scale | None:
  """Returns the scale of one of `graph_features.KINDS`, if it is kept."""
  found = _stored().get(space_name, {}).get(kind)
  if found is None:
    return None
  mean, spread = (
    np.asarray(found[name], np.float32)[None] for name in ("mean", "spread")
  )
  return mean, spread


def main() -> int:
  """Measures every space; returns the exit status."""
  return errors.exit_status(_measure_all)


def _measure_all() -> None:
  from nasjax import graph_features, graphs
  from nasjax.spaces import registry

  parser = argparse.ArgumentParser(
    prog="python -m nasjax.feature_scales",
    description=f"Measures the features of every space again, into {PATH}.",
  )
  rest = parser.parse_known_args()[1]
  if rest:
    raise errors.UserError(
      f"unexpected argument {errors.quote(rest[0])}: expected none; see --help"
    )
  measured = {}
  for name in registry.space_names():
    space = registry.get_space(name)
    scales = {
      kind: graphs.measure_feature_scale(space, kind)
      for kind in graph_features.KINDS
    }
    measured[name] = {
      kind: {"mean": mean[0].tolist(), "spread": spread[0].tolist()}
      for kind, (mean, spread) in scales.items()
    }
  files.write_json(PATH, measured)


if __name__ == "__main__":
  sys.exit(main())
