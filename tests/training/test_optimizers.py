"""Schedules and optimizers from a config."""

import jax.numpy as jnp
import pytest
from ml_collections import config_dict

from nasjax import errors
from nasjax.training import optimizers


def _config(**fields):
  return config_dict.ConfigDict(
    {
      "name": "adamw",
      "learning_rate": 0.5,
      "schedule": "cosine",
      "warmup_rate": 0.2,
      "weight_decay": 0.1,
      "clip_norm": 1.0,
      **fields,
    }
  )


def test_cosine_schedule_with_warm_up_by_hand():
  schedule = optimizers.create_schedule(_config(), 100)
  assert float(schedule(0)) == 0.0
  assert float(schedule(10)) == pytest.approx(0.25)
  assert float(schedule(20)) == pytest.approx(0.5)
  assert float(schedule(60)) == pytest.approx(0.25)
  assert float(schedule(100)) == pytest.approx(0.0, abs=1e-7)


def test_constant_schedule():
  config = _config(schedule="constant", warmup_rate=0.0)
  schedule = optimizers.create_schedule(config, 10)
  assert {float(schedule(step)) for step in range(10)} == {0.5}


def test_step_schedule_leaves_a_tenth_and_a_hundredth():
  config = _config(schedule="step", warmup_rate=0.0)
  schedule = optimizers.create_schedule(config, 100)
  found = [float(schedule(step)) for step in (0, 39, 41, 79, 81, 99)]
  assert found == pytest.approx([0.5, 0.5, 0.05, 0.05, 0.005, 0.005])


def test_adamw_decays_and_adam_does_not():
  params, gradient = jnp.array([2.0]), jnp.array([0.0])
  moved = {}
  for name in optimizers.OPTIMIZERS:
    config = _config(name=name, schedule="constant", warmup_rate=0.0)
    optimizer = optimizers.create_optimizer(config, 10)
    update, _ = optimizer.update(gradient, optimizer.init(params), params)
    moved[name] = float(update[0])
  assert moved["adam"] == 0.0
  assert moved["adamw"] == pytest.approx(-0.5 * 0.1 * 2.0)


@pytest.mark.parametrize(
  ("field", "value"), [("name", "sgd"), ("schedule", "stairs")]
)
def test_unknown_names(field, value):
  with pytest.raises(errors.UserError, match=f"got|unknown .* '{value}'"):
    optimizers.create_optimizer(_config(**{field: value}), 10)


def test_l2_decay_is_scaled_by_adam():
  params, gradient = jnp.array([2.0, -0.5]), jnp.array([0.0, 0.0])
  config = _config(
    name="adam_l2", schedule="constant", warmup_rate=0.0, clip_norm=0.0
  )
  optimizer = optimizers.create_optimizer(config, 10)
  update, _ = optimizer.update(gradient, optimizer.init(params), params)
  # Decayed gradients of any size become one step of the learning rate.
  assert [float(x) for x in update] == pytest.approx([-0.5, 0.5], rel=1e-5)
