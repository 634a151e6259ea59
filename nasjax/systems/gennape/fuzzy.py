"""Fuzzy c-means: points that belong to several clusters at once.

Bezdek, "Pattern Recognition with Fuzzy Objective Function Algorithms", 1981.

Dimensions: `n` points, `c` clusters, `D` coordinates.
"""

from typing import Any

import numpy as np

_STEPS = 100
_TINY = 1e-9

Array = Any  # of numpy or of JAX


def memberships(
  points: Array, centres: Array, power: float = 2.0, xp: Any = np
) -> Array:
  """How much points belong to clusters.

  Args:
    points: `[n, D]`.
    centres: `[c, D]`.
    power: the fuzzifier, above 1; near 1 each point belongs to one cluster.
    xp: the array module, `numpy` or `jax.numpy`.

  Returns:
    `[n, c]`, rows of sum 1.
  """
  apart = points[:, None, :] - centres[None]
  logs = -xp.log((apart**2).sum(axis=-1) + _TINY) / (power - 1)
  shares = xp.exp(logs - logs.max(axis=1, keepdims=True))
  return shares / shares.sum(axis=1, keepdims=True)


def fit(
  points: np.ndarray, number: int, seed: int, power: float = 2.0
) -> np.ndarray:
  """Returns centres of clusters, `[c, D]`.

  Args:
    points: `[n, D]`, at least as many as clusters.
    number: of the clusters.
    seed: of the points that they start from, far from each other.
    power: the fuzzifier.
  """
  points = np.asarray(points, np.float64)
  centres = _start(points, number, np.random.default_rng(seed))
  for _ in range(_STEPS):
    weights = memberships(points, centres, power) ** power
    moved = weights.T @ points / weights.sum(axis=0)[:, None]
    if np.abs(moved - centres).max() < 1e-6:
      break
    centres = moved
  return centres


def _start(points, number: int, rng) -> np.ndarray:
  """Draws points with chances that grow with the distance to those drawn."""
  chosen = [int(rng.integers(len(points)))]
  while len(chosen) < number:
    apart = points[:, None, :] - points[chosen][None]
    nearest = (apart**2).sum(axis=-1).min(axis=1) + _TINY
    chosen.append(int(rng.choice(len(points), p=nearest / nearest.sum())))
  return points[chosen]
