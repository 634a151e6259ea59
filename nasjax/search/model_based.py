"""Model-based search (Bayesian optimisation): the next cells worth a training.

Dimensions: `n` cells that were tried, `b` of a batch, `G` integers of a
genotype.
"""

import dataclasses
import threading
from typing import Any, ClassVar

import numpy as np

from nasjax import errors
from nasjax import labels as label_numbers
from nasjax.search import (
  acquisitions,
  asynchronous,
  base,
  priors,
  proposals,
)
from nasjax.search.state import NEWER, State

SURROGATES = ("gaussian", "default")
TARGETS = ("accuracy", "cost")
_KNOWN, _VALUES = "known", "known_values"
_PARENTS = 20
TURNS = threading.RLock()
"""Threads take turns, since all searches share what surrogates remember."""
_PROMISING = 400  # best cells of a prior, over which the first are spread,
_SHARE = 10  # and at most this part of the candidates


@dataclasses.dataclass(frozen=True)
class Proposal:
  """The next cells, and why.

  Attributes:
    genotypes: `[b, G]` int8.
    means: expected targets, in units of normal scores, `[b]`; NaN where cells
      are spread out without a model.
    stds: standard deviations of what a training will give, `[b]`; NaN likewise.
    reasons: `explore`, `exploit` (one of the `b` cells with the highest means)
      or `spread` (nothing is known that tells cells apart).
  """

  genotypes: np.ndarray
  means: np.ndarray
  stds: np.ndarray
  reasons: tuple[str, ...]


