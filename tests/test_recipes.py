"""Recipes: the published fields, the step bound, and the shipped configs."""

import importlib.util
import pathlib

import numpy as np
import pytest

from nasjax import config as configs
from nasjax import errors
from nasjax.reproduce import recipes
from nasjax.systems import registry as models
from nasjax.training import loop, losses, optimizers

CONFIGS = pathlib.Path(__file__).parent.parent / "configs"


def _shipped(name):
  spec = importlib.util.spec_from_file_location(name, CONFIGS / f"{name}.py")
  module = importlib.util.module_from_spec(spec)
  spec.loader.exec_module(module)
  return module.get_config()


@pytest.mark.parametrize("method", recipes.recipe_names())
@pytest.mark.parametrize("space", ["nb101", "nb201", "darts"])
def test_every_recipe_can_be_built(method, space):
  config = recipes.recipe(method, space, 100)
  assert (config.space, config.num_train) == (space, 100)
  assert set(config.keys()) == set(configs.default().keys())
  assert models.create_model(config.model) is not None
  assert losses.get_loss(config.loss) is not None
  assert optimizers.create_optimizer(config.optimizer, 10) is not None


@pytest.mark.parametrize(
  "method", ["mlp", "neural_predictor", "tnasp", "pinat"]
)
def test_protocol_of_the_compared_tables(method):
  config = recipes.recipe(method, "nb101", 424)
  assert config.model.to_dict() == models.default_fields(method)
  assert config.optimizer.to_dict() == {
    "name": "adam_l2",
    "learning_rate": 1e-4,
    "schedule": "cosine",
    "warmup_rate": 0.0,
    "weight_decay": 1e-3,
    "clip_norm": 0.0,
  }
  assert (config.loss, config.batch_size, config.epochs) == ("mse", 10, 300)
  assert config.drop_last
  assert not config.prune
  assert loop.make_plan(config, 424).num_steps == 42 * 300


@pytest.mark.parametrize(
  ("method", "changed"),
  [
    ("paper", {}),
    ("paper_mlp", {"head": "mlp"}),
    ("paper_onehot", {"encoding": "onehot"}),
    ("paper_inference", {"graph": "inference"}),
  ],
)
def test_paper_and_its_variants(method, changed):
  config = recipes.recipe(method, "nb201", 156)
  own = {**models.default_fields("architecture"), **changed}
  assert config.model.to_dict() == own
  assert config.model.position is True
  assert (config.loss, config.batch_size, config.epochs) == ("mse", 10, 300)
  optimizer = config.optimizer
  assert (optimizer.name, optimizer.learning_rate) == ("adam", 1e-4)
  assert (optimizer.schedule, optimizer.warmup_rate) == ("constant", 0.0)
  assert (optimizer.weight_decay, optimizer.clip_norm) == (0.0, 0.0)


def test_gmae_pretrains_and_keeps_its_encoder():
  config = recipes.recipe("gmae", "nb101", 424)
  assert (config.loss, config.epochs) == ("pairwise_logistic", 75)
  assert config.model.freeze_encoder
  assert config.optimizer.name == "adam"  # decay would move a frozen encoder
  assert config.pretrain.mask_rate == 0.75
  assert config.pretrain.num_cells == 4096
  assert recipes.recipe("pinat", "nb101", 424).pretrain.num_cells == 0


def test_default_recipe_is_the_shipped_config():
  for name, num_train in (("nb101", 424), ("nb201", 156), ("darts", 1000)):
    expected = _shipped(name).to_dict()
    assert recipes.recipe("default", name, num_train).to_dict() == expected
  config = recipes.recipe("default", "darts", 100)
  assert (config.benchmark, config.test_label) == ("nb301", "val")


def test_paper_configs_are_recipes():
  for name, space, num_train in (
    ("paper_nb101", "nb101", 424),
    ("paper_nb201", "nb201", 156),
    ("paper_nb301", "darts", 1000),
  ):
    expected = recipes.recipe("paper", space, num_train).to_dict()
    assert _shipped(name).to_dict() == expected


def test_default_trains_large_samples_for_fewer_epochs():
  for num_train, epochs in ((424, 300), (4236, 33)):  # 14 and 133 batches
    assert recipes.recipe("default", "nb101", num_train).epochs == epochs


def test_step_bound_lowers_epochs_and_shortens_the_schedule():
  full = recipes.recipe("tnasp", "nb201", 156)
  short = recipes.bounded(recipes.recipe("tnasp", "nb201", 156), 400)
  assert (full.epochs, short.epochs) == (300, 26)  # 15 batches an epoch
  steps = loop.make_plan(short, 156).num_steps
  assert steps == 390
  schedule = optimizers.create_schedule(short.optimizer, steps)
  rates = [float(schedule(step)) for step in (0, steps // 2, steps)]
  np.testing.assert_allclose(rates, [1e-4, 0.5e-4, 0], atol=1e-9)
  for bound in (0, 10**6):
    assert recipes.bounded(full, bound).epochs == 300
  assert recipes.recipe("tnasp", "nb101", 4236).epochs == 300  # 126,900 steps
  paper = recipes.bounded(recipes.recipe("paper", "nb201", 156), 400)
  assert paper.epochs == 25  # the last batch of six is kept: 16 batches


@pytest.mark.parametrize(
  ("arguments", "message"),
  [
    (("nope", "nb201", 10), "unknown method 'nope'"),
    (("pinat", "nope", 10), "unknown space 'nope'"),
    (("pinat", "nb201", 1), "num_train: expected at least 2, got 1"),
  ],
)
def test_bad_recipes(arguments, message):
  with pytest.raises(errors.UserError, match=message) as raised:
    recipes.recipe(*arguments)
  assert "\n" not in str(raised.value)


def test_a_bound_below_one_epoch():
  config = recipes.recipe("pinat", "nb201", 156)
  with pytest.raises(errors.UserError, match="expected at least 15, the steps"):
    recipes.bounded(config, 14)
