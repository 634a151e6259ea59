"""Spaces of independent choices: all but the graph follows from their numbers.

Dimensions: `n` architectures, `G` choices.
"""

import math
import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from nasjax import errors
from nasjax.spaces import base, notations, wl_hash

_MOST = 127  # of int8, plus one
_ENUMERATED = 1 << 20


class ChoiceSpace(base.Space):
  """A space whose genotypes are `G` independent choices.

  Integer i of a genotype is one of `0 .. choices[i] - 1`, and every such
  genotype is an architecture. A subclass has the attributes `name`, `choices`,
  `op_names`, `operator_names`, `num_nodes` and `max_hops` of `Space`, and
  `encode`. Every other method can be replaced: `parse` and `format` where the
  space has a notation of its own, `fingerprint` where several genotypes are one
  graph, `lookup_keys` where they share one label.

  The notation is the integers joined by `-`, as in `0-2-1`. Spaces of at most
  1,048,576 architectures can be enumerated, in lexicographic order.

  Attributes:
    choices: how many options each choice has, `G` integers of 1 to 127.
  """

  choices: tuple[int, ...]

  def __init__(self):
    """Derives length and size from `choices`.

    Raises:
      UserError: `choices` is missing or something else.
    """
    choices: Any = getattr(self, "choices", None)
    if not isinstance(choices, tuple | list) or not choices:
      raise self._bad_choices(choices)
    for each in choices:
      whole = isinstance(each, int | np.integer) and not isinstance(each, bool)
      if not whole or not 1 <= each <= _MOST:
        raise self._bad_choices(choices)
    self.choices = tuple(int(each) for each in choices)
    self.genotype_length = len(self.choices)
    self._number = math.prod(self.choices)
    if self._number <= _ENUMERATED:
      self.size = self._number
    else:
      self.size, self.num_genotypes = None, self._number

  def _bad_choices(self, got: object) -> errors.UserError:
    return errors.UserError(
      f"choices of {type(self).__name__}: expected a tuple of whole numbers "
      f"from 1 to {_MOST}, got {errors.quote(got)}"
    )

  @property
  def _counts(self) -> np.ndarray:
    return np.array(self.choices, np.int64)

  def parse(self, archs: Sequence[Any]) -> base.Genotypes:
    """Reads texts such as `0-2-1`; see the base class."""
    rows = [
      self._row(position, arch)
      for position, arch in enumerate(notations.as_list(archs, self.name))
    ]
    return np.array(rows, np.int8).reshape(-1, self.genotype_length)

  def _row(self, position: int, arch: Any) -> list[int]:
    where = f"arch {position} of {self.name!r}"
    text = notations.strip(arch, where) if isinstance(arch, str) else ""
    is_list = re.fullmatch(r"[0-9]{1,3}(-[0-9]{1,3})*", text)
    row = [int(word) for word in text.split("-")] if is_list else []
    fits = len(row) == self.genotype_length
    if not fits or not (np.array(row) < self._counts).all():
      least = "-".join("0" * self.genotype_length)
      most = "-".join(str(count - 1) for count in self.choices)
      raise errors.UserError(
        f"{where}: expected {self.genotype_length} numbers joined by -, from "
        f"{least} to {most}, got {errors.quote(arch)}"
      )
    return row

  def format(self, genotypes: base.Genotypes) -> list[str]:
    """Joins the integers of genotypes `[n, G]` by `-`."""
    return ["-".join(map(str, row)) for row in genotypes.tolist()]

  def is_valid(self, genotypes: base.Genotypes) -> np.ndarray:
    """Says which genotypes `[n, G]` have an option at every choice."""
    genotypes = np.asarray(genotypes)
    return np.all((genotypes >= 0) & (genotypes < self._counts), axis=1)

  def enumerate(self) -> base.Genotypes:
    """Returns all architectures in lexicographic order, `[size, G]` int8."""
    if self.size is None:
      return super().enumerate()
    cells = np.empty((self.size, self.genotype_length), np.int8)
    left = np.arange(self.size)
    for place in reversed(range(self.genotype_length)):
      left, cells[:, place] = np.divmod(left, self.choices[place])
    return cells

  def sample(self, num: int, rng: np.random.Generator) -> base.Genotypes:
    """Draws uniformly and with replacement."""
    shape = (num, self.genotype_length)
    return rng.integers(self._counts, size=shape).astype(np.int8)

  def mutate(
    self, genotypes: base.Genotypes, rng: np.random.Generator
  ) -> base.Genotypes:
    """Takes another option at one choice that has several."""
    free = np.flatnonzero(self._counts > 1)
    children = genotypes.copy()
    if not free.size:
      return children
    rows = np.arange(len(children))
    places = free[rng.integers(len(free), size=len(children))]
    shifts = rng.integers(1, self._counts[places])
    changed = (children[rows, places] + shifts) % self._counts[places]
    children[rows, places] = changed
    return children

  def crossover(
    self,
    first: base.Genotypes,
    second: base.Genotypes,
    rng: np.random.Generator,
  ) -> base.Genotypes:
    """Takes each choice from either parent."""
    return np.where(rng.random(first.shape) < 0.5, first, second)

  def neighbours(self, genotype: np.ndarray) -> base.Genotypes:
    """Returns the architectures that differ in one choice."""
    around = []
    for place, count in enumerate(self.choices):
      for option in range(count):
        if option != genotype[place]:
          around.append(genotype.copy())
          around[-1][place] = option
    return np.array(around, np.int8).reshape(-1, self.genotype_length)

  def fingerprint(self, genotypes: base.Genotypes) -> np.ndarray:
    """Takes every genotype for a graph of its own: `lookup_keys`."""
    return self.lookup_keys(genotypes)

  def lookup_keys(self, genotypes: base.Genotypes) -> np.ndarray:
    """Numbers genotypes as `enumerate` does; hashes them beyond 2**64."""
    if self._number > 1 << 64:
      return wl_hash.row_hash(genotypes)
    keys = np.zeros(len(genotypes), np.uint64)
    for place, count in enumerate(self.choices):
      keys = keys * np.uint64(count) + genotypes[:, place].astype(np.uint64)
    return keys
