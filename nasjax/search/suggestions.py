"""Which architectures to train next, for people whose training is their own.

Dimensions: `n` trained architectures, `G` integers of a genotype.
"""

import dataclasses
from typing import Any

import numpy as np

from nasjax import errors, files
from nasjax import labels as label_numbers
from nasjax.predictors import predictor
from nasjax.search import model_based, subset, winners
from nasjax.search import state as states
from nasjax.spaces import base as spaces_base
from nasjax.spaces import notations
from nasjax.surrogates import units

MOST_AT_ONCE = 1000
"""Suggestions of one question at most."""


@dataclasses.dataclass(frozen=True)
class Suggestion:
  """An architecture that is worth a training.

  Attributes:
    arch: official notation.
    genotype: `[G]` int8.
    predicted: expected value, in the unit of the given ones; None where nothing
      is known yet.
    std: standard deviation of the value that its training will give; None
      likewise.
    reason: `exploit` (among the highest predictions), `explore` (its training
      tells most), or `spread` (the first ones, far from each other).
  """

  arch: str
  genotype: np.ndarray
  predicted: float | None
  std: float | None
  reason: str


@dataclasses.dataclass(frozen=True)
class Winner:
  """The architecture that is expected to be the best of those trained.

  Attributes:
    arch: official notation.
    genotype: `[G]` int8.
    value: what its training gave; the mean of several.
    predicted: expected value, without the noise of one training; None where
      no two values differ.
  """

  arch: str
  genotype: np.ndarray
  value: float
  predicted: float | None


