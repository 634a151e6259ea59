"""Candidates of a search: which cells there are, and their features.

Dimensions: `m` candidates, `G` integers of a genotype, `F` features.
"""

import functools

import numpy as np

from nasjax import config as configs
from nasjax import settings
from nasjax.features import columns, kinds, reads
from nasjax.spaces import base as spaces_base
from nasjax.surrogates import distances
from nasjax.systems import registry


class Pool:
  """Candidates with one key each.

  Attributes:
    space: their space.
    genotypes: `[m, G]` int8.
    keys: the identity of each candidate, `[m]` uint64.
    features: what enters distances between cells, `[m, F]` float32.
    distances: distances of the candidates to other cells.
  """

  def __init__(
    self,
    space: spaces_base.Space,
    genotypes: np.ndarray,
    keys: np.ndarray,
  ):
    """Computes the features of candidates `[m, G]` with keys `[m]`."""
    self.space, self.genotypes, self.keys = space, genotypes, keys
    self.features = features_of(space, genotypes)
    self.distances = distances.Kept(self.features, power_of(space))

  def __len__(self) -> int:
    return len(self.genotypes)


def regression_config(space: spaces_base.Space) -> settings.Config:
  """Returns the config of the regression alone in a space."""
  config = configs.space_defaults(space.whole)
  return configs.override(config, {"model.name": "regression"})


@functools.lru_cache(maxsize=16)
def _inputs(space: spaces_base.Space) -> tuple[reads.Reads, bool, float]:
  """Features that enter distances, whether dead nodes go, and the power."""
  config = regression_config(space)
  module = registry.create_model(config.model)
  what: reads.Reads = module.reads  # pyright: ignore[reportAttributeAccessIssue]
  names = tuple(name for name in what.kinds if kinds.get(name).standardised)
  what = reads.Reads(names, what.by_function, node_order=False)
  return what, bool(config.prune), float(config.kernel.power)


def features_of(space: spaces_base.Space, genotypes: np.ndarray) -> np.ndarray:
  """Features of cells `[n, G]` that enter distances, `[n, F]` float32."""
  what, prune, _ = _inputs(space.whole)
  return columns.side_by_side(space.whole, genotypes, what, prune=prune)


def power_of(space: spaces_base.Space) -> float:
  """Power of the differences of features in distances."""
  return _inputs(space.whole)[2]


@functools.lru_cache(maxsize=4)
def whole(space: spaces_base.Space, replicates: bool = False) -> Pool:
  """Returns the cells of a space that can be enumerated.

  Those that compute nothing are left out.

  Args:
    space: the space.
    replicates: whether cells of one function are candidates of their own.
  """
  cells = space.enumerate()
  return _of(space, cells, replicates)


def _of(
  space: spaces_base.Space, genotypes: np.ndarray, replicates: bool
) -> Pool:
  """A pool of cells `[n, G]`: the first of each key that computes anything."""
  keys = keys_of(space, genotypes, replicates)
  first = np.sort(np.unique(keys, return_index=True)[1])
  first = first[columns.is_connected(space.whole, genotypes[first])]
  return Pool(space, genotypes[first], keys[first])


def drawn(
  space: spaces_base.Space,
  parents: np.ndarray,
  num: int,
  rng: np.random.Generator,
) -> Pool:
  """Draws candidates of a space that cannot be enumerated.

  Half of them are mutations of the parents, once or twice, the others samples.

  Args:
    space: the space.
    parents: the best cells so far, `[p, G]`; none before there are any.
    num: how many are drawn; the pool has fewer where some are equal.
    rng: generator of the draws.
  """
  half = num // 2 if len(parents) else 0
  cells = [space.sample(num - half, rng)]
  if half:
    children = space.mutate(parents[rng.integers(len(parents), size=half)], rng)
    again = space.mutate(children, rng)
    twice = rng.random(half) < 0.5
    cells.append(np.where(twice[:, None], again, children))
  return _of(space, np.concatenate(cells), False)


def keys_of(
  space: spaces_base.Space, genotypes: np.ndarray, replicates: bool
) -> np.ndarray:
  """Keys by which cells `[n, G]` are asked once, `[n]` uint64."""
  by = space.lookup_keys if replicates else space.function_keys
  return by(genotypes)
