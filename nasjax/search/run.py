"""Runs a search to its end, and evaluates its result.

Dimensions: `t` scored architectures in the order of the queries, `G` integers
of a genotype, `k` winners.
"""

import dataclasses
import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from nasjax import errors
from nasjax.search import base
from nasjax.search.state import State, cells_digest
from nasjax.spaces import base as spaces_base
from nasjax.spaces import registry as spaces

ScoreFn = Callable[[np.ndarray], Any]  # [b, G] -> [b], higher = better


@dataclasses.dataclass(frozen=True, eq=False)
class Result:
  """Architectures and scores of a search.

  Attributes:
    space: the space that was searched.
    genotypes: in the order of the queries, `[t, G]` int8.
    scores: their scores, `[t]` float64.
  """

  space: spaces_base.Space
  genotypes: np.ndarray
  scores: np.ndarray

  @property
  def num_scored(self) -> int:
    """How many architectures were scored, `t`."""
    return len(self.scores)

  @functools.cached_property
  def order(self) -> np.ndarray:
    """Rows from best to worst, `[t]` int64; the earlier query wins a tie."""
    return np.argsort(-self.scores, kind="stable")


def run(
  strategy: base.Strategy,
  space: str | spaces_base.Space,
  score_fn: ScoreFn,
  budget: int | None = None,
  seed: int = 0,
  *,
  batch_size: int | None = None,
  on_batch: Callable[[State], Any] | None = None,
  state: State | None = None,
) -> Result:
  """Asks, scores and tells until the strategy is done.

  Args:
    strategy: the search strategy.
    space: where to search, a space or its name.
    score_fn: scores cells `[b, G]` as `[b]` numbers; higher = better.
    budget: how many architectures to score; None for the whole space.
    seed: seed of all draws.
    batch_size: architectures per call of `score_fn` at most; None for the
      strategy's own choice. Evolution and local search depend on it.
    on_batch: called with the state after each batch, e.g. to save it.
    state: a state to go on from; its seed and budget count, not the ones here.

  Returns:
    Everything that was scored, also what the given state held.

  Raises:
    UserError: an argument is out of range, or a score is not finite.
  """
  space = spaces.as_space(space)
  if state is None:
    state = strategy.init(space, seed, budget)
  elif state.space.name != space.name:
    raise errors.UserError(
      f"state: expected a search of {space.name!r}, got one of "
      f"{state.space.name!r}; give the space it was started with"
    )
  elif cells_digest(state.space) != cells_digest(space):
    raise errors.UserError(
      f"state: expected a search of the given cells of {space.name!r}, got one "
      "of others; give the space it was started with"
    )
  size = strategy.batch_size if batch_size is None else batch_size
  genotypes = state.pending
  if not len(genotypes):
    genotypes, state = strategy.ask(state, size)
  while len(genotypes):
    state = strategy.tell(state, genotypes, score_fn(genotypes))
    if on_batch is not None:
      on_batch(state)
    genotypes, state = strategy.ask(state, size)
  return Result(state.space, state.history.genotypes, state.history.scores)


def top_k(
  result: Result, k: int, key_fn: base.KeyFn | None = None
) -> np.ndarray:
  """Returns the rows of the best `k` cells, best first, `[<=k]` int64.

  Failed trainings are left out. Cells with one key count once, by their best
  score; the earlier query wins a tie. Fewer rows come back where fewer distinct
  cells were scored.

  Args:
    result: what a search scored.
    k: how many.
    key_fn: the identity of cells, `[n]` uint64; `lookup_keys` of the space
      where None. `function_keys` lists each function once.

  Raises:
    UserError: `k` is below 1.
  """
  k = base.whole_number("top_k", k, 1)
  key_fn = key_fn or result.space.lookup_keys
  order = result.order
  order = order[~np.isnan(result.scores[order])]
  num = len(order)
  taken = min(2 * k, num)
  while True:
    keys = key_fn(result.genotypes[order[:taken]])
    first = np.sort(np.unique(keys, return_index=True)[1])
    if len(first) >= k or taken == num:
      return order[first[:k]]
    taken = min(2 * taken, num)


def function_keys(space: spaces_base.Space) -> base.KeyFn:
  """Returns the identity of networks, `Space.function_keys` of the whole space.

  A space that is cut to some of its cells has that of its functions too.
  """
  return space.function_keys


def evaluate_top_k(
  result: Result, k: int, evaluate_fn: ScoreFn
) -> tuple[np.ndarray, np.ndarray]:
  """Evaluates the best `k` cells for real and takes the winner.

  The second half of algorithm 2 of Wang et al. 2024.

  Args:
    result: a search by predicted scores.
    k: how many cells to evaluate.
    evaluate_fn: trains cells `[k, G]` or looks them up, `[k]`; higher =
      better, NaN where unknown.

  Returns:
    The best genotype `[G]`, and the values `[k]` in the order of
    `top_k(result, k)`. The better score wins a tie.

  Raises:
    UserError: not one value per cell, or all of them are unknown.
  """
  genotypes = result.genotypes[top_k(result, k)]
  values = np.asarray(evaluate_fn(genotypes), np.float64)
  if values.shape != (len(genotypes),):
    raise errors.UserError(
      f"values of the top {k}: expected one number for each of "
      f"{len(genotypes)} cells, got shape {list(values.shape)}"
    )
  if np.isnan(values).all():
    raise errors.UserError(
      f"values of the top {k}: expected at least one known value, got none; "
      "raise top_k or evaluate the cells by training"
    )
  return genotypes[np.nanargmax(values)], values


def regret(best_found: float, best_known: float) -> float:
  """Returns how far a found value lies below the best known one.

  In the unit of the values; below 0 where the search beat the best known.
  """
  return float(best_known) - float(best_found)


def regret_curve(values: Any, best_known: float) -> np.ndarray:
  """Returns the regret of the incumbent after each query, `[t]` float64.

  Args:
    values: true values in the order of the queries, `[t]`; NaN where unknown.
    best_known: the best value of the space.

  Returns:
    A curve that never rises; NaN before the first known value.
  """
  return best_known - np.fmax.accumulate(np.asarray(values, np.float64))
