"""Local search: hill climbing from random cells, with restarts."""

import dataclasses
from typing import ClassVar

import numpy as np

from nasjax import errors
from nasjax.search import base
from nasjax.search.state import State

_RESTART = -1


@dataclasses.dataclass(frozen=True)
class Local(base.Strategy):
  """Scores all neighbours of a cell and moves to the best of them.

  White et al. 2020 ("Local search is state of the art for neural architecture
  search benchmarks"): start at a random cell, move while the best neighbour is
  strictly better, start again at a local optimum until the budget is spent.
  Neighbours with a known score (by `space.lookup_keys`) count without being
  asked again. The unseen ones are asked in random order, so that neither a tie
  (the earlier query wins) nor a budget that ends inside a neighbourhood favours
  an edge or an operation.

  Attributes:
    first_improvement: move as soon as a batch holds a better neighbour (to the
      best one known), as Den Ottelander et al. 2021 do with a batch of 1.
  """

  name: ClassVar[str] = "local"
  batch_size: ClassVar[int] = 1024

  first_improvement: bool = False

  def __post_init__(self):
    if not isinstance(self.first_improvement, bool):
      raise errors.UserError(
        "first_improvement: expected True or False, got "
        f"{errors.quote(self.first_improvement)}"
      )

  def _begin(self, state: State, rng: np.random.Generator) -> base.Memory:
    del state, rng
    return {"keys": np.zeros(0, np.uint64), "current": np.array(_RESTART)}

  def _propose(
    self, state: State, num: int, rng: np.random.Generator
  ) -> tuple[np.ndarray, base.Memory]:
    space, keys = state.space, state.memory["keys"]
    current, unseen = self._climb(state)
    if current == _RESTART:
      found = base.sample_distinct(space, 1, rng, seen=keys)
      current = len(keys)
    else:
      found = rng.permutation(unseen)[:num]
    keys = np.concatenate([keys, space.lookup_keys(found)])
    return found, {"keys": keys, "current": np.array(current)}

  def _climb(self, state: State) -> tuple[int, np.ndarray]:
    """Moves uphill as far as known scores reach.

    Returns:
      The row of the cell in the history, and its neighbours without a score
      `[u, G]`; `_RESTART` and none at a local optimum.
    """
    scores = state.history.scores
    current = int(state.memory["current"])
    unseen = state.pending[:0]
    while current != _RESTART:
      rows, unseen = self._neighbourhood(state, current)
      known = rows[rows >= 0]
      best = known[np.argmax(scores[known])] if len(known) else current
      better = scores[best] > scores[current]
      if better and (self.first_improvement or not len(unseen)):
        current = int(best)
      elif len(unseen):
        break
      else:
        current = _RESTART
    return current, unseen

  def _neighbourhood(
    self, state: State, current: int
  ) -> tuple[np.ndarray, np.ndarray]:
    """Returns the sorted history rows of known neighbours, and the others."""
    cells = state.space.neighbours(state.history.genotypes[current])
    keys, first = np.unique(state.space.lookup_keys(cells), return_index=True)
    asked = state.memory["keys"]
    order = np.argsort(asked)
    place = np.minimum(np.searchsorted(asked[order], keys), len(asked) - 1)
    rows = np.where(asked[order][place] == keys, order[place], -1)
    return np.sort(rows[rows >= 0]), cells[first[rows < 0]]
