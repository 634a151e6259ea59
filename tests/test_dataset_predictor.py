"""The predictor that sees images: fit, fix a data set, predict, save."""

import dataclasses

import jax
import numpy as np
import pytest
import tiny

import nasjax
from nasjax import compiler, errors
from nasjax import config as configs
from nasjax.features import inputs
from nasjax.images import sample
from nasjax.predictors import checkpoints, dataset_predictor, predictor
from nasjax.systems.architecture import multitask
from nasjax.training import metrics

NUM = 40
SHAPE = (2, 2, 3, 4, 5)  # data sets, draws, classes, images, width


def make_config():
  small = {"epochs": 120, "batch_size": NUM, "num_members": 2}
  layers = {"model.num_layers": 0, "model.encoder_layers": 0}
  config = tiny.config(**small, **layers, **{"model.features": "none"})
  config.optimizer.learning_rate = 1e-2
  return config


def draw(value, place):
  embeddings, mask = value
  return sample.ClassEmbeddings(embeddings[place, 1], mask[place, 1])


@pytest.fixture(scope="module")
def task():
  rng = np.random.default_rng(0)
  cells = nasjax.get_space("nb201").sample(NUM, rng)
  value = cells.sum(axis=1).astype(float)
  centres = np.array([3.0, -3.0])[:, None, None, None, None]
  embeddings = (centres + rng.normal(size=SHAPE)).astype(np.float32)
  images = embeddings, np.ones(SHAPE[:-1], np.float32)
  return cells, np.stack([50 + value, 90 - 3 * value], axis=1), images


@pytest.fixture(scope="module")
def fitted(task):
  cells, labels, images = task
  model = nasjax.DatasetPredictor(make_config())
  return model.fit(cells, labels, *images)


@pytest.mark.slow
def test_images_decide_which_cells_are_good(fitted, task):
  cells, labels, images = task
  for place in range(2):
    scores = fitted.on(draw(images, place)).predict(cells)
    assert scores.shape == (NUM,)
    assert metrics.kendall_tau(scores, labels[:, place]) > 0.5


def test_fixing_the_data_set_scores_as_the_whole_model(fitted, task):
  cells, _, images = task
  seen = draw(images, 1)
  drawn = inputs.samples(fitted.space, cells[None], fitted._model.reads)
  drawn = jax.tree.map(lambda leaf: leaf[0], drawn)
  apply_fn = jax.jit(
    lambda params: multitask.score_datasets(
      fitted._model, params, drawn, seen.embeddings[None], seen.mask[None]
    )[0],
    compiler_options=compiler.options(),
  )
  members = [
    apply_fn(jax.tree.map(lambda leaf, r=r: leaf[r], fitted.params))
    for r in range(2)
  ]
  expected = np.mean(members, axis=0)
  np.testing.assert_allclose(
    fitted.on(seen).predict(cells), expected, rtol=1e-4, atol=1e-5
  )


def test_saved_and_loaded_it_scores_the_same(fitted, task, tmp_path):
  cells, _, images = task
  fitted.card = {"num_train": 80, "label": "invented"}
  fitted.save(tmp_path / "model")
  seen = draw(images, 0)
  loaded = nasjax.DatasetPredictor.load(tmp_path / "model").on(seen)
  np.testing.assert_array_equal(
    loaded.predict(cells), fitted.on(seen).predict(cells)
  )
  assert loaded.card == fitted.card
  opened = checkpoints.open_on_images(
    "nb201", str(tmp_path / "model"), lambda: seen
  )
  np.testing.assert_array_equal(opened.predict(cells), loaded.predict(cells))

  def no_weights():
    raise errors.UserError("the weights are not installed")

  with pytest.raises(errors.UserError, match=r"installed; or .* nb201"):
    checkpoints.open_on_images("nb201", str(tmp_path / "model"), no_weights)
  with pytest.raises(errors.UserError, match=r"use DatasetPredictor\.load"):
    nasjax.Predictor.load(tmp_path / "model")
  with pytest.raises(errors.UserError, match="expected one of 'nb101'"):
    checkpoints.open_on_images("nb101", str(tmp_path / "model"), lambda: seen)


def test_missing_labels_are_left_out_of_their_data_set(task):
  holes = task[1].copy()
  holes[:10, 1] = np.nan
  known = multitask.normalize_within(holes)
  np.testing.assert_allclose(np.nanmean(known, axis=0), 0, atol=1e-6)
  np.testing.assert_allclose(np.nanstd(known, axis=0), 1, atol=1e-6)
  assert np.isnan(known[:10, 1]).all()
  assert np.isfinite(known[10:]).all()
  holes[:, 1] = np.nan
  with pytest.raises(errors.UserError, match="data set number 1"):
    multitask.normalize_within(holes)
  holes[0, 0] = np.inf
  with pytest.raises(errors.UserError, match="got an infinite one"):
    multitask.normalize_within(holes)


def test_mistakes(task):
  cells, labels, (embeddings, mask) = task
  model = nasjax.DatasetPredictor(make_config())
  with pytest.raises(errors.UserError, match="not trained"):
    model.on(draw((embeddings, mask), 0))
  with pytest.raises(errors.UserError, match="not trained"):
    model.save("nowhere")
  wrong = sample.ClassEmbeddings(np.zeros((3, 4, 512)), np.ones((3, 4)))
  model._state = dataclasses.replace(model._state, params={}, sample=SHAPE[2:])
  with pytest.raises(errors.UserError, match="expected width 5, or 1280 of"):
    model.on(wrong)
  with pytest.raises(errors.UserError, match=r"expected shape \[40, 2\]"):
    model.fit(cells, labels[:, :1], embeddings, mask)
  with pytest.raises(errors.UserError, match="with a mask"):
    model.fit(cells, labels, embeddings, mask[..., :2])
  with pytest.raises(errors.UserError, match="has a node for the data set"):
    nasjax.DatasetPredictor(configs.use_model(make_config(), "mlp"))
  with pytest.raises(errors.UserError, match="expected one of"):
    nasjax.DatasetPredictor.pretrained("nb101")
  folder = predictor.PRETRAINED / "nb201_student"
  assert not dataset_predictor.reads_images(folder)
  with pytest.raises(errors.UserError, match="reads no images"):
    nasjax.DatasetPredictor.load(folder)


def test_the_narrowing_is_fixed_and_keeps_distances():
  rng = np.random.default_rng(0)
  wide = rng.normal(size=(6, 1280)).astype(np.float32)
  narrow = sample.narrow(wide)
  assert narrow.shape == (6, 128)
  assert narrow.dtype == np.float32
  ones = sample.narrow(np.eye(1280, dtype=np.float32)[:1])
  # Part of the stored embeddings: another matrix would make them useless.
  np.testing.assert_allclose(
    ones[0, :3] * np.sqrt(128), [1.764052, 0.400157, 0.978738], atol=1e-5
  )
  first = np.linalg.norm(wide[:, None] - wide[None], axis=-1)
  second = np.linalg.norm(narrow[:, None] - narrow[None], axis=-1)
  off = ~np.eye(6, dtype=bool)
  assert np.abs(second[off] / first[off] - 1).max() < 0.25
