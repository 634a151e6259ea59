"""Training: it learns, goes on after a stop, and reports divergence."""

import dataclasses
import json
import math

import networks_tiny as tiny
import numpy as np
import pytest

from nasjax import errors
from nasjax.networks.recipe import TrainingRecipe
from nasjax.networks.training import Trainer


@pytest.fixture(scope="module")
def trainer():
  sets = [tiny.bars(), tiny.bars("two", num_classes=2, seed=1)]
  return Trainer(tiny.Network(), sets, tiny.RECIPE, seeds=(0, 5))


@pytest.fixture(scope="module")
def whole(trainer):
  return trainer.run()


def test_trainings_are_all_pairs_and_learn(whole):
  pairs = [(each.image_set, each.seed) for each in whole]
  assert pairs == [("bars", 0), ("two", 0), ("bars", 5), ("two", 5)]
  for result in whole:
    assert result.loss.shape == (4,)
    assert result.diverged is None
    assert result.loss[-1] < result.loss[0]
    assert result.best == result.test_accuracy.max() >= result.final
  assert min(result.final for result in whole) > 60
  assert not np.array_equal(whole[0].loss, whole[2].loss)


def test_resumed_training_equals_an_uninterrupted_one(trainer, whole, tmp_path):
  trainer.run(workdir=tmp_path, stop_after=3, checkpoint_every=2)
  log = (tmp_path / "log.jsonl").read_text().splitlines()
  assert len(log) == 3 * 4
  resumed = trainer.run(workdir=tmp_path, checkpoint_every=2)
  for one, other in zip(resumed, whole, strict=True):
    for name in ("loss", "train_accuracy", "test_accuracy"):
      np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
  rows = [
    json.loads(line)
    for line in (tmp_path / "log.jsonl").read_text().splitlines()
  ]
  assert [row["epoch"] for row in rows[::4]] == [1, 2, 3, 4]
  assert rows[-1]["image_set"] == "two"
  assert rows[-1]["test_accuracy"] == round(whole[-1].final, 4)


def test_folder_of_another_training_is_refused(trainer, tmp_path):
  trainer.run(workdir=tmp_path, stop_after=1)
  other = Trainer(
    tiny.Network(),
    [tiny.bars(), tiny.bars("two", num_classes=2, seed=1)],
    dataclasses.replace(tiny.RECIPE, momentum=0.5),
    seeds=(0, 5),
  )
  with pytest.raises(errors.UserError, match="another recipe"):
    other.run(workdir=tmp_path)


def test_divergence_is_reported(tmp_path):
  recipe = dataclasses.replace(
    tiny.RECIPE, epochs=2, learning_rate=1e30, test_every=2
  )
  (result,) = Trainer(tiny.Network(), [tiny.bars()], recipe).run(
    workdir=tmp_path
  )
  assert result.diverged in (1, 2)
  assert math.isnan(result.final)
  values = json.loads(json.dumps(result.to_json(), allow_nan=False))
  assert values["final"] is None
  assert "learning rate" in (tmp_path / "log.jsonl").read_text()


def test_cell_is_an_argument_and_together_changes_nothing():
  recipe = dataclasses.replace(tiny.RECIPE, epochs=1)
  apart, together = (
    Trainer(tiny.Network(), [tiny.bars()], recipe, seeds=(0, 1), together=flag)
    for flag in (False, True)
  )
  cell, empty = np.array([1, 2]), np.array([0, 2])
  for one, other in zip(apart.run(cell), together.run(cell), strict=True):
    np.testing.assert_allclose(one.loss, other.loss, rtol=1e-4)
  # The argument 0 hides the images from the network.
  blind = apart.run(empty)[0]
  shares = np.bincount(tiny.bars().test_labels) * 100 / 24
  assert np.isclose(shares, blind.final).any()
  assert apart.run(cell)[0].final > blind.final


def test_classes_that_a_set_lacks_are_never_chosen():
  two = tiny.bars("two", num_classes=2)
  (result,) = Trainer(tiny.Stubborn(), [two], tiny.RECIPE).run()
  assert np.isclose(result.final, 100 * two.test_labels.mean())
  # Logits 0 and 5 count, 9 does not.
  expected = np.log1p(np.exp(5)) - 5 * two.train_labels.mean()
  assert result.loss == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize(
  ("skeleton", "recipe", "message"),
  [
    ({"image_size": 16}, {}, r"shape \[16, 16, 1\]"),
    ({"num_classes": 2}, {}, "at most 2 classes"),
    ({}, {"batch_size": 64}, "batch_size <= 48"),
  ],
)
def test_misfits_are_named(skeleton, recipe, message):
  module = tiny.Network(dataclasses.replace(tiny.SKELETON, **skeleton))
  recipe = dataclasses.replace(tiny.RECIPE, **recipe)
  with pytest.raises(errors.UserError, match=message):
    Trainer(module, [tiny.bars()], recipe)


@pytest.mark.parametrize(
  ("change", "message"),
  [
    ({"epochs": 0}, "at least 1 as epochs"),
    ({"momentum": 1.0}, r"in \[0, 1\) as momentum"),
    ({"dtype": "float16"}, "'float32', 'bfloat16'"),
    ({"speed": 1}, "field of a recipe 'speed'"),
  ],
)
def test_bad_recipes_are_refused(change, message):
  with pytest.raises(errors.UserError, match=message):
    TrainingRecipe.preset("small", **change)


def test_presets_and_schedule():
  recipe = TrainingRecipe.preset("nb201", warmup_epochs=1)
  assert (recipe.epochs, recipe.batch_size, recipe.nesterov) == (200, 256, True)
  # The first step of a warm-up moves nothing, whatever the gradient.
  optimizer = recipe.optimizer(10)
  params = {"w": np.ones(2, np.float32)}
  updates, _ = optimizer.update(params, optimizer.init(params), params)
  assert np.asarray(updates["w"]).tolist() == [0, 0]
