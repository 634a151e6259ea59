"""Strategies that do not wait: cells are told one by one, in any order."""

import dataclasses
from typing import Any

import numpy as np

from nasjax import errors
from nasjax.search import base
from nasjax.search.state import State


@dataclasses.dataclass(frozen=True)
class Asynchronous(base.Strategy):
  """A strategy that can be asked while trainings go on.

  Pending cells are not asked again. A training that failed is told as NaN.
  """

  def ask(self, state: State, batch_size: int) -> tuple[np.ndarray, State]:
    """Asks for the scores of new architectures.

    Args:
      state: the state; cells may be pending in it.
      batch_size: how many at most; fewer where the budget or the space ends.

    Returns:
      Distinct genotypes `[b, G]` int8, none of them asked before, and the
      state in which they are pending too.

    Raises:
      UserError: `batch_size` is below 1.
    """
    batch_size = base.whole_number("batch_size", batch_size, 1)
    asked = len(state.history) + len(state.pending)
    num = min(batch_size, state.budget - asked)
    if num <= 0:
      return state.pending[:0], state
    genotypes, memory = self._propose(state, num, state.generator())
    genotypes = genotypes.astype(np.int8)
    state = dataclasses.replace(
      state,
      num_asks=state.num_asks + 1,
      pending=np.concatenate([state.pending, genotypes]),
      memory=memory,
    )
    return genotypes, state

  def tell(self, state: State, genotypes: Any, scores: Any) -> State:
    """Takes answers to some of the pending cells, in any order.

    Args:
      state: the state.
      genotypes: pending cells `[b, G]`, each once.
      scores: their scores `[b]`; higher = better, NaN where a training failed.

    Returns:
      The state with the answers at the end of its history.

    Raises:
      UserError: a cell is not pending, or a score is infinite.
    """
    genotypes = np.asarray(genotypes)
    if not genotypes.size:
      return state
    genotypes = state.space.check(genotypes)
    scores = base.check_scores(state.space, genotypes, scores, failures=True)
    places = []
    for row in genotypes:
      same = np.flatnonzero((state.pending == row).all(axis=1))
      if not same.size or same[0] in places:
        raise errors.UserError(
          f"tell: expected pending cells, each once, got "
          f"{state.space.format(row[None])[0]}; tell what ask returned"
        )
      places.append(same[0])
    return dataclasses.replace(
      state,
      history=state.history.extend(state.pending[places], scores),
      pending=np.delete(state.pending, places, axis=0),
    )