class Suggester:
  """Suggests trainings, and is told their results; trainings may go on.

  Threads may share one.

  Attributes:
    space: the search space.
    strategy: how it chooses.
    state: what was told and is pending.
  """

  def __init__(
    self,
    space: str | spaces_base.Space,
    seed: int = 0,
    *,
    target: str = "accuracy",
    budget: int | None = None,
    **options: Any,
  ):
    """Begins without any result.

    Args:
      space: the search space, or its name.
      seed: seed of all draws.
      target: `accuracy`, or `cost`: lower values are better, and cells of one
        function are apart.
      budget: how many cells may be asked; None for all, and
        `search.base.MAX_BUDGET` in a space that cannot be enumerated.
      **options: those of `nasjax.search.model_based.ModelBased`.

    Raises:
      UserError: a name or an option is wrong.
    """
    from nasjax.search import base, registry

    self.space = subset.as_own(space)
    self._sign = -1.0 if target == "cost" else 1.0
    strategy = registry.get_strategy("model", target=target, **options)
    assert isinstance(strategy, model_based.ModelBased)
    self.strategy = strategy
    if budget is None and self.space.size is None:
      budget = base.MAX_BUDGET
    self.state = strategy.init(self.space, seed, budget)

  def ask(self, count: int) -> list[Suggestion]:
    """Suggests architectures that were neither trained nor suggested before.

    Args:
      count: how many at most, up to `MOST_AT_ONCE`; fewer where fewer are left
        or less than `num_first` cells are known.

    Raises:
      UserError: `count` is below 1 or above `MOST_AT_ONCE`.
    """
    from nasjax.search import base

    count = base.whole_number("count", count, 1)
    if count > MOST_AT_ONCE:
      raise errors.UserError(
        f"count: expected at most {MOST_AT_ONCE} suggestions at once, got "
        f"{count}; train some of them before asking for more"
      )
    with model_based.TURNS:
      return self._ask(count)

  def _ask(self, count: int) -> list[Suggestion]:
    """Suggests, for one thread at a time."""
    state = self.state
    asked = len(state.history) + len(state.pending)
    num = min(count, state.budget - asked)
    if num <= 0:
      return []
    proposal = self.strategy.propose(state, num, state.generator())
    asked_now = proposal.genotypes.astype(np.int8)
    self.state = dataclasses.replace(
      state,
      num_asks=state.num_asks + 1,
      pending=np.concatenate([state.pending, asked_now]),
    )
    return self._suggestions(state, proposal)

  def tell(self, archs: Any, values: Any) -> None:
    """Takes results, of suggested architectures or of others.

    Args:
      archs: genotypes `[n, G]` or `n` official notations.
      values: their values `[n]`; NaN where a training failed. An architecture
        that comes again counts with the mean of its values.

    Raises:
      UserError: an architecture or a value is bad; nothing was taken then.
    """
    cells = self.space.check(predictor.as_genotypes(self.space, archs))
    numbers = label_numbers.read(values, (len(cells),), missing=True)
    with model_based.TURNS:
      self._tell(cells, self._sign * numbers)

  def _tell(self, cells: np.ndarray, scores: np.ndarray) -> None:
    """Takes scores `[n]` of cells `[n, G]`, for one thread at a time."""
    state = self.state
    rows = {row.tobytes() for row in state.pending}
    is_known = np.ones(len(cells), bool)
    for at, cell in enumerate(cells):
      if cell.tobytes() in rows:  # the first answer; another is a replicate
        rows.discard(cell.tobytes())
        is_known[at] = False
    if is_known.any():
      state = self.strategy.learn(state, cells[is_known], scores[is_known])
    self.state = self.strategy.tell(state, cells[~is_known], scores[~is_known])

  def best(self) -> Winner:
    """Says which of the trained architectures is expected to be the best.

    The highest value is often a lucky training. The model shares what it knows
    between like architectures, so that what it expects has less noise.

    Raises:
      UserError: no training with a value was told.
    """
    with model_based.TURNS:
      return self._best()

  def _best(self) -> Winner:
    """Names the winner, for one thread at a time."""
    cells, values = self.strategy.merged(
      self.space, *self.strategy.tried(self.state)
    )
    seed = self.state.seed
    means = winners.expected(self.strategy, self.space, cells, values, seed)
    row = winners.best(means, values)
    predicted = None
    if np.isfinite(means[row]):
      told = ~np.isnan(values)
      targets = model_based.normal_targets(values)[told]
      mean = units.to_values(means[row : row + 1], targets, values[told])
      predicted = self._sign * float(mean[0])
    return Winner(
      arch=self.space.format(cells[row : row + 1])[0],
      genotype=cells[row],
      value=self._sign * float(values[row]),
      predicted=predicted,
    )

  def save(self, path: files.PathLike) -> None:
    """Writes all that was told and asked to a file; see `search.save`."""
    states.save(path, self.strategy, self.state)

  def load(self, path: files.PathLike) -> None:
    """Goes on from a file that `save` wrote, with the same options."""
    self.state = states.load(path, self.strategy, self.space)

  def _suggestions(
    self, state: states.State, proposal: model_based.Proposal
  ) -> list[Suggestion]:
    """A proposal in the unit of the values."""
    means, stds = proposal.means, proposal.stds
    is_known = len(means) and np.isfinite(means).all()
    if is_known:
      _, values = self.strategy.merged(self.space, *self.strategy.tried(state))
      targets = model_based.normal_targets(values)
      told = ~np.isnan(values)
      targets, values = targets[told], values[told]
      is_known = len(np.unique(values)) > 1
    if is_known:
      low, mid, high = (
        units.to_values(means + shift * stds, targets, values)
        for shift in (-1, 0, 1)
      )
      means, stds = self._sign * mid, (high - low) / 2
    return [
      Suggestion(
        arch=arch,
        genotype=genotype,
        predicted=float(mean) if is_known else None,
        std=float(std) if is_known else None,
        reason=reason,
      )
      for arch, genotype, mean, std, reason in zip(
        self.space.format(proposal.genotypes),
        proposal.genotypes,
        means,
        stds,
        proposal.reasons,
        strict=True,
      )
    ]


def suggest(
  space: str | spaces_base.Space,
  archs: Any,
  values: Any,
  count: int = 5,
  *,
  seed: int = 0,
  **options: Any,
) -> list[Suggestion]:
  """Says which architectures to train next.

  The result depends on the arguments alone.

  Args:
    space: the search space, or its name.
    archs: trained architectures, genotypes `[n, G]` or `n` official notations;
      none at the start.
    values: their values `[n]`; NaN where a training failed.
    count: how many to suggest at most.
    seed: seed of all draws.
    **options: those of `Suggester`.

  Returns:
    Suggestions, the best first; fewer than `count` where fewer are left.

  Raises:
    UserError: an architecture, a value or an option is bad.
  """
  return told(space, archs, values, seed=seed, **options).ask(count)


def told(
  space: str | spaces_base.Space,
  archs: Any,
  values: Any,
  *,
  seed: int = 0,
  **options: Any,
) -> Suggester:
  """Returns a suggester that knows some trainings; see `suggest`."""
  suggester = Suggester(space, seed, **options)
  if not hasattr(archs, "shape"):
    archs = notations.as_list(archs, suggester.space.name)
  if len(archs):
    suggester.tell(archs, values)
  else:
    label_numbers.read(values, (0,), missing=True)
  return suggester