@dataclasses.dataclass(frozen=True)
class ModelBased(asynchronous.Asynchronous):
  """Asks for the cells that promise most, by a model of what was told.

  The first cells are spread out. Then a surrogate is fitted to the normal
  scores of all values before each question, and an acquisition function chooses
  a batch, one cell after the other. Candidates are the whole space where it can
  be enumerated, else mutations of the best cells and samples, drawn anew each
  time. Cells that compute one function (`Space.function_keys`) are asked once.
  A training that failed counts as the worst value.

  Attributes:
    num_first: cells that are spread out before a model is asked; known and
      pending ones count.
    acquisition: `expected_improvement`, `upper_confidence_bound`, `thompson` or
      `mean`.
    beta: weight of the standard deviation in `upper_confidence_bound`.
    surrogate: `gaussian`, a Gaussian process on the features of cells
      (`nasjax.surrogates.gaussian`), or `default`, the default predictor.
    refit_every: new values after which the default predictor is trained again.
    num_candidates: candidates of each question in a space that cannot be
      enumerated.
    replicates: whether cells of one function may be asked beside each other.
    target: `accuracy`, or `cost` where the scores are negative costs: cells are
      then taken as they are, dead operations and all.
    prior: what is believed before any training: `none`; `zero`, the transfer
      predictor of `nasjax.zero_label`; or one's own scores, an array `[size]`
      in the order of `Space.enumerate()` or a function of genotypes. The
      normal score of its rank in the space enters the mean of the Gaussian
      process, and the first cells, half as many, are spread over the 400 best,
      the best tenth in a small space.
  """

  name: ClassVar[str] = "model"
  batch_size: ClassVar[int] = 5

  num_first: int = 10
  acquisition: str = "expected_improvement"
  beta: float = 1.0
  surrogate: str = "gaussian"
  refit_every: int = 20
  num_candidates: int = 20_000
  replicates: bool = False
  target: str = "accuracy"
  prior: Any = dataclasses.field(default=priors.NONE, metadata=NEWER)

  def __post_init__(self):
    for name in ("num_first", "refit_every", "num_candidates"):
      number = base.whole_number(name, getattr(self, name), 1)
      object.__setattr__(self, name, number)
    errors.check_name("target", self.target, TARGETS)
    errors.check_name("acquisition", self.acquisition, acquisitions.NAMES)
    errors.check_name("surrogate", self.surrogate, SURROGATES)
    object.__setattr__(self, "prior", priors.check(self.prior))
    self._check_prior()
    beta = self.beta
    is_number = isinstance(beta, int | float) and not isinstance(beta, bool)
    if not is_number or not 0 <= beta < np.inf:
      raise errors.UserError(
        f"beta: expected a number of at least 0, got {errors.quote(beta)}"
      )
    if not isinstance(self.replicates, bool):
      raise errors.UserError(
        "replicates: expected True or False, got "
        f"{errors.quote(self.replicates)}"
      )

  def _check_prior(self) -> None:
    """Refuses a prior that nothing would read, or that is of another target."""
    if self.prior == priors.NONE:
      return
    for name, expected in (("surrogate", "gaussian"), ("target", "accuracy")):
      if getattr(self, name) != expected:
        raise errors.UserError(
          f"prior: expected {name}={expected} beside it, got "
          f"{getattr(self, name)}; leave one of them out"
        )

  def _begin(self, state: State, rng: np.random.Generator) -> base.Memory:
    del rng
    return {_KNOWN: state.pending, _VALUES: np.zeros(0)}

  def learn(self, state: State, genotypes: Any, values: Any) -> State:
    """Takes values of cells that were never asked: labels that are there.

    They do not count against the budget.

    Args:
      state: the state.
      genotypes: valid cells `[n, G]`.
      values: their values `[n]`, higher = better, NaN where a training failed.

    Raises:
      UserError: a cell is none of the space, or a value is infinite or beyond
        `nasjax.labels.LARGEST`.
    """
    cells = state.space.check(genotypes)
    values = base.check_scores(state.space, cells, values, failures=True)
    _check_sizes(state.space, cells, values)
    memory = {
      **state.memory,
      _KNOWN: np.concatenate([state.memory[_KNOWN], cells]),
      _VALUES: np.concatenate([state.memory[_VALUES], values]),
    }
    return dataclasses.replace(state, memory=memory)

  def tell(self, state: State, genotypes: Any, scores: Any) -> State:
    """Takes answers to some of the pending cells; see the base class.

    Raises:
      UserError: see there; or a score is beyond `nasjax.labels.LARGEST`.
    """
    told = super().tell(state, genotypes, scores)
    new = slice(len(state.history), None)
    cells, scores = told.history.genotypes[new], told.history.scores[new]
    _check_sizes(state.space, cells, scores)
    return told

  def _propose(
    self, state: State, num: int, rng: np.random.Generator
  ) -> tuple[np.ndarray, base.Memory]:
    return self.propose(state, num, rng).genotypes, state.memory

  def propose(
    self, state: State, num: int, rng: np.random.Generator
  ) -> Proposal:
    """Chooses the next cells, at most `num`; see the class.

    Args:
      state: what was told and asked.
      num: how many cells.
      rng: generator of the draws.
    """
    with TURNS:
      return self._proposal(state, num, rng)

  def _proposal(
    self, state: State, num: int, rng: np.random.Generator
  ) -> Proposal:
    """The next cells, for one thread at a time."""
    from nasjax.surrogates import pools

    space = state.space
    cells, values = self.tried(state)
    if space.size is not None:
      pool = pools.whole(space, self.replicates, self.target)
    else:
      best = np.argsort(-np.nan_to_num(values, nan=-np.inf), kind="stable")
      parents = cells[best[:_PARENTS]]
      pool = pools.drawn(
        space,
        parents,
        state.pending,
        self.num_candidates,
        rng,
        self.replicates,
        self.target,
      )
    seen = np.concatenate([cells, state.pending])
    keys = pools.keys_of(space, seen, self.replicates, self.target)
    free = np.flatnonzero(~np.isin(pool.keys, keys))
    if not len(free):
      empty = np.zeros(0)
      return Proposal(state.pending[:0], empty, empty, ())
    missing = self.num_spread - len(seen)
    known = self.merged(space, cells, values)
    if missing > 0 or not (_tells_apart(values) and _tells_apart(known[1])):
      taken = pool.features[:0]
      if len(seen):
        taken = pools.features_of(space, seen, self.target)
      count = min(num, missing) if missing > 0 else num
      open_ = self._promising(pool, free)
      rows = proposals.spread_out(pool, open_, taken, count, rng)
      nothing = np.full(len(rows), np.nan)
      reasons = (proposals.SPREAD,) * len(rows)
      return Proposal(pool.genotypes[rows], nothing, nothing, reasons)
    waiting = np.flatnonzero(np.isin(pool.keys, keys[len(cells) :]))
    return self._by_model(known, state.seed, pool, free, waiting, num, rng)

  def _by_model(
    self,
    known: tuple[np.ndarray, np.ndarray],
    seed: int,
    pool: Any,
    free: np.ndarray,
    pending: np.ndarray,
    num: int,
    rng: np.random.Generator,
  ) -> Proposal:
    """The next cells by what is known: cells `[n, G]` and values `[n]`."""
    cells, values = known
    targets = normal_targets(values)
    fitted = self.make_surrogate().fit(pool, cells, targets, seed)
    moments = fitted.moments(free)
    rows = proposals.best_batch(
      fitted,
      free,
      moments,
      pending,
      num,
      float(targets.max()),
      self.acquisition,
      self.beta,
      rng,
    )
    places = np.searchsorted(free, rows)
    means, variances = (each[places] for each in moments)
    least = np.sort(moments[0])[-min(num, len(free))]
    reasons = tuple(
      proposals.EXPLOIT if mean >= least else proposals.EXPLORE
      for mean in means
    )
    stds = np.sqrt(variances + fitted.noise)
    return Proposal(pool.genotypes[rows], means, stds, reasons)

  @property
  def num_spread(self) -> int:
    """Cells that are spread out first: with a prior half as many."""
    return (
      self.num_first if self.prior == priors.NONE else -(-self.num_first // 2)
    )

  def _promising(self, pool: Any, free: np.ndarray) -> np.ndarray:
    """Rows of the pool that are spread out: all, or the best of a prior."""
    if self.prior == priors.NONE:
      return free
    scores = self.make_surrogate().prior_of(pool)[free]
    tenth = max(len(pool.keys) // _SHARE, self.num_spread)
    best = np.argsort(-scores, kind="stable")[: min(_PROMISING, tenth)]
    return np.sort(free[best])

  def make_surrogate(self) -> Any:
    """Returns the surrogate by its name, not fitted yet."""
    from nasjax.surrogates import gaussian, network

    if self.surrogate == "gaussian":
      if self.prior == priors.NONE:
        return gaussian.Gaussian()
      return gaussian.kept(priors.of_space(self.prior))
    return network.kept(self.refit_every)

  def merged(
    self, space: Any, genotypes: np.ndarray, values: np.ndarray
  ) -> tuple[np.ndarray, np.ndarray]:
    """Cells that are asked once as one cell each, with their mean value.

    Args:
      space: the space.
      genotypes: cells `[n, G]`.
      values: `[n]`.
    """
    from nasjax.surrogates import pools

    keys = pools.keys_of(space, genotypes, self.replicates, self.target)
    return merged(keys, genotypes, values)

  def tried(self, state: State) -> tuple[np.ndarray, np.ndarray]:
    """Cells with a value, known ones first, `[n, G]` and `[n]`."""
    memory, history = state.memory, state.history
    return (
      np.concatenate([memory[_KNOWN], history.genotypes]),
      np.concatenate([memory[_VALUES], history.scores]),
    )


def _check_sizes(space: Any, cells: np.ndarray, scores: np.ndarray) -> None:
  """Refuses scores `[n]` of which means and predictions might be infinite."""
  large = np.flatnonzero(np.abs(scores) > label_numbers.LARGEST)
  if large.size:
    at = large[0]
    raise errors.UserError(
      f"scores: expected sizes up to {label_numbers.LARGEST:g}, got "
      f"{scores[at]:g} for {space.format(cells[at][None])[0]}; where a "
      "training diverged say that it failed"
    )


def _tells_apart(values: np.ndarray) -> bool:
  """Whether some of the values `[n]` differ; a failure is a value."""
  return len(values) > 1 and len(np.unique(values)) > 1


def merged(
  keys: np.ndarray, genotypes: np.ndarray, values: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
  """Cells of one key as one cell with their mean value.

  Args:
    keys: `[n]`.
    genotypes: cells `[n, G]`.
    values: `[n]`; a failure beside a success is left out.

  Returns:
    The first cell of each key `[u, G]`, and values `[u]`.
  """
  _, first, place = np.unique(keys, return_index=True, return_inverse=True)
  is_value = ~np.isnan(values)
  sums = np.bincount(place, np.where(is_value, values, 0.0))
  counts = np.bincount(place, is_value)
  means = np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)
  order = np.argsort(first)
  return genotypes[first[order]], means[order]


def normal_targets(values: np.ndarray) -> np.ndarray:
  """Normal scores of values `[n]`; failures are the lowest of all."""
  from nasjax.regression import solver

  failed = np.isnan(values)
  if failed.all():
    return np.zeros(len(values))
  lowest = values[~failed].min()
  return solver.normal_scores(
    np.where(failed, np.nextafter(lowest, -np.inf), values)
  )
