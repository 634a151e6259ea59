"""A training that fails leaves a predictor, and a saved one, as they were."""

import os

import numpy as np
import pytest
import tiny

import nasjax
from nasjax import errors
from nasjax.images import sample as samples
from nasjax.predictors import fitting, predictor
from nasjax.training import checkpoint, loop

SPACE = nasjax.get_space("nb201")
CELLS = SPACE.sample(24, np.random.default_rng(0))
LABELS = CELLS.sum(1) + np.linspace(0, 1, 24)


@pytest.fixture(scope="module")
def fitted():
  config = tiny.config(epochs=1, **tiny.LIGHT)
  return nasjax.Predictor("nb201", config=config).fit(CELLS, LABELS)


def stopped(error):
  def stop(*_args, **_options):
    raise error

  return stop


@pytest.mark.slow
@pytest.mark.parametrize(
  ("module", "name"),
  [
    (loop, "fit"),
    (fitting, "add_regression"),
    (fitting.label_numbers, "calibrate"),
    (predictor.scoring, "score"),
    (predictor.models, "create_model"),
    (predictor, "_finished"),
  ],
)
@pytest.mark.parametrize(
  "error", [KeyboardInterrupt(), errors.UserError("diverged"), MemoryError()]
)
def test_a_refit_that_stops_anywhere_changes_nothing(
  fitted, monkeypatch, tmp_path, module, name, error
):
  before, card = fitted.predict(CELLS), {"num_train": 24}
  fitted.card = card
  config = fitted.config.to_json()
  with monkeypatch.context() as patch:
    patch.setattr(module, name, stopped(error))
    with pytest.raises(type(error)):
      fitted.fit(CELLS[:20], LABELS[:20] + 1)
  np.testing.assert_array_equal(fitted.predict(CELLS), before)
  assert fitted.config.to_json() == config
  assert fitted.card == card
  fitted.save(tmp_path / "after")
  again = nasjax.Predictor.load(tmp_path / "after")
  np.testing.assert_array_equal(again.predict(CELLS), before)
  assert again.card == card


def test_a_change_of_the_config_waits_for_the_next_fit(fitted, tmp_path):
  before, width = fitted.predict(CELLS), fitted.config.model.width
  fitted.config.model.width = 4
  fitted.config.prune = False
  np.testing.assert_array_equal(fitted.predict(CELLS), before)
  fitted.save(tmp_path / "model")
  again = nasjax.Predictor.load(tmp_path / "model")
  np.testing.assert_array_equal(again.predict(CELLS), before)
  assert (again.config.model.width, again.config.prune) == (width, True)
  fitted.config.epochs = 0
  with pytest.raises(errors.UserError, match=r"config\.epochs: expected"):
    fitted.fit(CELLS, LABELS)
  fitted.config.epochs = 1
  fitted.card = {"num_train": 24}
  fitted.fit(CELLS, LABELS)
  assert fitted.config.model.width == 4
  assert fitted.card == {}
  assert not np.array_equal(fitted.predict(CELLS), before)


def test_a_training_that_ends_at_nan_is_refused(monkeypatch):
  config = tiny.config(epochs=1, **tiny.LIGHT)
  model = nasjax.Predictor("nb201", config=config)
  with monkeypatch.context() as patch:
    patch.setattr(
      predictor.scoring, "score", lambda *_, **__: np.full((1, 24), np.nan)
    )
    patch.setattr(
      fitting,
      "add_regression",
      lambda config, space, params, *_: (None, params, None),
    )
    with pytest.raises(errors.UserError, match="the training diverged; lower"):
      model.fit(CELLS, LABELS)
  with pytest.raises(errors.UserError, match="not trained"):
    model.predict(CELLS)


@pytest.mark.parametrize("error", [OSError(28, "full"), KeyboardInterrupt()])
def test_a_save_that_stops_leaves_the_saved_one(
  fitted, monkeypatch, tmp_path, error
):
  fitted.card = {"note": "first"}
  fitted.save(tmp_path / "model")
  fitted.card = {"note": "second"}
  with monkeypatch.context() as patch:
    patch.setattr(checkpoint.files, "write_json", stopped(error))
    with pytest.raises((KeyboardInterrupt, errors.UserError)):
      fitted.save(tmp_path / "model")
  assert os.listdir(tmp_path) == ["model"]
  assert nasjax.Predictor.load(tmp_path / "model").card == {"note": "first"}


@pytest.mark.parametrize(
  "card", [{"tau": float("nan")}, {"tau": np.float32(1)}, {"f": print}, 3]
)
def test_a_card_that_json_cannot_hold(fitted, tmp_path, card):
  fitted.card = card
  with pytest.raises(errors.UserError, match=r"card: expected .*got") as caught:
    fitted.save(tmp_path / "model")
  assert "\n" not in str(caught.value)
  assert os.listdir(tmp_path) == []
  fitted.card = {}


@pytest.mark.slow
def test_a_refit_on_data_sets_that_stops_changes_nothing(monkeypatch):
  rng = np.random.default_rng(0)
  config = tiny.config(epochs=1, **{**tiny.LIGHT, "model.head": "gcn"})
  model = nasjax.DatasetPredictor(config)
  labels = np.stack([LABELS, -LABELS], 1)
  embeddings = rng.normal(size=(2, 1, 3, 2, 5)).astype(np.float32)
  mask = np.ones((2, 1, 3, 2), np.float32)
  model.fit(CELLS, labels, embeddings, mask)
  model.card = {"num_train": 48}
  seen = samples.ClassEmbeddings(embeddings[0, 0], mask[0, 0])
  before = model.on(seen).predict(CELLS)
  for error in (KeyboardInterrupt(), errors.UserError("diverged")):
    with monkeypatch.context() as patch:
      patch.setattr(loop, "fit", stopped(error))
      with pytest.raises(type(error)):
        model.fit(CELLS, -labels, embeddings[..., :4], mask)
    np.testing.assert_array_equal(model.on(seen).predict(CELLS), before)
    assert model.card == {"num_train": 48}
