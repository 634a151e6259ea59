"""Regularised evolution: Real et al. 2019, algorithm 1."""

import dataclasses
import numbers
from typing import ClassVar

import numpy as np

from nasjax import errors
from nasjax.search import base
from nasjax.search.state import State


@dataclasses.dataclass(frozen=True)
class Evolution(base.Strategy):
  """Ageing evolution: the population is the last `population_size` cells.

  Starts with `population_size` random cells (a smaller budget ends there, as
  random search). A parent is the best of `sample_size` members drawn
  with replacement, its child takes the place of the oldest member. The
  children of one batch have their parents in the population before the batch,
  so a batch of 1 is the published algorithm.

  No cell is asked twice (by `space.lookup_keys`), where the published
  algorithm may train one again: a child that was seen is bred anew, and where
  many trials in a row give nothing new, a random new cell takes its place.

  Attributes:
    population_size: members; `P` of the paper, 100 for CIFAR-10.
    sample_size: members of a tournament; `S` of the paper, 25.
    crossover_rate: share of the children that mix two tournament winners and
      are not mutated; 0 in the paper.
  """

  name: ClassVar[str] = "evolution"
  batch_size: ClassVar[int] = 10

  population_size: int = 100
  sample_size: int = 25
  crossover_rate: float = 0.0

  def __post_init__(self):
    base.whole_number("population_size", self.population_size, 1)
    base.whole_number("sample_size", self.sample_size, 1)
    rate = self.crossover_rate
    if not isinstance(rate, numbers.Real) or not 0 <= rate <= 1:
      raise errors.UserError(
        "crossover_rate: expected a number from 0 to 1, got "
        f"{errors.quote(rate)}"
      )

  def _begin(self, state: State, rng: np.random.Generator) -> base.Memory:
    del state, rng
    return {"keys": np.zeros(0, np.uint64)}

  def _propose(
    self, state: State, num: int, rng: np.random.Generator
  ) -> tuple[np.ndarray, base.Memory]:
    space, keys = state.space, state.memory["keys"]
    found = np.zeros((0, space.genotype_length), np.int8)
    vacant = self.population_size - len(state.history)
    if vacant > 0:
      num = min(num, vacant)
    else:
      found = base.collect_distinct(
        space,
        lambda n: self._breed(state, n, rng),
        num,
        seen=keys,
        key_fn=space.lookup_keys,
      )
    seen = np.concatenate([keys, space.lookup_keys(found)])
    if len(found) < num:
      fresh = base.sample_distinct(space, num - len(found), rng, seen=seen)
      seen = np.concatenate([seen, space.lookup_keys(fresh)])
      found = np.concatenate([found, fresh])
    return found, {"keys": seen}

  def _breed(
    self, state: State, num: int, rng: np.random.Generator
  ) -> np.ndarray:
    space = state.space
    first = self._winners(state, num, rng)
    mutants = space.mutate(first, rng)
    if not self.crossover_rate:
      return mutants
    mixed = space.crossover(first, self._winners(state, num, rng), rng)
    is_mixed = rng.random(num) < self.crossover_rate
    return np.where(is_mixed[:, None], mixed, mutants)

  def _winners(
    self, state: State, num: int, rng: np.random.Generator
  ) -> np.ndarray:
    genotypes = state.history.genotypes[-self.population_size :]
    scores = state.history.scores[-self.population_size :]
    drawn = rng.integers(len(scores), size=(num, self.sample_size))
    best = np.argmax(scores[drawn], axis=1)
    return genotypes[drawn[np.arange(num), best]]
