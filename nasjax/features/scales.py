"""Mean and spread of the features of every known space.

They were measured on 4,096 cells drawn from each space, without any label, and
are kept in `scales.json`, so that a predictor for NAS-Bench-101 does not
enumerate the space first. `python -m nasjax.features.measure` measures again.
"""

import functools
import json
import pathlib

import numpy as np

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
  """Returns the scale of a kind of features in a space, if it is kept."""
  found = _stored().get(space_name, {}).get(kind)
  if found is None:
    return None
  mean, spread = (
    np.asarray(found[name], np.float32)[None] for name in ("mean", "spread")
  )
  return mean, spread
