"""Optuna studies of architectures: `NasSampler` says what to train next.

Dimensions: `n` trials, `G` integers of a genotype.
"""

import contextlib
import dataclasses
import threading
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from nasjax import errors
from nasjax import labels as label_numbers
from nasjax.integrations import decisions, extras
from nasjax.search import base, model_based, registry, subset
from nasjax.spaces import base as spaces_base

extras.load("optuna", "optuna")

import optuna  # noqa: E402
from optuna.distributions import CategoricalDistribution  # noqa: E402
from optuna.trial import FrozenTrial, TrialState  # noqa: E402

_CLAIM, _FIXED = "nasjax:genotype", "fixed_params"
# Surrogates share what they remember; the threads of a process take turns.
_LOCK = threading.Lock()


class NasSampler(optuna.samplers.BaseSampler):
  """Samples the architecture of each trial by a model of those before.

  The parameters of a study are the decisions of a space, one categorical for
  each integer of a genotype (`nasjax.integrations.decisions`). `suggest` asks
  for all of them; an objective that calls `trial.suggest_categorical` for each
  gets the same. The cells are those of the search strategy `model`
  (`nasjax.search.model_based`).

  Everything is read from the storage of the study, and the draws of a trial
  depend on the seed and the number of the trial alone. So a study goes on after
  its workers were killed, and several workers can share one storage: what
  trials are running on is claimed there, and no two get one cell, or two cells
  of one function.

  A completed trial counts with its value and a pruned one with its last
  intermediate value. A failed trial, one without a value, and one whose value
  is infinite or beyond 1e290 count as the worst. Trials that are enqueued must
  fix every decision or none.

  Attributes:
    space: the search space.
    search_space: the distribution of each parameter, by its name.
  """

  def __init__(
    self, space: str | spaces_base.Space, seed: int = 0, **options: Any
  ):
    """Makes a sampler.

    Args:
      space: the search space, or its name.
      seed: seed of all draws.
      **options: those of `nasjax.search.model_based.ModelBased`, such as
        `num_first=10` or `acquisition="thompson"`.

    Raises:
      UserError: Optuna is not installed, or a name or an option is wrong.
    """
    self.space = subset.as_own(space)
    self._seed = base.whole_number("seed", seed, 0)
    strategy = registry.get_strategy("model", **options)
    assert isinstance(strategy, model_based.ModelBased)
    self._strategy = strategy
    self.search_space = {
      each.name: CategoricalDistribution(each.options)
      for each in decisions.of(self.space)
    }

  def suggest(self, trial: Any) -> str:
    """Suggests the architecture of a trial.

    Args:
      trial: an `optuna.Trial`, or a `FixedTrial` of its parameters.

    Returns:
      The official notation, which the trial keeps as user attribute `arch`.

    Raises:
      UserError: every architecture was asked, the study has other parameters or
        several objectives, or the parameters are no architecture.
    """
    params = {
      name: trial.suggest_categorical(name, distribution.choices)
      for name, distribution in self.search_space.items()
    }
    genotype = decisions.to_genotype(self.space, params)
    arch = self.space.format(genotype[None])[0]
    trial.set_user_attr("arch", arch)
    return arch

  def before_trial(self, study: optuna.Study, trial: FrozenTrial) -> None:
    """Checks the study, for Optuna.

    Raises:
      UserError: it has several objectives.
    """
    del trial
    if len(study.directions) > 1:
      raise errors.UserError(
        "NasSampler: expected a study with one objective, got "
        f"{len(study.directions)}; optimise one, or their weighted sum"
      )

  def infer_relative_search_space(
    self, study: optuna.Study, trial: FrozenTrial
  ) -> dict[str, Any]:
    """Returns the distributions of all decisions, for Optuna."""
    del study, trial
    return dict(self.search_space)

  def sample_relative(
    self,
    study: optuna.Study,
    trial: FrozenTrial,
    search_space: dict[str, Any],
  ) -> dict[str, Any]:
    """Chooses all decisions of a trial together, for Optuna.

    Raises:
      UserError: every architecture was asked, or a trial of the study has
        other parameters.
    """
    del search_space
    with _LOCK:
      genotype = self._fixed(trial)
      if genotype is None:
        genotype = self._choose(study, trial)
      else:
        self._claim(study, trial, genotype)
    return decisions.to_params(self.space, genotype)

  def sample_independent(
    self,
    study: optuna.Study,
    trial: FrozenTrial,
    param_name: str,
    param_distribution: Any,
  ) -> Any:
    """Refuses a parameter that is no decision of the space.

    Raises:
      UserError: always.
    """
    del study, trial, param_distribution
    if param_name in self.search_space:
      known = self.search_space[param_name].choices
      raise errors.UserError(
        f"parameter {errors.quote(param_name)} of a study of "
        f"{self.space.name!r}: expected the choices {errors.quote(known)}, got "
        "others; use NasSampler.suggest(trial)"
      )
    raise errors.one_of(
      f"parameter of a study of {self.space.name!r}",
      param_name,
      self.search_space,
    )

  def after_trial(
    self,
    study: optuna.Study,
    trial: FrozenTrial,
    state: TrialState,
    values: Sequence[float] | None,
  ) -> None:
    """Ends a study whose space was asked to its end, for Optuna."""
    del trial, state, values
    if self.space.size is None:
      return
    with _LOCK:
      trials = _trials(study)
      seen = [self._genotype(each) for each in trials]
      cells = self._stack(each for each in seen if each is not None)
      is_over = len(cells) and not self._is_any_left(cells)
    if is_over:
      with contextlib.suppress(RuntimeError):  # not inside of `optimize`
        study.stop()

  def _is_any_left(self, cells: np.ndarray) -> bool:
    from nasjax.surrogates import pools

    replicates = self._strategy.replicates
    target = self._strategy.target
    keys = pools.keys_of(self.space, cells, replicates, target)
    pool = pools.whole(self.space, replicates, target)
    return not np.isin(pool.keys, keys).all()

  def _choose(self, study: optuna.Study, trial: FrozenTrial) -> np.ndarray:
    """Chooses and claims a cell that no other trial has, `[G]`.

    A claim is written first, then all claims are read: of two trials with one
    cell at least one sees the other and chooses again.
    """
    ahead = 0
    while True:
      others = [each for each in _trials(study) if each.number != trial.number]
      genotype = self._next(study, others, trial.number, ahead)
      self._claim(study, trial, genotype)
      rivals = self._rivals(study, trial, genotype)
      if not rivals:
        return genotype
      # Trials that met choose different cells the next time.
      ahead = sum(number < trial.number for number in rivals)

  def _rivals(
    self, study: optuna.Study, trial: FrozenTrial, genotype: np.ndarray
  ) -> list[int]:
    """Numbers of the other trials with a cell of the same key."""
    from nasjax.surrogates import pools

    others = [
      (each.number, self._genotype(each))
      for each in _trials(study)
      if each.number != trial.number
    ]
    others = [(number, cell) for number, cell in others if cell is not None]
    cells = self._stack([genotype, *(cell for _, cell in others)])
    how = self._strategy.replicates, self._strategy.target
    keys = pools.keys_of(self.space, cells, *how)
    numbers = np.array([number for number, _ in others], int)
    return numbers[keys[1:] == keys[0]].tolist()

  def _next(
    self,
    study: optuna.Study,
    others: list[FrozenTrial],
    number: int,
    ahead: int,
  ) -> np.ndarray:
    """The cell `[G]` of a trial, the best but `ahead`."""
    is_largest = study.direction == optuna.study.StudyDirection.MAXIMIZE
    sign = 1.0 if is_largest else -1.0
    done: list[np.ndarray] = []
    values: list[float] = []
    pending: list[np.ndarray] = []
    for each in others:
      cell = self._genotype(each)
      if cell is not None and each.state.is_finished():
        done.append(cell)
        values.append(sign * _value(each))
      elif cell is not None:
        pending.append(cell)
    strategy = self._strategy
    budget = base.MAX_BUDGET if self.space.size is None else None
    state = strategy.init(self.space, self._seed, budget)
    state = strategy.learn(state, self._stack(done), values)
    state = dataclasses.replace(
      state, num_asks=number + 1, pending=self._stack(pending)
    )
    found = strategy.propose(state, ahead + 1, state.generator()).genotypes
    if not len(found):
      raise errors.UserError(
        f"every architecture of {self.space.name!r} was asked by the study "
        f"{errors.quote(study.study_name)}: expected some that are left"
      )
    return found[-1]

  def _fixed(self, trial: FrozenTrial) -> np.ndarray | None:
    """The cell `[G]` of a trial that was enqueued with one."""
    fixed = trial.system_attrs.get(_FIXED) or {}
    fixed = {name: fixed[name] for name in self.search_space if name in fixed}
    if not fixed:
      return None
    if len(fixed) < len(self.search_space):
      missing = next(name for name in self.search_space if name not in fixed)
      raise errors.UserError(
        f"trial {trial.number}: expected an enqueued trial to fix every "
        f"decision of {self.space.name!r} or none, got none for "
        f"{errors.quote(missing)}"
      )
    return decisions.to_genotype(self.space, fixed)

  def _genotype(self, trial: FrozenTrial) -> np.ndarray | None:
    """The cell `[G]` of a trial; None where it has none yet.

    Raises:
      UserError: the trial has parameters of something else.
    """
    claim = trial.system_attrs.get(_CLAIM)
    if claim is not None and claim[0] == self.space.name:
      return self.space.check([claim[1]])[0]
    for name, distribution in trial.distributions.items():
      if self.search_space.get(name) != distribution:
        raise errors.UserError(
          f"study: expected trials with the decisions of {self.space.name!r}, "
          f"got trial {trial.number} with the parameter {errors.quote(name)} "
          f"of {errors.quote(str(distribution))}; use a study of its own"
        )
    if trial.params.keys() >= self.search_space.keys():
      return decisions.to_genotype(self.space, trial.params)
    return self._fixed(trial)

  def _claim(
    self, study: optuna.Study, trial: FrozenTrial, genotype: np.ndarray
  ) -> None:
    """Writes the cell `[G]` of a trial into the storage."""
    claim = [self.space.name, genotype.tolist()]
    study._storage.set_trial_system_attr(trial._trial_id, _CLAIM, claim)

  def _stack(self, cells: Iterable[np.ndarray]) -> np.ndarray:
    """Cells `[G]` as `[n, G]` int8."""
    empty = np.zeros((0, self.space.genotype_length), np.int8)
    return np.concatenate([empty, *(cell[None] for cell in cells)])


def _trials(study: optuna.Study) -> list[FrozenTrial]:
  """All trials as they are in the storage now."""
  return study.get_trials(deepcopy=False)


def _value(trial: FrozenTrial) -> float:
  """The value of a finished trial; NaN where it counts as a failure."""
  value: float | None = None
  if trial.state == TrialState.COMPLETE:
    value = trial.value
  elif trial.state == TrialState.PRUNED and trial.last_step is not None:
    value = trial.intermediate_values[trial.last_step]
  is_usable = value is not None and abs(value) <= label_numbers.LARGEST
  return value if value is not None and is_usable else float("nan")
