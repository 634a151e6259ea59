"""A space cut to a list of its cells, such as those of a partial table."""

from collections.abc import Sequence
from typing import Any

import jax
import numpy as np

from nasjax import errors
from nasjax.spaces import base, registry


class Subset(base.Space):
  """The cells of a list as a space of their own.

  It enumerates, samples and moves among these cells alone, so that every
  strategy asks for no other. A child that is not on the list is replaced by
  its parent. Where no two cells of the list are neighbours, local search and
  evolution are random search.

  Attributes:
    space: the whole space.
    size: how many distinct cells there are, by `lookup_keys`.
  """

  def __init__(self, space: base.Space, genotypes: base.Genotypes):
    """Keeps the first of equal cells.

    Args:
      space: the space of the cells.
      genotypes: the list, `[n, G]`.

    Raises:
      UserError: the list is empty, or a row is no cell of the space.
    """
    cells = space.check(genotypes)
    if not len(cells):
      raise errors.UserError(
        f"subset of {space.name!r}: expected at least one cell, got none"
      )
    keys = space.lookup_keys(cells)
    first = np.sort(np.unique(keys, return_index=True)[1])
    self.space = space
    self._cells, self._keys = cells[first], np.sort(keys[first])
    self.size = len(first)
    self.name = space.name
    self.genotype_length = space.genotype_length
    self.num_nodes = space.num_nodes
    self.op_names = space.op_names

  @property
  def whole(self) -> base.Space:
    """The space of the cells."""
    return self.space

  def parse(self, archs: Sequence[Any]) -> base.Genotypes:
    """Reads notations of the whole space."""
    return self.space.parse(archs)

  def format(self, genotypes: base.Genotypes) -> list[str]:
    """Prints genotypes `[n, G]`."""
    return self.space.format(genotypes)

  def check(self, genotypes: Any) -> base.Genotypes:
    """Returns cells of the list as a `[n, G]` int8 array.

    Raises:
      UserError: the shape is wrong, or a row is no cell of the list.
    """
    cells = self.space.check(genotypes)
    others = np.flatnonzero(~self.has(cells))
    if others.size:
      shown = self.format(cells[others[:1]])[0]
      raise errors.UserError(
        f"genotype {others[0]}: expected one of the {self.size} listed cells "
        f"of {self.name!r}, got {errors.quote(shown)}"
      )
    return cells

  def has(self, genotypes: base.Genotypes) -> np.ndarray:
    """Says which valid cells `[n, G]` are on the list, `[n]` bool."""
    return np.isin(self.space.lookup_keys(genotypes), self._keys)

  def is_valid(self, genotypes: base.Genotypes) -> np.ndarray:
    """Says which genotypes `[n, G]` are cells on the list, `[n]` bool."""
    found = self.space.is_valid(genotypes)
    found[found] = self.has(genotypes[found])
    return found

  def enumerate(self) -> base.Genotypes:
    """Returns the list without repetitions, `[size, G]` int8."""
    return self._cells.copy()

  def sample(self, num: int, rng: np.random.Generator) -> base.Genotypes:
    """Draws from the list, uniformly and with replacement."""
    return self._cells[rng.integers(len(self._cells), size=num)]

  def mutate(
    self, genotypes: base.Genotypes, rng: np.random.Generator
  ) -> base.Genotypes:
    """Changes one decision; a parent whose child is not listed stays."""
    children = self.space.mutate(genotypes, rng)
    return np.where(self.has(children)[:, None], children, genotypes)

  def crossover(
    self,
    first: base.Genotypes,
    second: base.Genotypes,
    rng: np.random.Generator,
  ) -> base.Genotypes:
    """Mixes parents; the first one stays where the child is not listed."""
    children = self.space.crossover(first, second, rng)
    return np.where(self.has(children)[:, None], children, first)

  def neighbours(self, genotype: np.ndarray) -> base.Genotypes:
    """Returns the listed cells one decision away from `[G]`, `[k, G]`."""
    cells = self.space.neighbours(genotype)
    return cells[self.has(cells)]

  def fingerprint(self, genotypes: base.Genotypes) -> np.ndarray:
    """Hashes cells as the whole space does."""
    return self.space.fingerprint(genotypes)

  def lookup_keys(self, genotypes: base.Genotypes) -> np.ndarray:
    """Returns the lookup keys of the whole space."""
    return self.space.lookup_keys(genotypes)

  def num_params(self, genotypes: base.Genotypes) -> np.ndarray:
    """Counts parameters as the whole space does."""
    return self.space.num_params(genotypes)

  def flops(self, genotypes: base.Genotypes) -> np.ndarray:
    """Counts multiply-adds as the whole space does."""
    return self.space.flops(genotypes)

  def encode(self, genotypes: jax.Array) -> base.EncodedCells:
    """Draws genotypes as the whole space does."""
    return self.space.encode(genotypes)


def as_own(space: str | base.Space) -> base.Space:
  """`spaces.registry.as_own`; of a subset the whole space is checked.

  Raises:
    UserError: see there.
  """
  if not isinstance(space, Subset):
    return registry.as_own(space)
  registry.as_own(space.whole)
  return space
