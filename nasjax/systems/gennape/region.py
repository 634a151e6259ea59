"""Where in the space of measures networks were learnt from.

Dimensions: `n` networks, `m` networks that were learnt from, `P` measures, `D`
principal components, `c` clusters.
"""

from typing import NamedTuple

import numpy as np

from nasjax.systems.gennape import fuzzy

COMPONENTS, CLUSTERS = 12, 8
_POWER = 1.5
_CLIP = 4.0
_QUANTILE = 0.95


class Region(NamedTuple):
  """Networks that were learnt from, in principal components.

  Attributes:
    mean: of the measures, `[P]`.
    spread: of the measures, `[P]`.
    components: `[P, D]`.
    points: the networks, `[m, D]`.
    centres: of clusters, `[c, D]`.
    unit: the distance within which 95 % of the networks have a neighbour.
  """

  mean: np.ndarray
  spread: np.ndarray
  components: np.ndarray
  points: np.ndarray
  centres: np.ndarray
  unit: float

  def place(self, found: np.ndarray) -> np.ndarray:
    """Components of measures `[n, P]`; `[n, D]`."""
    scaled = np.clip((found - self.mean) / self.spread, -_CLIP, _CLIP)
    return scaled @ self.components

  def membership(self, found: np.ndarray) -> np.ndarray:
    """How much networks belong to clusters, `[n, c]`, rows of sum 1."""
    return fuzzy.memberships(self.place(found), self.centres, _POWER)

  def novelty(self, found: np.ndarray) -> np.ndarray:
    """Distances to the nearest known network in units of `unit`, `[n]`."""
    return nearest(self.place(found), self.points) / self.unit


def nearest(points: np.ndarray, others: np.ndarray) -> np.ndarray:
  """Distances of points `[n, D]` to the nearest of others `[m, D]`; `[n]`."""
  found = np.empty(len(points))
  for start in range(0, len(points), 256):
    part = points[start : start + 256, None, :] - others[None]
    found[start : start + 256] = np.sqrt((part**2).sum(-1).min(axis=1))
  return found


def fit(found: np.ndarray, seed: int) -> Region:
  """Makes the region of measures `[m, P]`."""
  found = np.asarray(found, np.float64)
  mean = found.mean(axis=0)
  spread = np.maximum(found.std(axis=0), 0.05)
  scaled = np.clip((found - mean) / spread, -_CLIP, _CLIP)
  _, _, axes = np.linalg.svd(scaled - scaled.mean(axis=0), full_matrices=False)
  components = axes[:COMPONENTS].T
  points = scaled @ components
  half = np.random.default_rng(seed).permutation(len(points)) % 2 == 0
  unit = np.quantile(nearest(points[half], points[~half]), _QUANTILE)
  centres = fuzzy.fit(points, CLUSTERS, seed, _POWER)
  return Region(mean, spread, components, points, centres, float(unit))
