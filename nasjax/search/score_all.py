"""Scoring the whole space, or a sample of one too large to enumerate."""

import dataclasses
from typing import ClassVar

import numpy as np

from nasjax.search import base, random
from nasjax.search.state import State


@dataclasses.dataclass(frozen=True)
class ScoreAll(random.Random):
  """Asks every cell, in the order of `space.enumerate()`.

  The first half of algorithm 2 of Wang et al. 2024. A budget below the size of
  an enumerable space asks a uniform sample of its cells, in the same order; a
  space that cannot be enumerated gives `budget` random cells, of which no two
  are isomorphic (distinct by `space.fingerprint`).
  """

  name: ClassVar[str] = "score_all"
  batch_size: ClassVar[int] = 1 << 20

  def _begin(self, state: State, rng: np.random.Generator) -> base.Memory:
    space = state.space
    if space.size is None:
      plan = base.sample_distinct(
        space, state.budget, rng, key_fn=space.fingerprint
      )
      return {"plan": plan}
    cells = space.enumerate()
    if state.budget < len(cells):
      rows = rng.choice(len(cells), state.budget, replace=False)
      cells = cells[np.sort(rows)]
    return {"plan": cells}
