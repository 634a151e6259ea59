"""Optimizers and schedules from a config."""

import functools
from typing import Any

import optax
from ml_collections import config_dict

from nasjax import errors, settings

OPTIMIZERS = ("adam", "adamw", "adam_l2")
SCHEDULES = ("constant", "cosine", "step")
_DROPS = (0.4, 0.8)  # shares of the steps after which a tenth remains


def create_schedule(config: settings.Config, num_steps: int) -> optax.Schedule:
  """Learning rate over `num_steps` steps: linear warm-up, then the schedule.

  Args:
    config: `learning_rate`, `schedule` (`constant`, `cosine`, or `step`: a
      tenth after 40 % and again after 80 % of the steps) and `warmup_rate`
      (share of all steps).
    num_steps: steps of the whole training.

  Raises:
    UserError: the schedule is unknown.
  """
  errors.check_name("schedule", config.schedule, SCHEDULES)
  warmup = int(config.warmup_rate * num_steps)
  decay = max(1, num_steps - warmup)
  if config.schedule == "cosine":
    after = optax.cosine_decay_schedule(config.learning_rate, decay)
  elif config.schedule == "step":
    after = optax.piecewise_constant_schedule(
      config.learning_rate, {round(share * decay): 0.1 for share in _DROPS}
    )
  else:
    after = optax.constant_schedule(config.learning_rate)
  if not warmup:
    return after
  rise = optax.linear_schedule(0.0, config.learning_rate, warmup)
  return optax.join_schedules([rise, after], [warmup])


def create_optimizer(
  config: settings.Config, num_steps: int
) -> optax.GradientTransformation:
  """Adam with a schedule and gradient clipping by global norm.

  `adam` has no weight decay, `adamw` decays the weights directly, `adam_l2`
  adds the decay to the gradient before Adam scales it (the `weight_decay` of
  torch's Adam, which many published predictors use). Equal arguments return the
  same optimizer, so that programs of it can be used again.

  Args:
    config: the fields of `create_schedule`, `name`, `weight_decay` (not for
      `adam`) and `clip_norm` (0 = off).
    num_steps: steps of the whole training.

  Raises:
    UserError: the optimizer or the schedule is unknown.
  """
  return _create(config_dict.FrozenConfigDict(config), num_steps)


@functools.lru_cache(maxsize=64)
def _create(config: Any, num_steps: int) -> optax.GradientTransformation:
  errors.check_name("optimizer", config.name, OPTIMIZERS)
  schedule = create_schedule(config, num_steps)
  if config.name == "adam":
    update = optax.adam(schedule)
  elif config.name == "adam_l2":
    update = optax.chain(
      optax.add_decayed_weights(config.weight_decay), optax.adam(schedule)
    )
  else:
    update = optax.adamw(schedule, weight_decay=config.weight_decay)
  if not config.clip_norm:
    return update
  return optax.chain(optax.clip_by_global_norm(config.clip_norm), update)
