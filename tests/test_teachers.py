"""Labels that a trained predictor gives."""

import numpy as np
import pytest
import scoring_models
import tiny

import nasjax
from nasjax import config as configs
from nasjax import errors
from nasjax.experiments import tasks, teachers
from nasjax.systems import registry as models


@pytest.fixture(scope="module")
def teacher(tmp_path_factory):
  folder = tmp_path_factory.mktemp("teacher") / "model"
  return str(scoring_models.save_predictor(folder, **tiny.LIGHT))


@pytest.fixture
def config(teacher):
  fields = {"teacher": teacher, "num_train": 50, "benchmark": "nb201_analog"}
  return configs.override(configs.student_defaults("nb201"), fields)


def test_predictions_are_one_more_label(teacher):
  benchmark = nasjax.get_benchmark("nb201_analog")
  told = teachers.add_predictions(benchmark, "cifar10", teacher)
  assert set(told.labels) - set(benchmark.labels) == {"cifar10/predicted"}
  expected = nasjax.Predictor.load(teacher).predict(benchmark.genotypes)
  np.testing.assert_array_equal(told.values("cifar10/predicted"), expected)
  assert "no training behind it" in told.describe("cifar10/predicted")
  kept = told.values("cifar10/test")
  np.testing.assert_array_equal(kept, benchmark.values("cifar10/test"))


def test_a_student_learns_from_scores_and_never_from_accuracies(
  config, teacher
):
  task = tasks.make_task(config)
  expected = nasjax.Predictor.load(teacher).predict(task.genotypes[0])
  np.testing.assert_allclose(task.labels[0], expected, rtol=1e-6)
  assert task.train_label == "cifar10/predicted"
  assert task.test_label == "cifar10/test"


def test_no_such_teacher(config):
  config.teacher = "nobody"
  with pytest.raises(errors.UserError, match="not a saved nasjax model"):
    tasks.make_task(config)


@pytest.mark.parametrize("space", ["nb101", "nb201"])
def test_a_student_has_no_transformer_and_sees_no_order(space):
  config = configs.student_defaults(space)
  assert config.teacher == config.space == space
  model = models.create_model(config.model)
  assert model.num_layers == model.encoder_layers == 0
  assert not model.position


def test_a_space_without_student():
  with pytest.raises(errors.UserError, match="unknown space of a student"):
    configs.student_defaults("mine")
