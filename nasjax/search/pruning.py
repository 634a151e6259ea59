"""Pruning of a supernet, then evolution of continuous genes (TG-NAS).

Qiao et al. 2024, section 3.4: a supernet holds all options of every place; the
worst option of each place is dropped in turn until one cell is left. Beside it
an evolution has genes in [0, 1], and the better of both results counts.

Dimensions: `t` cells asked so far, `G` places, `V` options, `m` cells.
"""

import dataclasses
from typing import ClassVar

import numpy as np

from nasjax import errors
from nasjax.search import base, options
from nasjax.search.state import State

PARTS = ("hybrid", "pruning", "evolution")


@dataclasses.dataclass(frozen=True)
class Pruning(base.Strategy):
  """Drops the worst option of a place in turn; then evolves the best cells.

  A score is of a cell, not of a supernet. So an option is as good as
  `num_samples` cells of the supernet are on average where they have it: the
  same cells for all options of a place. An option is never dropped that leaves
  no cell.

  The evolution has the `population_size` best cells so far as parents, and as
  many children at a time; without pruning it begins with random cells. A child
  takes each gene of one of two parents and moves some of them by a normal step;
  the options of a place share [0, 1] evenly.

  Attributes:
    parts: `hybrid`; `pruning`, which ends with the last option; or `evolution`.
    num_samples: cells of the supernet that an option is tried in.
    population_size: parents.
    step: standard deviation of the change of a gene.
  """

  name: ClassVar[str] = "pruning"
  batch_size: ClassVar[int] = 1024

  parts: str = "hybrid"
  num_samples: int = 8
  population_size: int = 50
  step: float = 0.2

  def __post_init__(self):
    errors.check_name("parts", self.parts, PARTS)
    base.whole_number("num_samples", self.num_samples, 1)
    base.whole_number("population_size", self.population_size, 1)
    if isinstance(self.step, bool) or not (
      isinstance(self.step, int | float) and 0 < self.step <= 1
    ):
      raise errors.UserError(
        "step: expected a number above 0 and at most 1, got "
        f"{errors.quote(self.step)}"
      )

  def _begin(self, state: State, rng: np.random.Generator) -> base.Memory:
    found = options.find(state.space, rng)
    places, most = found.values.shape
    alive = np.arange(most)[None] < found.counts[:, None]
    return {
      "keys": np.zeros(0, np.uint64),
      "values": found.values,
      "counts": found.counts,
      "alive": alive & (self.parts != "evolution"),
      "genes": np.zeros((0, places)),
      "place": np.array(0),
      "turn": np.zeros((0, places), np.int8),
      "option": np.zeros(0, np.int64),
    }

  def _propose(
    self, state: State, num: int, rng: np.random.Generator
  ) -> tuple[np.ndarray, base.Memory]:
    memory = dict(state.memory)
    known = options.Options(memory["values"], memory["counts"])
    found = self._prune(state, known, memory, num, rng)
    genes = known.genes(found)
    if not len(found) and self.parts != "pruning":
      found, genes = self._evolve(state, known, memory["keys"], num, rng)
    keys = state.space.lookup_keys(found)
    memory["keys"] = np.concatenate([memory["keys"], keys])
    memory["genes"] = np.concatenate([memory["genes"], genes])
    return found, memory

  def _prune(self, state, known, memory, num, rng) -> np.ndarray:
    """Cells that the next turns need, `[m, G]`; none where pruning has ended.

    Changes `memory`.
    """
    while memory["alive"].sum(axis=1).max() > 1:
      if not len(memory["turn"]):
        self._begin_turn(state, known, memory, rng)
      if not len(memory["turn"]):
        memory["alive"] = memory["alive"] & False
        break
      keys = state.space.lookup_keys(memory["turn"])
      unseen = ~np.isin(keys, memory["keys"])
      if unseen.any():
        first = np.unique(keys[unseen], return_index=True)[1]
        return memory["turn"][unseen][np.sort(first)][:num]
      self._end_turn(state, known, memory, keys, rng)
    if memory["alive"].any() and not len(memory["keys"]):  # no place to prune
      return options.draw(state.space, known, memory["alive"], 1, rng)
    return np.zeros((0, state.space.genotype_length), np.int8)

  def _begin_turn(self, state, known, memory, rng) -> None:
    """Puts every option of the next place into the same cells."""
    alive, place = memory["alive"], int(memory["place"])
    while alive[place].sum() < 2:
      place = (place + 1) % len(alive)
    cells = options.draw(state.space, known, alive, self.num_samples, rng)
    left = np.flatnonzero(alive[place])
    turn = np.repeat(cells[None], len(left), axis=0)  # [options, k, G]
    turn[:, :, place] = known.values[place, left][:, None]
    option = np.repeat(left, len(cells))
    turn = turn.reshape(-1, cells.shape[1])
    valid = state.space.is_valid(turn)
    memory["place"] = np.array(place)
    memory["turn"], memory["option"] = turn[valid], option[valid]

  def _end_turn(self, state, known, memory, keys, rng) -> None:
    """Drops the worst option that can go; the next place has its turn."""
    alive, place = memory["alive"].copy(), int(memory["place"])
    order = np.argsort(memory["keys"])
    rows = order[np.searchsorted(memory["keys"], keys, sorter=order)]
    scores = state.history.scores[rows]
    left = np.flatnonzero(alive[place])
    means = np.full(len(left), -np.inf)  # of options that no cell can have
    for row, each in enumerate(left):
      if (memory["option"] == each).any():
        means[row] = scores[memory["option"] == each].mean()
    for each in left[np.argsort(means, kind="stable")]:
      alive[place, each] = False
      if len(options.draw(state.space, known, alive, 1, rng)):
        break
      alive[place, each] = True
    else:
      best = left[int(np.argmax(means))]
      alive[place] = np.arange(alive.shape[1]) == best
    memory["alive"], memory["turn"] = alive, memory["turn"][:0]
    memory["place"] = np.array((place + 1) % len(alive))

  def _evolve(
    self, state, known, keys, num, rng
  ) -> tuple[np.ndarray, np.ndarray]:
    """Children that are new cells `[m, G]`, and their genes `[m, G]`."""
    space, bred = state.space, {}
    num = min(num, self.population_size)

    def breed(count):
      genes = self._children(state, count, rng)
      cells = known.cells(known.of_genes(genes))
      valid = space.is_valid(cells)
      found = zip(cells[valid], genes[valid], strict=True)
      bred.update((cell.tobytes(), gene) for cell, gene in found)
      return cells[valid]

    found = np.zeros((0, space.genotype_length), np.int8)
    if len(state.history) >= 2:
      found = base.collect_distinct(
        space, breed, num, seen=keys, key_fn=space.lookup_keys
      )
    if len(found) < num:
      seen = np.concatenate([keys, space.lookup_keys(found)])
      left = num - len(found)
      fresh = base.sample_distinct(space, left, rng, seen=seen)
      found = np.concatenate([found, fresh])
    genes = known.genes(found)
    for row, cell in enumerate(found):
      genes[row] = bred.get(cell.tobytes(), genes[row])
    return found, genes

  def _children(
    self, state: State, num: int, rng: np.random.Generator
  ) -> np.ndarray:
    """Genes of children of the best cells so far, `[num, G]` in [0, 1]."""
    order = np.argsort(-state.history.scores, kind="stable")
    parents = state.memory["genes"][order[: self.population_size]]
    shape = num, parents.shape[1]
    first, second = parents[rng.integers(len(parents), size=(2, num))]
    genes = np.where(rng.random(shape) < 0.5, first, second)
    moved = rng.random(shape) < max(1 / shape[1], 0.1)
    steps = rng.normal(0, self.step, shape)
    return np.clip(np.where(moved, genes + steps, genes), 0, 1)
