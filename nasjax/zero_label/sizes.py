"""Scores of networks that differ in width alone: how large they are.

Dimensions: `n` architectures, `k` senses of size.
"""

import functools

import numpy as np

from nasjax.spaces import base as spaces_base

_DRAWN = 2000  # cells of a space that cannot be enumerated
_DIGITS = 9  # equal scores are equal up to rounding


def scores(space: spaces_base.Space, genotypes: np.ndarray) -> np.ndarray:
  """Mean of the logarithms of sizes, each in units of its spread in the space.

  Args:
    space: a space that has `sizes`.
    genotypes: valid, `[n, G]`.

  Returns:
    `[n]` float64, higher = larger = better, of mean 0 in the space.
  """
  whole = space.whole
  centre, spread = _scale(whole)
  scores = ((_logs(whole, genotypes) - centre) / spread).mean(axis=1)
  return scores.round(_DIGITS)


@functools.lru_cache(maxsize=4)
def _scale(space: spaces_base.Space) -> tuple[np.ndarray, np.ndarray]:
  """Means and deviations of the logarithms in a space, `[k]` each."""
  if space.size is None:
    cells = space.sample(_DRAWN, np.random.default_rng(0))
  else:
    cells = space.enumerate()
  found = _logs(space, cells)
  return found.mean(axis=0), np.maximum(found.std(axis=0), 1e-12)


def _logs(space: spaces_base.Space, genotypes: np.ndarray) -> np.ndarray:
  return np.log(np.asarray(space.sizes(genotypes), np.float64))
