"""Random search: as many distinct cells as the budget allows."""

import dataclasses
from typing import ClassVar

import numpy as np

from nasjax.search import base
from nasjax.search.state import State


@dataclasses.dataclass(frozen=True)
class Random(base.Strategy):
  """Asks random cells, distinct by `space.lookup_keys`.

  The cells are drawn once, before the first question: they depend on the seed
  and the budget, never on the batch size or on a score. Li & Talwalkar 2019
  show how strong this baseline is.
  """

  name: ClassVar[str] = "random"
  batch_size: ClassVar[int] = 1024

  def _begin(self, state: State, rng: np.random.Generator) -> base.Memory:
    return {"plan": base.sample_distinct(state.space, state.budget, rng)}

  def _propose(
    self, state: State, num: int, rng: np.random.Generator
  ) -> tuple[np.ndarray, base.Memory]:
    del rng
    start = len(state.history)
    return state.memory["plan"][start : start + num], state.memory
