"""Scores of untrained networks and zero-label scores of families of cells.

Dimensions: `n` networks.
"""

import functools

import numpy as np

from nasjax import proxies, zero_label
from nasjax.reproduce.gennape import data

SPACES = {
  "nb101": "nb101",
  "nb201": "nb201",
  "darts545": "darts",
  "nb301": "darts",
  "transnas": "nb201",
}
"""Families whose networks are cells, and the space that has these cells."""
PROXIES = ("synflow", "jacov", "nwot")
SKELETON = "mini"


@functools.cache
def measured(sample: data.Sample, seed: int) -> dict[str, np.ndarray]:
  """Measures the untrained networks of cells by every proxy, `[n]` each.

  Networks are those of the small skeleton, not those of the family; weights and
  images of Gaussian noise depend on the seed. Cells without a score are last.
  """
  found = proxies.measure(
    SPACES[sample.name],
    sample.networks.codes,
    PROXIES,
    skeleton=SKELETON,
    seeds=(seed,),
  )
  return {name: _last(values) for name, values in found.items()}


def zero(sample: data.Sample) -> np.ndarray:
  """Scores of cells that saw no label of their space, `[n]`.

  Cells of TransNAS-Bench-101 are asked as those of NAS-Bench-201, whose scores
  were learnt from NAS-Bench-101 alone.
  """
  score, _ = zero_label.scorer(SPACES[sample.name])
  return score(sample.networks.codes)


def _last(values: np.ndarray) -> np.ndarray:
  """Scores with a number below all others where there is none."""
  known = np.isfinite(values)
  lowest = values[known].min() if known.any() else 0.0
  return np.where(known, values, lowest - 1)
