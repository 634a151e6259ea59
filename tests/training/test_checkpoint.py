"""Checkpoints: round trips, and what damage does."""

import json
import os

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from nasjax import errors
from nasjax.training import checkpoint, model_folders


@pytest.fixture
def state():
  return {"weight": jnp.arange(6.0).reshape(2, 3), "key": jax.random.key(7)}


def test_state_round_trip_keeps_the_newest(tmp_path, state):
  store = checkpoint.Checkpoints(tmp_path / "c")
  assert store.restore(state, {"config": 1}) is None
  for epoch in (1, 2, 3):
    store.save(epoch, {**state, "weight": state["weight"] + epoch}, {"a": 1})
  epoch, got = store.restore(state, {"a": 1})
  store.close()
  assert epoch == 3
  np.testing.assert_array_equal(got["weight"], state["weight"] + 3)
  np.testing.assert_array_equal(
    jax.random.key_data(got["key"]), jax.random.key_data(state["key"])
  )


def test_another_run_is_not_resumed(tmp_path, state):
  store = checkpoint.Checkpoints(tmp_path / "c")
  store.save(1, state, {"config": {"lr": 1}, "data": "x"})
  with pytest.raises(errors.UserError, match="another config"):
    store.restore(state, {"config": {"lr": 2}, "data": "x"})
  store.close()


def test_model_round_trip_and_replacement(tmp_path, state):
  folder = tmp_path / "model"
  params = {"weight": state["weight"]}
  for note in ("first", "second"):
    checkpoint.save_model(folder, params, {"note": note})
  assert model_folders.read(folder)["note"] == "second"
  shapes = jax.eval_shape(lambda: params)
  got = checkpoint.load_params(folder, shapes)
  np.testing.assert_array_equal(got["weight"], params["weight"])
  assert os.listdir(tmp_path) == ["model"]


def test_no_model_there(tmp_path):
  with pytest.raises(errors.UserError, match="not a saved nasjax model"):
    model_folders.read(tmp_path / "nothing")


def test_other_format(tmp_path):
  (tmp_path / "model.json").write_text(json.dumps({"format": 99}))
  with pytest.raises(errors.UserError, match="format 99, expected 1"):
    model_folders.read(tmp_path)


def test_truncated_parameters(tmp_path, state):
  params = {"weight": state["weight"]}
  checkpoint.save_model(tmp_path / "model", params, {})
  for path in (tmp_path / "model" / "params").rglob("*"):
    if path.is_file():
      path.write_bytes(path.read_bytes()[:1])
  with pytest.raises(errors.UserError, match="missing, damaged or of other"):
    checkpoint.load_params(tmp_path / "model", jax.eval_shape(lambda: params))


def test_other_shapes(tmp_path, state):
  checkpoint.save_model(tmp_path / "model", {"weight": state["weight"]}, {})
  wrong = {"weight": jax.ShapeDtypeStruct((3, 3), jnp.float32)}
  with pytest.raises(errors.UserError, match="missing, damaged or of other"):
    checkpoint.load_params(tmp_path / "model", wrong)


def test_a_full_disk_keeps_the_former_model(tmp_path, state, monkeypatch):
  folder = tmp_path / "model"
  params = {"weight": state["weight"]}
  checkpoint.save_model(folder, params, {"note": "former"})

  def full(*_):
    raise OSError(28, "No space left on device")

  monkeypatch.setattr(checkpoint.files, "write_json", full)
  with pytest.raises(errors.UserError, match="No space left on device"):
    checkpoint.save_model(folder, params, {"note": "new"})
  assert model_folders.read(folder)["note"] == "former"


def test_a_saved_model_does_not_tell_where_it_was_made(tmp_path, state):
  checkpoint.save_model(tmp_path / "model", {"weight": state["weight"]}, {})
  for path in (tmp_path / "model").rglob("*"):
    assert path.is_dir() or str(tmp_path).encode() not in path.read_bytes()
