"""The base of search strategies: init, ask, tell; higher score = better.

A strategy sees genotypes and scores, never where the scores come from.
Dimensions: `b` architectures of a batch, `t` scored so far, `G` integers of a
genotype.
"""

import abc
import dataclasses
import operator
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import numpy as np

from nasjax import errors
from nasjax.search.state import History, State
from nasjax.spaces import base as spaces_base

Memory = Mapping[str, np.ndarray]
KeyFn = Callable[[np.ndarray], np.ndarray]  # [n, G] -> [n] uint64

MAX_BUDGET = 10_000_000
"""Architectures that a search asks at most: it keeps all of them in memory."""

_MIN_DRAWS = 16
_FRUITLESS_ROUNDS = 8


def whole_budget(space: spaces_base.Space, budget: int | None) -> int:
  """Returns how many architectures a search asks.

  Args:
    space: where it searches.
    budget: see `Strategy.init`.

  Raises:
    UserError: the budget is out of range, or there is none for a space that
      cannot be enumerated.
  """
  if budget is None and space.size is None:
    raise errors.UserError(
      f"budget: expected a number of architectures, got None; space "
      f"{space.name!r} cannot be enumerated, so say how many to score"
    )
  limit = space.size if budget is None else whole_number("budget", budget, 1)
  assert limit is not None
  if space.size is not None:
    return min(limit, space.size)
  if limit > MAX_BUDGET:
    raise errors.UserError(
      f"budget: expected at most {MAX_BUDGET} architectures, which a search "
      f"keeps in memory, got {limit}; python -m nasjax.scoring "
      "--num_samples=N streams any number"
    )
  return limit


@dataclasses.dataclass(frozen=True)
class Strategy(abc.ABC):
  """A search strategy: a frozen record of options, and functions of a state.

  A subclass says how a search begins and what to ask next; the checks, the
  budget and the order of scores are the same for all and live here.

  Attributes:
    name: the registered name.
    batch_size: architectures per ask where a caller names none.
  """

  name: ClassVar[str]
  batch_size: ClassVar[int]

  @abc.abstractmethod
  def _begin(self, state: State, rng: np.random.Generator) -> Memory:
    """Returns the strategy's own arrays for a fresh state."""

  @abc.abstractmethod
  def _propose(
    self, state: State, num: int, rng: np.random.Generator
  ) -> tuple[np.ndarray, Memory]:
    """Returns at most `num` new cells and the arrays after the call.

    Returning an empty array `[0, G]` ends the search. Nothing is pending when
    this is called, so `state.history` holds every cell that was asked before.
    """

  def init(
    self, space: spaces_base.Space, seed: int, budget: int | None = None
  ) -> State:
    """Returns the state before the first question.

    Args:
      space: where to search.
      seed: seed of all draws, a whole number in [0, 2**63).
      budget: how many architectures to ask; None for the whole space. More
        than the space holds is cut to its size; in a space that cannot be
        enumerated at most `MAX_BUDGET`.

    Raises:
      UserError: the seed or budget is out of range, or there is no budget for
        a space that cannot be enumerated.
    """
    limit = whole_budget(space, budget)
    empty = np.zeros((0, space.genotype_length), np.int8)
    state = State(
      space=space,
      seed=whole_number("seed", seed, 0),
      budget=limit,
      num_asks=0,
      history=History(empty, np.zeros(0)),
      pending=empty,
      memory={},
    )
    memory = self._begin(state, state.generator())
    return dataclasses.replace(state, memory=memory, num_asks=1)

  def ask(self, state: State, batch_size: int) -> tuple[np.ndarray, State]:
    """Asks for the scores of new architectures.

    Args:
      state: the state; nothing may be pending in it.
      batch_size: how many at most; a strategy may return fewer.

    Returns:
      Distinct genotypes `[b, G]` int8, none of them asked before, and the
      state in which they are pending. `b = 0` where the search is over: the
      budget is spent or no new cell was found.

    Raises:
      UserError: earlier answers are missing, or `batch_size` is below 1.
    """
    batch_size = whole_number("batch_size", batch_size, 1)
    if len(state.pending):
      raise errors.UserError(
        f"ask: expected the scores of all asked cells, got none for "
        f"{len(state.pending)} of them; tell them before asking again"
      )
    num = min(batch_size, state.budget - len(state.history))
    if num <= 0:
      return state.pending, state
    genotypes, memory = self._propose(state, num, state.generator())
    state = dataclasses.replace(
      state,
      num_asks=state.num_asks + 1,
      pending=genotypes.astype(np.int8),
      memory=memory,
    )
    return state.pending, state

  def tell(self, state: State, genotypes: Any, scores: Any) -> State:
    """Takes the answers to the last question, in any order.

    Args:
      state: the state that `ask` returned.
      genotypes: the asked cells `[b, G]`.
      scores: their scores `[b]`, finite; higher = better.

    Returns:
      The state with the answers in its history, in the order of the question.

    Raises:
      UserError: other cells than the asked ones, or a score that is not
        finite.
    """
    genotypes = np.asarray(genotypes)
    asked = np.lexsort(state.pending.T)
    told = np.lexsort(genotypes.T) if genotypes.size else asked[:0]
    if not np.array_equal(state.pending[asked], genotypes[told]):
      raise errors.UserError(
        f"tell: expected the {len(state.pending)} asked cells, got "
        f"{len(genotypes)} cells that are not the same; tell every asked cell "
        "once"
      )
    scores = check_scores(state.space, genotypes, scores)
    in_order = np.empty(len(scores))
    in_order[asked] = scores[told]
    return dataclasses.replace(
      state,
      history=state.history.extend(state.pending, in_order),
      pending=state.pending[:0],
    )


