"""Search strategies by name."""

import dataclasses
from typing import Any

from nasjax import errors
from nasjax.search import (
  base,
  dngo,
  evolution,
  local,
  model_based,
  pruning,
  random,
  reinforce,
  score_all,
)

_STRATEGIES: dict[str, type[base.Strategy]] = {
  strategy.name: strategy
  for strategy in (
    score_all.ScoreAll,
    random.Random,
    evolution.Evolution,
    local.Local,
    pruning.Pruning,
    model_based.ModelBased,
    dngo.DNGO,
    reinforce.Reinforce,
  )
}


def strategy_names() -> tuple[str, ...]:
  """Returns the names of all strategies."""
  return tuple(_STRATEGIES)


def get_strategy(name: str, **options: Any) -> base.Strategy:
  """Returns a strategy with the given options; the others have defaults.

  Raises:
    UserError: no strategy has that name, it has no such option, or the value
      of an option is out of range.
  """
  errors.check_name("strategy", name, _STRATEGIES)
  strategy = _STRATEGIES[name]
  known = [field.name for field in dataclasses.fields(strategy)]
  for option in options:
    if option not in known and not known:
      raise errors.UserError(
        f"unknown option {errors.quote(option)} of strategy "
        f"{errors.quote(name)}: it has no options"
      )
    if option not in known:
      raise errors.one_of(
        f"option of strategy {errors.quote(name)}", option, known
      )
  return strategy(**options)
