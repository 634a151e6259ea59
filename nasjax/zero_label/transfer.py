"""The transfer predictor: learnt in one space, asked in another.

Kernel regressions on physical features, which mean the same in every space.
What comes with nasjax was learnt from NAS-Bench-101, and for cells of that
space from NAS-Bench-201 and the cells of TransNAS-Bench-101: no label of the
space that is ranked enters.

Dimensions: `n` architectures, `G` integers of a genotype, `m` source cells, `P`
features, `M` models, `S` samples of the source.
"""

import functools
import hashlib
import pathlib
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from nasjax import errors, files
from nasjax.features import cell_physical
from nasjax.regression import solver, threads
from nasjax.spaces import base as spaces_base
from nasjax.zero_label import architectures, kernels

FOLDER = pathlib.Path(__file__).parent.parent / "pretrained" / "zero_label"
SOURCES = {
  "nb101": "cifar10 test accuracy, 108 epochs, mean of 3",
  "nb201_transnas": "cifar10 test accuracy, 200 epochs, mean of seeds; and of "
  "TransNAS-Bench-101 the mean normal score of two classifications",
}
"""What was learnt from, and the labels."""
DEAD = -10.0
"""Score of an architecture that computes nothing, below every other one."""
CELLS, SAMPLES = 2500, 3
"""Cells of a sample of the source, and samples that are averaged."""


class Transfer(NamedTuple):
  """Regressions of some samples of a source.

  Attributes:
    source: a name in `SOURCES`.
    samples: one solved set of regressions each.
  """

  source: str
  samples: tuple[kernels.Source, ...]

  def predict(
    self,
    space: spaces_base.Space,
    genotypes: np.ndarray,
    models: Sequence[str] = kernels.MODELS,
  ) -> np.ndarray:
    """Scores architectures, in units of normal scores of the source.

    Args:
      space: their space.
      genotypes: valid, `[n, G]`.
      models: whose predictions are averaged.

    Returns:
      `[n]` float64, higher = better; `DEAD` where a cell has no path from an
      input to an output.
    """
    found, is_live = architectures.features(space, genotypes)
    rows, place = np.unique(found, axis=0, return_inverse=True)
    weights = np.array([name in models for name in kernels.MODELS], float)
    weights /= weights.sum()
    scores = np.zeros(len(rows))
    for each in self.samples:
      scores += kernels.predict(each, rows, weights) / len(self.samples)
    return np.where(is_live, scores[place.reshape(-1)], DEAD)


def fit(
  space: spaces_base.Space, genotypes: np.ndarray, labels: np.ndarray, seed: int
) -> kernels.Source:
  """Learns from a sample of cells: normal scores of the ranks of their labels.

  Args:
    space: the space that is learnt from.
    genotypes: its labelled cells, `[n, G]`.
    labels: higher = better, `[n]`.
    seed: seed of the draw of `CELLS` of them.
  """
  drawn = np.random.default_rng(seed).permutation(len(labels))[: 2 * CELLS]
  found, is_live = architectures.features(space, genotypes[drawn])
  chosen = np.flatnonzero(is_live)[:CELLS]
  targets = solver.normal_scores(labels[drawn[chosen]])
  with threads.for_rows(0):
    return kernels.fit(found[chosen], targets)


def path_of(source: str) -> pathlib.Path:
  """The file of what was learnt from a source."""
  return FOLDER / f"{source}.npz"


def save(path: files.PathLike, samples: Sequence[kernels.Source]) -> None:
  """Writes regressions to a checked `.npz`."""
  fields = kernels.Source._fields
  arrays = {
    name: np.stack([getattr(each, name) for each in samples]) for name in fields
  }
  names = np.array(cell_physical.NAMES)
  files.save_npz(path, names=names, models=np.array(kernels.MODELS), **arrays)


@functools.cache
def load(source: str) -> Transfer:
  """Returns what was learnt from a source and comes with nasjax.

  Raises:
    UserError: nothing was learnt from it, or the file is damaged or of other
      features.
  """
  errors.check_name("source", source, SOURCES)
  arrays = files.load_npz(path_of(source))
  known = cell_physical.NAMES, kernels.MODELS
  for key, names in zip(("names", "models"), known, strict=True):
    if tuple(arrays[key].tolist()) != names:
      raise errors.UserError(
        f"{errors.quote(str(path_of(source)))}: expected the {key} of this "
        "version, got others; run python -m nasjax.pretrained.zero_label"
      )
  parts = zip(*(arrays[name] for name in kernels.Source._fields), strict=True)
  return Transfer(source, tuple(kernels.Source(*each) for each in parts))


def digest(source: str) -> str:
  """Digest of what was learnt from a source, for caches."""
  digest = hashlib.sha256()
  for sample in load(source).samples:
    for array in sample:
      digest.update(array.tobytes())
  return digest.hexdigest()