def whole_number(what: str, value: Any, least: int) -> int:
  """Returns a whole number in [least, 2**63).

  Raises:
    UserError: the value is something else.
  """
  try:
    number = operator.index(value)
  except TypeError:
    number = None
  if number is None or isinstance(value, bool) or not least <= number < 2**63:
    is_large = number is not None and number >= 2**63
    bound = "below 2**63" if is_large else f"of at least {least}"
    raise errors.UserError(
      f"{what}: expected a whole number {bound}, got {errors.quote(value)}"
    )
  return number


def check_scores(
  space: spaces_base.Space,
  genotypes: np.ndarray,
  scores: Any,
  failures: bool = False,
) -> np.ndarray:
  """Returns scores as `[b]` float64.

  Args:
    space: the space of the cells.
    genotypes: the cells, `[b, G]`.
    scores: one number for each cell.
    failures: whether NaN stands for a training that failed.

  Raises:
    UserError: there is not one finite number per cell.
  """
  try:
    scores = np.asarray(scores, np.float64)
  except (TypeError, ValueError) as error:
    raise errors.UserError(
      f"scores: expected numbers, got {errors.quote(scores)}"
    ) from error
  if scores.shape != (len(genotypes),):
    raise errors.UserError(
      f"scores: expected one number for each of {len(genotypes)} cells, got "
      f"shape {list(scores.shape)}"
    )
  bad = np.flatnonzero(~(np.isfinite(scores) | (failures & np.isnan(scores))))
  if bad.size:
    row = genotypes[bad[0]]
    raise errors.UserError(
      f"scores: expected finite numbers, got {scores[bad[0]]} for cell "
      f"{bad[0]} of the batch, {space.format(row[None])[0]}; drop such cells "
      "or give them a low score"
    )
  return scores


def collect_distinct(
  space: spaces_base.Space,
  draw: Callable[[int], np.ndarray],
  num: int,
  *,
  seen: np.ndarray,
  key_fn: KeyFn,
) -> np.ndarray:
  """Repeats a random draw until it has given `num` new cells.

  Args:
    space: the space of the cells.
    draw: returns that many cells, `[n, G]`.
    num: how many new cells.
    seen: keys `[t]` of cells that are not new.
    key_fn: the identity of cells, `[n]` uint64.

  Returns:
    `[m, G]` int8, cells with distinct keys in the order drawn; `m < num` only
    where several rounds in a row gave nothing new.
  """
  found = np.zeros((0, space.genotype_length), np.int8)
  fruitless = 0
  while len(found) < num and fruitless < _FRUITLESS_ROUNDS:
    drawn = draw(max(num - len(found), _MIN_DRAWS))
    keys = key_fn(drawn)
    new = _new_rows(keys, seen)[: num - len(found)]
    fruitless = 0 if len(new) else fruitless + 1
    seen = np.concatenate([seen, keys[new]])
    found = np.concatenate([found, drawn[new]])
  return found


def _new_rows(keys: np.ndarray, seen: np.ndarray) -> np.ndarray:
  """Returns the first row of each key of `[n]` that is not in `seen`."""
  first = np.sort(np.unique(keys, return_index=True)[1])
  return first[~np.isin(keys[first], seen)]


def sample_distinct(
  space: spaces_base.Space,
  num: int,
  rng: np.random.Generator,
  *,
  seen: np.ndarray | None = None,
  key_fn: KeyFn | None = None,
) -> np.ndarray:
  """Draws random cells without duplicates.

  Cells come from `space.sample`; where more than half of an enumerable space
  is wanted or seen, from a random order of the cells that are left.

  Args:
    space: the space.
    num: how many.
    rng: generator of the draws.
    seen: keys `[t]` of cells to leave out.
    key_fn: the identity of cells; `space.lookup_keys` where not given.

  Returns:
    `[m, G]` int8; `m < num` where no more new cells could be found.
  """
  key_fn = key_fn or space.lookup_keys
  seen = np.zeros(0, np.uint64) if seen is None else seen
  crowded = space.size is not None and 2 * (len(seen) + num) > space.size
  found = np.zeros((0, space.genotype_length), np.int8)
  if not crowded:
    found = collect_distinct(
      space, lambda n: space.sample(n, rng), num, seen=seen, key_fn=key_fn
    )
  if len(found) < num and space.size is not None:
    cells = rng.permutation(space.enumerate())
    known = np.concatenate([seen, key_fn(found)])
    left = cells[_new_rows(key_fn(cells), known)]
    found = np.concatenate([found, left[: num - len(found)]])
  return found
