"""Searches in an embedding of a space: cells as points between which to move.

Dimensions: `m` cells, `G` integers of a genotype, `E` numbers of an embedding.
"""

import dataclasses
import functools
from typing import Any

import numpy as np

from nasjax import errors
from nasjax.search import base
from nasjax.search.state import State
from nasjax.spaces import base as spaces_base


@dataclasses.dataclass(frozen=True, eq=False)
class Table:
  """The cells that a search can ask, and where they lie.

  Attributes:
    genotypes: `[m, G]` int8.
    keys: `space.lookup_keys` of these, ascending, `[m]`.
    values: embeddings of mean 0, `[m, E]` float32; the mean of the variances of
      their numbers is 1.
  """

  genotypes: np.ndarray
  keys: np.ndarray
  values: np.ndarray

  def taken(self, space: spaces_base.Space, cells: np.ndarray) -> np.ndarray:
    """Which cells of the table are among others `[n, G]`, `[m]` bool."""
    found = np.zeros(len(self.keys), bool)
    found[self.rows(space, cells)] = True
    return found

  def rows(self, space: spaces_base.Space, cells: np.ndarray) -> np.ndarray:
    """Rows of cells `[n, G]` of the table, `[n]`."""
    return np.searchsorted(self.keys, space.lookup_keys(cells))


@dataclasses.dataclass(frozen=True)
class Latent(base.Strategy):
  """A strategy that sees cells as vectors.

  The cells are those of the space; in one that cannot be enumerated they are
  drawn once, from the seed of the search.

  Attributes:
    embedding: `adjacency`, operators and edges as numbers of 0 and 1;
      `arch2vec`, what an autoencoder has learnt of the space without a label;
      the workdir of such a training; or vectors of one's own, an array
      `[size, E]` in the order of `Space.enumerate()` or a function of
      genotypes.
    num_candidates: cells that are drawn of a space that cannot be enumerated.
  """

  embedding: Any = "adjacency"
  num_candidates: int = 20_000

  def __post_init__(self):
    from nasjax.surrogates import embeddings

    object.__setattr__(self, "embedding", embeddings.check(self.embedding))
    base.whole_number("num_candidates", self.num_candidates, 1)

  def table(self, state: State) -> Table:
    """The cells of a search and their embeddings."""
    if state.space.size is not None:
      return _table(state.space, self.embedding, None, 0)
    return _table(state.space, self.embedding, self.num_candidates, state.seed)


@functools.lru_cache(maxsize=4)
def _table(
  space: spaces_base.Space, embedding: Any, num: int | None, seed: int
) -> Table:
  """All cells of a space, or `num` drawn ones."""
  from nasjax.surrogates import embeddings

  if num is None:
    cells = space.enumerate()
  else:
    draws = np.random.Generator(
      np.random.Philox(key=seed, counter=[0, 0, 1, 0])
    )
    cells = base.sample_distinct(space, num, draws)
  values = embeddings.of_cells(space, embedding, cells)
  keys, first = np.unique(space.lookup_keys(cells), return_index=True)
  values = values[first] - values[first].mean(axis=0, dtype=np.float64)
  scale = np.sqrt(np.mean(values**2))
  values = (values / (scale if scale > 0 else 1.0)).astype(np.float32)
  return Table(cells[first], keys, values)


def centred(scores: np.ndarray) -> np.ndarray:
  """Scores `[t]` less their mean, in units of their standard deviation."""
  spread = scores.std()
  return (scores - scores.mean()) / (spread if spread > 0 else 1.0)


def check_number(what: str, value: Any, least: float, most: float) -> None:
  """Checks an option.

  Raises:
    UserError: it is no finite number from `least` to `most`.
  """
  is_number = isinstance(value, int | float) and not isinstance(value, bool)
  if not is_number or not least <= value <= most or not np.isfinite(value):
    bound = f"of at least {least:g}"
    if np.isfinite(most):
      bound = f"from {least:g} to {most:g}"
    raise errors.UserError(
      f"{what}: expected a number {bound}, got {errors.quote(value)}"
    )
