"""Checkpoints: round trips, and what damage does."""

import gc
import json
import os

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from nasjax import errors
from nasjax.training import checkpoint, model_folders

META = {"config": {}, "card": {}}


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
    checkpoint.save_model(folder, params, {**META, "note": note})
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
  checkpoint.save_model(folder, params, {**META, "note": "former"})

  def full(*_):
    raise OSError(28, "No space left on device")

  monkeypatch.setattr(checkpoint.files, "write_json", full)
  with pytest.raises(errors.UserError, match="No space left on device"):
    checkpoint.save_model(folder, params, {**META, "note": "new"})
  assert model_folders.read(folder)["note"] == "former"


def test_a_saved_model_does_not_tell_where_it_was_made(tmp_path, state):
  checkpoint.save_model(tmp_path / "model", {"weight": state["weight"]}, {})
  for path in (tmp_path / "model").rglob("*"):
    assert path.is_dir() or str(tmp_path).encode() not in path.read_bytes()


def damage(folder, flip):
  """Cuts every file of a folder off, or flips a bit of its largest ones."""
  paths = sorted(path for path in folder.rglob("*") if path.is_file())
  for path in paths:
    content = bytearray(path.read_bytes())
    if not flip:
      path.write_bytes(content[:1])
    elif path.parent.name == "d":
      content[len(content) // 2] ^= 16
      path.write_bytes(content)


@pytest.mark.parametrize("flip", [False, True])
def test_a_damaged_newest_checkpoint_is_left_for_the_older_one(
  tmp_path, capsys, flip
):
  rng = np.random.default_rng(0)
  weight = jnp.asarray(rng.normal(size=(40, 40)), jnp.float32)
  with_key = {"weight": weight, "key": jax.random.key(7)}
  store = checkpoint.Checkpoints(tmp_path / "c")
  for epoch in (1, 2):
    store.save(epoch, {**with_key, "weight": weight + epoch}, {"a": 1})
  store.close()
  damage(tmp_path / "c" / "2", flip)
  store = checkpoint.Checkpoints(tmp_path / "c")
  epoch, got = store.restore(with_key, {"a": 1})
  assert epoch == 1
  np.testing.assert_array_equal(got["weight"], weight + 1)
  lines = capsys.readouterr().err.splitlines()
  assert len(lines) == 1
  assert "2' is damaged: going on from the older one after epoch 1" in lines[0]
  store.save(2, {**with_key, "weight": weight + 5}, {"a": 1})
  epoch, got = store.restore(with_key, {"a": 1})
  store.close()
  assert epoch == 2
  np.testing.assert_array_equal(got["weight"], weight + 5)


def files_with(folder, text):
  paths = [path for path in folder.rglob("*") if path.is_file()]
  return [path for path in paths if text in path.read_bytes()]


@pytest.mark.parametrize(
  ("old", "new"),
  [
    (b'"rate"', b'"rase"'),
    (b"0.25", b"0.75"),
    (b'"config"', b'"confih"'),
    (b'"meta_sha256"', b'"meta_sha257"'),
    (b'"sha256"', b'"sha257"'),
  ],
)
def test_a_damaged_description_is_no_other_run(tmp_path, state, old, new):
  meta = {"config": {"rate": 0.25}, "data": "x"}
  store = checkpoint.Checkpoints(tmp_path / "c")
  for epoch in (1, 2):
    store.save(epoch, state, meta)
  paths = files_with(tmp_path / "c", old)
  assert len(paths) == 2
  for path in paths:
    path.write_bytes(path.read_bytes().replace(old, new))
  with pytest.raises(errors.UserError, match=r"2' is missing, damaged"):
    store.restore(state, meta)
  store.close()


def test_a_renamed_checkpoint_is_not_taken_for_another_epoch(tmp_path, state):
  store = checkpoint.Checkpoints(tmp_path / "c")
  for epoch in (1, 2):
    store.save(epoch, {**state, "weight": state["weight"] + epoch}, {"a": 1})
  store.close()
  os.rename(tmp_path / "c" / "2", tmp_path / "c" / "5")
  store = checkpoint.Checkpoints(tmp_path / "c")
  epoch, got = store.restore(state, {"a": 1})
  store.close()
  assert epoch == 1
  np.testing.assert_array_equal(got["weight"], state["weight"] + 1)
  os.rename(tmp_path / "c" / "1", tmp_path / "c" / "3")
  store = checkpoint.Checkpoints(tmp_path / "c")
  with pytest.raises(errors.UserError, match="epoch does not match its dig"):
    store.restore(state, {"a": 1})
  store.close()


def test_checkpoints_of_earlier_versions_are_read(tmp_path, state, monkeypatch):
  monkeypatch.setattr(checkpoint, "_SEAL", "a")
  monkeypatch.setattr(checkpoint, "_seal", lambda epoch, content: content["a"])
  store = checkpoint.Checkpoints(tmp_path / "c")
  store.save(1, state, {"a": 1})
  monkeypatch.undo()
  assert not files_with(tmp_path / "c", b"meta_sha256")
  epoch, _ = store.restore(state, {"a": 1})
  assert epoch == 1
  with pytest.raises(errors.UserError, match="another a"):
    store.restore(state, {"a": 2})
  store.close()


def test_no_intact_checkpoint_is_one_line_and_removes_nothing(tmp_path, state):
  store = checkpoint.Checkpoints(tmp_path / "c")
  for epoch in (1, 2):
    store.save(epoch, state, {"a": 1})
    damage(tmp_path / "c" / str(epoch), flip=False)
  with pytest.raises(errors.UserError, match=r"2' is missing, dam") as caught:
    store.restore(state, {"a": 1})
  store.close()
  assert "\n" not in str(caught.value)
  assert sorted(os.listdir(tmp_path / "c")) == ["1", "2"]


def test_a_failed_read_says_nothing_beside_its_line(tmp_path, capfd):
  params = {f"layer_{number}": jnp.ones((8, 8)) for number in range(20)}
  folder = tmp_path / "model"
  checkpoint.save_model(folder, params, {})
  (folder / "params" / "manifest.ocdbt").unlink()
  shapes = jax.eval_shape(lambda: params)
  capfd.readouterr()
  for _ in range(20):
    with pytest.raises(errors.UserError, match="missing, damaged"):
      checkpoint.load_params(folder, shapes)
  gc.collect()
  assert capfd.readouterr().err == ""


def test_facts_of_an_earlier_version_are_read_as_this_one_says_them(
  tmp_path, state
):
  store = checkpoint.Checkpoints(tmp_path / "c")
  store.save(1, state, {"config": {"rate": 1}})

  def modern(meta):
    return {"config": {"newer": 0, **meta["config"]}}

  epoch, _ = store.restore(state, {"config": {"rate": 1, "newer": 0}}, modern)
  assert epoch == 1
  for config in ({"rate": 1, "newer": 2}, {"rate": 2, "newer": 0}):
    with pytest.raises(errors.UserError, match="another config"):
      store.restore(state, {"config": config}, modern)
  store.close()


@pytest.mark.parametrize(
  ("change", "message"),
  [
    (
      lambda state: {**state, "weight": jnp.zeros((3, 3))},
      r"expected weight of shape \[3, 3\], got \[2, 3\]; finish it with that",
    ),
    (
      lambda state: {**state, "bias": jnp.zeros(3)},
      r"expected bias of shape \[3\], got none; finish it with that",
    ),
    (
      lambda state: {"key": state["key"]},
      r"expected weight of shape none, got \[2, 3\]; finish it with that",
    ),
  ],
)
def test_a_state_of_another_structure_is_one_line(
  tmp_path, state, change, message
):
  store = checkpoint.Checkpoints(tmp_path / "c")
  store.save(1, state, {"a": 1})
  with pytest.raises(errors.UserError, match=message) as caught:
    store.restore(change(state), {"a": 1})
  store.close()
  assert "is of a version of nasjax with other parameters" in str(caught.value)
  assert "\n" not in str(caught.value)
  assert os.listdir(tmp_path / "c") == ["1"]
