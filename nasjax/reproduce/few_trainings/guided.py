"""The common part of the compared methods, and where they look for cells."""

import abc
import dataclasses
import functools
from collections.abc import Callable
from typing import ClassVar

import numpy as np

from nasjax.search import base
from nasjax.search.state import State
from nasjax.spaces import base as spaces_base

Encoding = Callable[[spaces_base.Space, np.ndarray], np.ndarray]


@dataclasses.dataclass(frozen=True)
class Guided(base.Strategy):
  """Random cells first, then those that a model of the known scores chooses.

  A model is trained anew for every question, on all known scores, with draws
  of the generator of that question; so a state is no more than its history.

  Attributes:
    num_first: random cells before the first model.
  """

  batch_size: ClassVar[int] = 10

  num_first: int = 10

  def __post_init__(self):
    base.whole_number("num_first", self.num_first, 1)

  def _begin(self, state: State, rng: np.random.Generator) -> base.Memory:
    del state, rng
    return {"keys": np.zeros(0, np.uint64)}

  def _propose(
    self, state: State, num: int, rng: np.random.Generator
  ) -> tuple[np.ndarray, base.Memory]:
    space, seen = state.space, state.memory["keys"]
    missing = self.num_first - len(state.history)
    if missing > 0:
      num = min(num, missing)
      found = base.sample_distinct(space, num, rng, seen=seen)
    else:
      found = self._choose(state, num, rng)[:num]
    seen = np.concatenate([seen, space.lookup_keys(found)])
    if len(found) < num:
      more = base.sample_distinct(space, num - len(found), rng, seen=seen)
      seen = np.concatenate([seen, space.lookup_keys(more)])
      found = np.concatenate([found, more])
    return found, {"keys": seen}

  @abc.abstractmethod
  def _choose(
    self, state: State, num: int, rng: np.random.Generator
  ) -> np.ndarray:
    """Returns at most `num` cells that were not asked, distinct, `[m, G]`."""


def standard(state: State) -> np.ndarray:
  """Known scores with the mean 0 and the standard deviation 1, `[t]`."""
  scores = state.history.scores
  spread = scores.std()
  return (scores - scores.mean()) / (spread if spread > 0 else 1.0)


def best_cells(state: State, num: int) -> np.ndarray:
  """The cells of the `num` highest scores, best first, `[<= num, G]`."""
  order = np.argsort(-state.history.scores, kind="stable")
  return state.history.genotypes[order[:num]]


def mutations(
  state: State, num: int, num_parents: int, rng: np.random.Generator
) -> np.ndarray:
  """New cells, each one change away from one of the best, `[<= num, G]`."""
  parents = best_cells(state, num_parents)
  return base.collect_distinct(
    state.space,
    lambda n: state.space.mutate(
      parents[rng.integers(len(parents), size=n)], rng
    ),
    num,
    seen=state.memory["keys"],
    key_fn=state.space.lookup_keys,
  )


def nearby_and_random(
  state: State,
  num_nearby: int,
  num_random: int,
  num_parents: int,
  rng: np.random.Generator,
) -> np.ndarray:
  """New cells: changes of the best ones, and random ones; distinct, `[c, G]`.

  Args:
    state: nothing of its history is returned.
    num_nearby: changes of the best cells, at most.
    num_random: random cells, at most.
    num_parents: how many cells are changed.
    rng: generator of the draws.
  """
  near = mutations(state, num_nearby, num_parents, rng)
  seen = np.concatenate([state.memory["keys"], state.space.lookup_keys(near)])
  far = base.sample_distinct(state.space, num_random, rng, seen=seen)
  return np.concatenate([near, far])


def everything(
  state: State, encoding: Encoding, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
  """The cells that a model can choose from, and their encodings.

  All cells of a space that were not asked; of one that cannot be enumerated
  10,000 random ones and 1,000 changes of the ten best.

  Args:
    state: whose cells are left out.
    encoding: how cells are read.
    rng: generator of the draws.

  Returns:
    `[c, G]` and `[c, ...]`.
  """
  space = state.space
  if space.size is None:
    cells = nearby_and_random(state, 1000, 10_000, 10, rng)
    return cells, encoding(space, cells)
  cells, keys, encoded = _whole(space, encoding)
  new = ~np.isin(keys, state.memory["keys"])
  return cells[new], encoded[new]


@functools.lru_cache(maxsize=4)
def _whole(
  space: spaces_base.Space, encoding: Encoding
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
  """All cells of a space, their keys and encodings."""
  cells = space.enumerate()
  return cells, space.lookup_keys(cells), encoding(space, cells)
