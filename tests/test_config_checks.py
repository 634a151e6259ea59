"""Ranges of config fields, for fresh configs and for saved ones."""

import re

import jax
import numpy as np
import pytest
import tiny
from ml_collections import config_dict

import nasjax
from nasjax import config as configs
from nasjax import errors
from nasjax.commands import config_files
from nasjax.config import checks
from nasjax.experiments import experiment, tasks
from nasjax.operators import table
from nasjax.systems import registry as models
from nasjax.training import state


def test_every_field_has_a_rule_that_admits_its_default():
  fields = configs.flatten(configs.default().to_dict())
  mine = {name for name in fields if not name.startswith("model.")}
  assert mine == set(checks.FIELDS)
  for space in ("nb101", "nb201", "darts"):
    checks.check(configs.space_defaults(space))
    checks.check(configs.student_defaults(space))
  checks.check(configs.images_defaults())
  numeric = set()
  for name in models.model_names():
    checks.check(configs.use_model(configs.default(), name))
    fields = models.default_fields(name).items()
    numeric |= {field for field, value in fields if not isinstance(value, str)}
  names = {"extra_kinds", "operators"}  # lists of names, which may be long
  assert numeric | names == set(checks.MODEL_FIELDS)


@pytest.mark.parametrize(
  ("field", "value", "message"),
  [
    ("num_members", 0, "from 1 to 10000, got 0"),
    ("num_members", -3, "from 1 to 10000, got -3"),
    ("num_members", 10**6, "from 1 to 10000, got 1000000"),
    ("num_seeds", 0, "from 1 to 10000, got 0"),
    ("epochs", 0, "from 1 to 1000000000, got 0"),
    ("batch_size", -1, "got -1"),
    ("checkpoint_every", 0, "got 0"),
    ("seed", -1, "from 0 to 4294967295, got -1"),
    ("seed", 2**32, "got 4294967296"),
    ("seed", 2**70, "got 1180591620717411303424"),
    ("model.width", 0, "from 1 to 16384, got 0"),
    ("model.width", -16, "got -16"),
    ("model.num_layers", 10_000, "from 0 to 64, got 10000"),
    ("model.num_heads", 0, "from 1 to 1024, got 0"),
    ("model.kernel_power", 0.0, "above 0 and at most 10, got 0.0"),
    ("model.dropout_rate", 1.0, "at most 0.998, got 1.0"),
    ("optimizer.learning_rate", float("nan"), "got nan"),
    ("optimizer.clip_norm", float("inf"), "got inf"),
    ("optimizer.warmup_rate", 1.5, "from 0 and at most 1, got 1.5"),
    ("kernel.weight", -1.0, "got -1.0"),
    ("table", "x" * 10_000, "at most 4096 characters, got 'xxx"),
    ("loss", "rank", "unknown loss 'rank': expected one of 'mse'"),
    ("init", "zeros", "unknown init 'zeros'"),
    ("optimizer.schedule", "", "unknown optimizer.schedule ''"),
    ("epochs", None, "got None"),
  ],
)
def test_a_value_out_of_its_range(field, value, message):
  with pytest.raises(errors.UserError, match=re.escape(message)) as caught:
    nasjax.Predictor("nb201", **{field: value})
  assert len(str(caught.value)) < 500
  assert "\n" not in str(caught.value)
  config = configs.override(configs.default(), {field: value})
  with pytest.raises(errors.UserError, match=re.escape(message)):
    tasks.make_task(config)
  with pytest.raises(errors.UserError, match=re.escape(message)):
    nasjax.DatasetPredictor(config)


def test_a_config_that_is_none():
  with pytest.raises(errors.UserError, match=r"expected a ConfigDict, .* dict"):
    nasjax.Predictor(config={"epochs": 3})
  config = configs.default()
  del config["loss"]
  with pytest.raises(errors.UserError, match=r"config.loss: .* no such field"):
    nasjax.Predictor(config=config)
  config = configs.default()
  del config["model"]
  config.model = 3
  with pytest.raises(errors.UserError, match=r"config.model: .* got 3"):
    nasjax.Predictor(config=config)
  empty = config_dict.ConfigDict()
  with pytest.raises(errors.UserError, match=r"config.space: .* no such field"):
    nasjax.Predictor(config=empty)


def test_old_configs_and_fields_of_others_stay_valid():
  config = configs.default()
  for name in ("max_steps", "init"):
    del config[name]
  del config.model["signals"]
  config.unlock()
  config.note = {"mine": [1, 2]}
  assert checks.check(config) is config


def test_the_last_seed_of_a_run():
  config = tiny.config(seed=2**32 - 2, num_seeds=3)
  with pytest.raises(errors.UserError, match="of at most 4294967295, got 4294"):
    tasks.make_task(config)
  config.num_seeds = 2
  checks.check_seeds(config)


def test_keys_differ_up_to_the_largest_seed():
  seeds = (0, 1, 2**31 - 1, 2**31, 2**32 - 1)
  keys = [state.member_keys(seed, 1, 1)[0, 0] for seed in seeds]
  data = np.stack([jax.random.key_data(key) for key in keys])
  assert len(np.unique(data, axis=0)) == len(seeds)
  for seed, key in zip(seeds, keys, strict=True):
    expected = jax.random.split(jax.random.key(np.uint32(seed)), 1)[0]
    np.testing.assert_array_equal(
      jax.random.key_data(key), jax.random.key_data(expected)
    )
  both = state.member_keys(2**31 - 1, 2, 1)
  np.testing.assert_array_equal(jax.random.key_data(both[1, 0]), data[3])


@pytest.mark.parametrize(
  ("names", "message"),
  [
    ("nope", "(none yet), each once, got 'nope'; leave the field empty"),
    ("conv_3x3", "(none yet), each once, got 'conv_3x3'; leave"),
    ("own_a,nope", "added (own_a, own_b), each once, got 'nope'; leave"),
    ("own_a,own_b,own_a", "each once, got 'own_a' again; leave"),
    ("own_a,", "each once, got ''; leave"),
  ],
)
def test_operators_that_are_none_are_found_before_a_training(
  names, message, monkeypatch
):
  monkeypatch.setattr(table, "_operators", [*table._BUILT_IN])
  monkeypatch.setattr(table, "_ids", dict(table._ids))
  if "own_a" in names:
    for name in ("own_a", "own_b"):
      table.register(table.Operator(name, "conv", (9, 9), 1, 4))
  config = configs.override(configs.default(), {"model.operators": names})
  for call in (
    lambda: nasjax.Predictor("nb201", model={"operators": names}),
    lambda: nasjax.Predictor("nb201", config=config),
    lambda: experiment.run(config, "nowhere"),
    lambda: config_files.choose("nb201", [f"--config.model.operators={names}"]),
  ):
    with pytest.raises(errors.UserError, match=re.escape(message)) as caught:
      call()
    assert "\n" not in str(caught.value)
  table.detail_table.cache_clear()
