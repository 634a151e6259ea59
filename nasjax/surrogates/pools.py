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
    target: what is searched, an accuracy or a cost.
    features: what enters distances between cells, `[m, F]` float32.
    distances: distances of the candidates to other cells.
  """

  def __init__(
    self,
    space: spaces_base.Space,
    genotypes: np.ndarray,
    keys: np.ndarray,
    target: str = configs.ACCURACY,
  ):
    """Computes the features of candidates `[m, G]` with keys `[m]`."""
    self.space, self.genotypes, self.keys = space, genotypes, keys
    self.target = target
    self.features = features_of(space, genotypes, target)
    self.distances = distances.Kept(self.features, power_of(space))

  def __len__(self) -> int:
    return len(self.genotypes)


def regression_config(space: spaces_base.Space, target: str) -> settings.Config:
  """Returns the config of the regression alone in a space.

  Args:
    space: the space.
    target: `accuracy` or `cost`; cells have their costs as they are, with dead
      operations and apart from others of their function.
  """
  config = configs.space_defaults(space.whole)
  return configs.override(
    config, {"model.name": "regression", "target": target}
  )


@functools.lru_cache(maxsize=16)
def _inputs(
  space: spaces_base.Space, target: str
) -> tuple[reads.Reads, bool, float]:
  """Features that enter distances, whether dead nodes go, and the power."""
  config = regression_config(space, target)
  module = registry.create_model(config.model)
  what: reads.Reads = module.reads  # pyright: ignore[reportAttributeAccessIssue]
  names = tuple(name for name in what.kinds if kinds.get(name).standardised)
  what = reads.Reads(names, what.by_function, node_order=False)
  return what, bool(config.prune), float(config.kernel.power)


def features_of(
  space: spaces_base.Space,
  genotypes: np.ndarray,
  target: str = configs.ACCURACY,
) -> np.ndarray:
  """Features of cells `[n, G]` that enter distances, `[n, F]` float32."""
  what, prune, _ = _inputs(space.whole, target)
  return columns.side_by_side(space.whole, genotypes, what, prune=prune)


def power_of(space: spaces_base.Space) -> float:
  """Power of the differences of features in distances."""
  return _inputs(space.whole, configs.ACCURACY)[2]


@functools.lru_cache(maxsize=4)
def whole(
  space: spaces_base.Space,
  replicates: bool = False,
  target: str = configs.ACCURACY,
) -> Pool:
  """Returns the cells of a space that can be enumerated.

  Those that compute nothing are left out.

  Args:
    space: the space.
    replicates: whether cells of one function are candidates of their own.
    target: `accuracy` or `cost`.
  """
  return of(space, space.enumerate(), replicates, target)


def of(
  space: spaces_base.Space,
  genotypes: np.ndarray,
  replicates: bool,
  target: str,
) -> Pool:
  """Returns the pool of some cells: the first of each key that computes.

  Args:
    space: the space.
    genotypes: the cells, `[n, G]`.
    replicates: see `whole`.
    target: `accuracy` or `cost`.
  """
  keys = keys_of(space, genotypes, replicates, target)
  first = np.sort(np.unique(keys, return_index=True)[1])
  first = first[columns.is_connected(space.whole, genotypes[first])]
  return Pool(space, genotypes[first], keys[first], target)


def drawn(
  space: spaces_base.Space,
  parents: np.ndarray,
  pending: np.ndarray,
  num: int,
  rng: np.random.Generator,
  replicates: bool = False,
  target: str = configs.ACCURACY,
) -> Pool:
  """Draws candidates of a space that cannot be enumerated.

  Half of them are mutations of the parents, once or twice, the others samples.

  Args:
    space: the space.
    parents: the best cells so far, `[p, G]`; none before there are any.
    pending: cells whose training goes on, `[q, G]`: they are in the pool, so
      that others can be compared with them.
    num: how many are drawn; the pool has fewer where some are equal.
    rng: generator of the draws.
    replicates: see `whole`.
    target: `accuracy` or `cost`.
  """
  half = num // 2 if len(parents) else 0
  cells = [pending, space.sample(num - half, rng)]
  if half:
    children = space.mutate(parents[rng.integers(len(parents), size=half)], rng)
    again = space.mutate(children, rng)
    twice = rng.random(half) < 0.5
    cells.append(np.where(twice[:, None], again, children))
  return of(space, np.concatenate(cells), replicates, target)


def keys_of(
  space: spaces_base.Space,
  genotypes: np.ndarray,
  replicates: bool,
  target: str = configs.ACCURACY,
) -> np.ndarray:
  """Keys by which cells `[n, G]` are asked once, `[n]` uint64.

  Args:
    space: their space.
    genotypes: the cells.
    replicates: whether cells of one function have keys of their own.
    target: of a `cost` every genotype has its own key.
  """
  if target == configs.COST:
    return _row_keys(genotypes)
  by = space.lookup_keys if replicates else space.function_keys
  return by(genotypes)


def _row_keys(genotypes: np.ndarray) -> np.ndarray:
  """Hashes rows `[n, G]` as they are (FNV-1a), `[n]` uint64."""
  keys = np.full(len(genotypes), 0xCBF29CE484222325, np.uint64)
  for column in np.asarray(genotypes, np.int8).view(np.uint8).T:
    keys = (keys ^ column.astype(np.uint64)) * np.uint64(0x100000001B3)
  return keys
