"""The predictor as people use it."""

import numpy as np
import pytest
import tiny

import nasjax
from nasjax import config as configs
from nasjax import errors
from nasjax import labels as label_numbers
from nasjax.training import metrics

SPACE = nasjax.get_space("nb201")
ARCH = (
  "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+"
  "|skip_connect~0|nor_conv_3x3~1|nor_conv_3x3~2|"
)


def _labels(genotypes):
  return 60.0 + 5 * ((genotypes == 3).sum(1) - (genotypes == 0).sum(1))


@pytest.fixture(scope="module")
def fitted():
  genotypes = SPACE.sample(80, np.random.default_rng(3))
  config = tiny.config(epochs=40, num_members=2, **tiny.LIGHT)
  config.optimizer.learning_rate = 1e-2
  model = nasjax.Predictor("nb201", config=config)
  return model.fit(genotypes, _labels(genotypes)), genotypes


def test_it_learns_an_additive_label(fitted, rng):
  model, _ = fitted
  fresh = SPACE.sample(300, rng)
  tau = metrics.kendall_tau(model.predict(fresh), _labels(fresh))
  assert tau > 0.6


def test_scores_have_the_mean_and_spread_of_the_training_labels(fitted):
  model, genotypes = fitted
  labels = _labels(genotypes)
  scores = model.predict(genotypes)
  assert scores.mean() == pytest.approx(labels.mean(), abs=1e-3)
  assert 0.8 * labels.std() < scores.std() < 1.05 * labels.std()


def test_return_std_is_the_spread_of_the_members(fitted):
  model, genotypes = fitted
  mean, std = model.predict(genotypes[:5], return_std=True)
  assert mean.shape == std.shape == (5,)
  assert (std > 0).all()
  np.testing.assert_allclose(mean, model.predict(genotypes[:5]))


def test_notations_and_genotypes_give_the_same_scores(fitted):
  model, _ = fitted
  from_text = model.predict([ARCH])
  np.testing.assert_array_equal(from_text, model.predict(SPACE.parse([ARCH])))


def test_a_score_does_not_depend_on_its_batch(fitted, rng):
  model, _ = fitted
  cells = SPACE.sample(40, rng)
  alone = np.concatenate([model.predict(cells[i : i + 1]) for i in range(5)])
  np.testing.assert_allclose(model.predict(cells)[:5], alone, rtol=1e-5)


def test_save_and_load(fitted, tmp_path):
  model, genotypes = fitted
  model.card = {"note": "test"}
  model.save(tmp_path / "saved")
  again = nasjax.Predictor.load(tmp_path / "saved")
  np.testing.assert_array_equal(
    again.predict(genotypes), model.predict(genotypes)
  )
  assert again.card == {"note": "test"}
  assert again.config.to_json() == model.config.to_json()


def test_same_seed_same_numbers_other_seed_other_numbers():
  genotypes = SPACE.sample(20, np.random.default_rng(0))
  config = tiny.config(epochs=2, **tiny.LIGHT)
  scores = []
  for seed in (1, 1, 2):
    model = nasjax.Predictor("nb201", seed, config=config)
    scores.append(model.fit(genotypes, _labels(genotypes)).predict(genotypes))
  np.testing.assert_array_equal(scores[0], scores[1])
  assert not np.allclose(scores[0], scores[2])


def test_predict_before_fit():
  with pytest.raises(errors.UserError, match="not trained: call fit"):
    nasjax.Predictor("nb201").predict([ARCH])


@pytest.mark.parametrize(
  ("archs", "labels", "message"),
  [
    ([ARCH, ARCH], [1.0, float("nan")], "label 1 is nan"),
    ([ARCH, ARCH], [1.0, float("inf")], "label 1 is inf"),
    ([ARCH, ARCH], [1.0], r"expected shape \[2\]"),
    ([ARCH], [1.0], "at least two different values"),
    ([ARCH, ARCH], [1.0, 1.0], "at least two different values"),
    ([ARCH, "|conv~0|"], [1.0, 2.0], "arch 1 of .nb201.: expected the form"),
    (np.zeros((2, 5), np.int8), [1.0, 2.0], r"expected shape \[n, 6\]"),
    (np.full((2, 6), 9, np.int8), [1.0, 2.0], "genotype 0 is not a cell"),
    (np.zeros((2, 6)), [1.0, 2.0], "expected integers"),
    (ARCH, [1.0], "put it in a list"),
  ],
)
def test_bad_input_to_fit(archs, labels, message):
  model = nasjax.Predictor("nb201", config=tiny.config())
  with pytest.raises(errors.UserError, match=message):
    model.fit(archs, labels)


def test_bad_names():
  with pytest.raises(errors.UserError, match="unknown space 'nb999'"):
    nasjax.Predictor("nb999")
  with pytest.raises(errors.UserError, match="unknown config field 'epoch'"):
    nasjax.Predictor("nb201", epoch=3)
  with pytest.raises(errors.UserError, match="unknown pretrained checkpoint"):
    nasjax.Predictor.pretrained("nope")


def test_fields_by_keyword():
  model = nasjax.Predictor("nb201", epochs=7, model={"width": 16})
  assert model.config.epochs == 7
  assert model.config.model.width == 16


@pytest.mark.parametrize("space", ["nb101", "nb201", "darts"])
def test_starts_from_the_default_of_its_space(space):
  model = nasjax.Predictor(space, seed=3)
  expected = configs.space_defaults(space)
  expected.seed = 3
  assert model.config.to_dict() == expected.to_dict()


def test_calibration_never_turns_a_ranking_around():
  raw = np.array([[3.0, 2.0, 1.0], [0.0, 0.0, 0.0]], np.float32)
  labels = np.array([70.0, 80.0, 90.0])
  scale, shift = label_numbers.calibrate(raw, labels)
  assert (scale > 0).all()
  np.testing.assert_allclose(raw.mean(1) * scale + shift, 80.0)
