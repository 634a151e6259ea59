"""Saved predictors that are damaged or made by hand: one line, and no more."""

import copy
import hashlib
import json
import os
import pathlib
import random
import shutil
import time

import jax
import numpy as np
import pytest
import tiny

import nasjax
from nasjax import errors, files
from nasjax.commands import publish_digests as pretrained_digests
from nasjax.config import checks
from nasjax.predictors import deviations, fitting, predictor, saved
from nasjax.systems import registry as models
from nasjax.training import checkpoint, digests, model_folders

SPACE = nasjax.get_space("nb201")
CELLS = SPACE.sample(20, np.random.default_rng(0))
LABELS = CELLS.sum(1) + np.linspace(0, 1, 20)
NUM_MUTATIONS = 300


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
  model = nasjax.Predictor("nb201", config=tiny.config(epochs=1, num_members=2))
  model.fit(CELLS, LABELS)
  path = tmp_path_factory.mktemp("saved") / "model"
  model.save(path)
  return path


def check_line(error):
  assert "\n" not in str(error)
  assert len(str(error)) < 2000


def refused(path, message=""):
  began = time.monotonic()
  with pytest.raises(errors.UserError, match=message) as caught:
    nasjax.Predictor.load(path)
  assert time.monotonic() - began < 10
  check_line(caught.value)


@pytest.mark.slow
def test_a_flipped_bit_of_any_parameter_file_is_noticed(folder, tmp_path):
  """Scores are those that were saved, or nothing is loaded."""
  expected = nasjax.Predictor.load(folder).predict(CELLS)
  rng, refusals = random.Random(0), 0
  copied = tmp_path / "model"
  shutil.copytree(folder, copied)
  paths = sorted(p for p in (copied / "params").rglob("*") if p.is_file())
  large = [p for p in paths if p.stat().st_size > 2000]
  for path in (*paths, *large, *large, *large):
    content = bytearray(path.read_bytes())
    place = rng.randrange(len(content))
    content[place] ^= 1 << rng.randrange(8)
    whole = path.read_bytes()
    path.write_bytes(content)
    try:
      found = nasjax.Predictor.load(copied).predict(CELLS)
    except errors.UserError as error:
      check_line(error)
      refusals += 1
    else:
      np.testing.assert_array_equal(found, expected)
    path.write_bytes(whole)
  assert refusals > len(large)


def test_parameters_of_another_model_are_noticed(folder, tmp_path):
  copied = tmp_path / "model"
  shutil.copytree(folder, copied)
  model = nasjax.Predictor.load(folder)
  others = jax.tree.map(lambda leaf: leaf + 1e-3, model.params)
  checkpoint.save_model(tmp_path / "other", others, {})
  shutil.rmtree(copied / "params")
  shutil.copytree(tmp_path / "other" / "params", copied / "params")
  refused(copied, "does not match its digest")


@pytest.mark.parametrize(
  ("field", "value"),
  [("scale", [1.0, 2.0]), ("shift", [1.0, 2.0]), ("prune", False)],
)
def test_a_description_that_scores_otherwise_is_noticed(
  folder, tmp_path, field, value
):
  meta = json.loads((folder / "model.json").read_text())
  (meta["config"] if field == "prune" else meta)[field] = value
  copied = tmp_path / "model"
  shutil.copytree(folder, copied)
  files.write_json(copied / "model.json", meta)
  refused(copied, "does not match its digest")


def test_an_old_folder_without_a_digest_loads_and_can_get_one(folder, tmp_path):
  copied = tmp_path / "model"
  shutil.copytree(folder, copied)
  meta = json.loads((copied / "model.json").read_text())
  digest = meta.pop("sha256")
  assert len(digest) == 64
  del meta["config"]["model"]["signals"], meta["config"]["init"]
  files.write_json(copied / "model.json", meta)
  np.testing.assert_array_equal(
    nasjax.Predictor.load(copied).predict(CELLS),
    nasjax.Predictor.load(folder).predict(CELLS),
  )
  assert pretrained_digests.add(copied) == digest
  assert json.loads((copied / "model.json").read_text())["sha256"] == digest
  assert pretrained_digests.main(["digests", str(copied)]) == 0
  assert pretrained_digests.main(["digests", str(tmp_path)]) == 2


def test_what_comes_with_nasjax_has_digests():
  paths = sorted(predictor.PRETRAINED.rglob("model.json"))
  assert len(paths) >= 7
  for path in paths:
    assert len(json.loads(path.read_text())["sha256"]) == 64


def test_digest_says_names_types_shapes_and_bytes():
  """By hand: sha256 of `a:<f4:(2,);`, eight bytes, and the description."""
  tree = {"a": np.array([1, 2], np.float32)}
  content = b"a:<f4:(2,);" + np.array([1, 2], np.float32).tobytes() + b"null"
  expected = hashlib.sha256(content).hexdigest()
  found = {
    digests.of_tree(each)
    for each in (
      tree,
      {"b": tree["a"]},
      {"a": tree["a"].astype(np.float64)},
      {"a": tree["a"][:, None]},
      {"a": -tree["a"]},
      {"a": tree["a"], "b": tree["a"]},
    )
  }
  found.add(digests.of_tree(tree, {"scale": 1}))
  assert len(found) == 7
  assert digests.of_tree(tree) == expected


META_MISTAKES = [
  (("scale",), [1.0, float("nan")], "NaN is no JSON number"),
  (("scale",), [1.0, float("inf")], "Infinity is no JSON number"),
  (("scale",), [1.0, 0.0], r"scale\[1\]: expected a number above 0"),
  (("scale",), [-1.0, 1.0], r"scale\[0\]: expected .* got -1.0"),
  (("scale",), [1.0], "scale: expected a list of 2 numbers, got 1"),
  (("shift",), [1.0] * 3, "shift: expected a list of 2 numbers, got 3"),
  (("shift",), [1.0, "2"], r"shift\[1\]: expected a number"),
  (("shift",), [True, 1.0], r"shift\[0\]: expected a number"),
  (("scale",), {"a": 1}, "scale: expected a list of 2 numbers, got {'a': 1}"),
  (("scale",), [[1.0], [1.0]], r"scale\[0\]: expected"),
  (("card",), None, "card: expected an object of fields, got None"),
  (("sha256",), 3, "sha256: expected 64 hex digits, got 3"),
  (("format",), True, "has format True, expected 1"),
  (("format",), "1", "has format '1', expected 1"),
  (("config",), [], "config: expected an object of fields"),
  (("config", "model"), "mlp", "config.model: expected an object"),
  (("config", "model", "name"), "nope", "unknown model 'nope'"),
  (("config", "model", "name"), ["mlp"], "config.model.name: expected a text"),
  (("config", "model", "width"), -16, "config.model.width: .* got -16"),
  (("config", "model", "width"), {}, "model.width.: expected a text, a number"),
  (("config", "model", "width"), "8", "config.model.width: "),
  (("config", "model", "num_heads"), 3, "expected a multiple of num_heads"),
  (("config", "model", "num_layers"), 10_000, "num_layers: .* got 10000"),
  (("regression", "num_cells"), 10**9, "parameters of other shapes than"),
  (("regression", "num_cells"), 10**30, "regression.num_cells: expected"),
  (("regression",), {"num_cells": 1}, "regression: expected the fields"),
  (("regression",), 3, "regression: expected an object"),
  (("config", "model", "kernel_cells"), 5, "got both"),
  (("kind",), "baselines", "kind: expected 'architecture'.*got 'baselines'"),
  (("config", "model", "attention"), "none", "unknown config.model.attention"),
  (("config", "model", "edges"), True, "expected a space with edge features"),
  (("config", "model", "depth"), 3, "unknown config field 'model.depth'"),
  (("config", "num_members"), 10**6, "num_members: .* got 1000000"),
  (("config", "num_members"), 3, "scale: expected a list of 3 numbers, got 2"),
  (("config", "space"), "nb999", "the space 'nb999', which is not registered"),
  (("config", "space"), None, "config.space: expected a text .* got None"),
  (("config", "seed"), 2**40, "config.seed: expected"),
  (("config", "epochs"), 1.5, "config.epochs: "),
  (("config", "note"), "mine", "unknown config field 'note'"),
  (("config", "optimizer"), [1], "config.optimizer: expected an object"),
  (("config", "optimizer", "clip_norm"), None, "optimizer.clip_norm: expected"),
  (("config", "table"), "x" * 10**6, "at most 4096 characters, got 'xxx"),
  (("extra",), 1, "unknown field of model.json 'extra'"),
]


@pytest.mark.parametrize(("path", "value", "message"), META_MISTAKES)
def test_a_bad_field_is_one_line(folder, tmp_path, path, value, message):
  meta = json.loads((folder / "model.json").read_text())
  del meta["sha256"]
  node = meta
  for name in path[:-1]:
    node = node[name]
  node[path[-1]] = value
  copied = tmp_path / "model"
  shutil.copytree(folder, copied)
  (copied / "model.json").write_text(json.dumps(meta))
  refused(copied, message)


@pytest.mark.parametrize(
  ("text", "message"),
  [
    ("", "JSONDecodeError"),
    ("[" * 10**5, "RecursionError"),
    ('{"format": 1, "card": ' + '{"a":' * 10**5, "RecursionError"),
    ("3", "TypeError: int for an object"),
    ("null", "NoneType for an object"),
    ('{"format": 1}', "expected 'config', got no such field"),
    ('{"format": 1, "format": 1}', "a key occurs twice"),
    ('{"format": ' + "9" * 5000 + "}", "ValueError"),
    (b"\xff\xfe\x00", "UnicodeDecodeError|JSONDecodeError"),
    (" " * (2 << 20), "more than 1 MiB"),
    ('{"format": 1, "card": [' + "[]," * 300_000 + "[]]}", "'config', got no"),
  ],
  ids=range(11),
)
def test_a_bad_file_is_one_line(folder, tmp_path, text, message):
  copied = tmp_path / "model"
  shutil.copytree(folder, copied)
  content = text if isinstance(text, bytes) else text.encode()
  (copied / "model.json").write_bytes(content)
  refused(copied, message)


def places(node, path=()):
  """Paths of every value of nested objects and lists."""
  items = node.items() if isinstance(node, dict) else enumerate(node)
  for name, value in list(items):
    yield (*path, name)
    if isinstance(value, (dict, list)):
      yield from places(value, (*path, name))


VALUES = (
  *(None, True, False, 0, -1, 1, 2, 7, 10**6, 10**30, -0.5, 1.5, 1e300),
  *("", "x", "nb101", "mlp", "x" * 10_000, [], [1], {}, {"a": {"b": 1}}),
)


def mutated(meta, rng):
  """A description with one to three changes."""
  meta = copy.deepcopy(meta)
  for _ in range(rng.randrange(1, 4)):
    path = rng.choice(list(places(meta)))
    node = meta
    for name in path[:-1]:
      node = node[name]
    kind = rng.randrange(4)
    if kind == 0:
      del node[path[-1]]
    elif kind == 1 and isinstance(node, dict):
      node[rng.choice(["x", "width", "format"])] = copy.deepcopy(
        rng.choice(VALUES)
      )
    else:
      node[path[-1]] = copy.deepcopy(rng.choice(VALUES))
  return meta


FORMER = {
  "model.kernel_cells": checks.Whole(0, 10**9),
  "model.kernel_distance": checks.Whole(0, 10**9),
  "model.kernel_power": checks.FIELDS["kernel.power"],
}
"""Fields that files of older versions have."""


def allowed(meta):
  """Whether every value is one that the tables of ranges admit."""
  config = meta["config"]
  flat = {**checks.FIELDS, **FORMER}
  for name in models.default_fields(config["model"]["name"]):
    rule = checks.MODEL_FIELDS.get(name, checks.Text(64))
    flat[f"model.{name}"] = rule
  for name, value in nasjax.config.flatten(config).items():
    assert name in flat, name
    assert flat[name].admits(value), (name, value)
  if "scale" in meta:
    assert len(meta["scale"]) == len(meta["shift"]) == config["num_members"]
    assert all(0 < each < 1e301 for each in meta["scale"])
  assert isinstance(meta["card"], dict)
  return True


@pytest.mark.parametrize("name", ["nb201", "images/nb201"])
def test_mutations_end_in_one_line_or_in_a_valid_description(name):
  """Checks alone: no model is built, so that hundreds take a second."""
  meta = json.loads((predictor.PRETRAINED / name / "model.json").read_text())
  rng, accepted = random.Random(1), 0
  began = time.monotonic()
  for _ in range(NUM_MUTATIONS):
    changed = mutated(meta, rng)
    try:
      saved.check(json.loads(json.dumps(changed)), "a mutation")
    except errors.UserError as error:
      check_line(error)
    else:
      assert allowed(changed)
      accepted += 1
  assert 0 < accepted < NUM_MUTATIONS / 2
  assert time.monotonic() - began < 60


def test_mutated_bytes_never_score_otherwise(folder, tmp_path):
  """Whole loads: a flipped byte of `model.json` is refused or harmless."""
  expected = nasjax.Predictor.load(folder).predict(CELLS)
  copied = tmp_path / "model"
  shutil.copytree(folder, copied)
  whole = (folder / "model.json").read_bytes()
  rng = random.Random(2)
  for _ in range(12):
    content = bytearray(whole)
    content[rng.randrange(len(content))] ^= 1 << rng.randrange(7)
    (copied / "model.json").write_bytes(content)
    try:
      found = nasjax.Predictor.load(copied)
    except errors.UserError as error:
      check_line(error)
    else:
      np.testing.assert_array_equal(found.predict(CELLS), expected)


def test_a_saved_model_that_is_replaced(folder, tmp_path):
  """Only the entries of a saved model, by their names and contents."""
  model = nasjax.Predictor.load(folder)
  for name, content in (
    ("notes.txt", "mine"),
    ("README.md", "my own words"),
    ("README.md", "Predictor, trained by nasjax.\n\nMy own notes."),
    ("train_keys.npz", "mine"),
    ("params/notes.txt", "mine"),
    ("params/_anything", "mine"),
    ("params/_METADATA.bak", "mine"),
    ("params/array_metadatas/d", "mine"),
    ("params/descriptor", "mine"),
    ("model.json", '{"format": "layers-model"}'),
    ("model.json", '{"format": 1}'),
    ("model.json", '{"format": 1, "config": {}}'),
    (".hidden", "mine"),
  ):
    copied = tmp_path / "model"
    shutil.copytree(folder, copied)
    (copied / name).write_text(content)
    with pytest.raises(errors.UserError, match="nothing was changed"):
      model.save(copied)
    assert (copied / name).read_text() == content
    shutil.rmtree(copied)
  for text in ("# x\n", "# y\n"):
    model.save(copied, readme=text)
    assert (copied / "README.md").read_text() == text
    assert model_folders.foreign(copied) == ""
    assert nasjax.Predictor.load(copied).space.name == "nb201"
  (copied / "README.md").write_text("# y\n\nMy own notes.\n")
  with pytest.raises(errors.UserError, match=r"holds 'README\.md'"):
    model.save(copied, readme="# y\n")
  (copied / "README.md").unlink()
  np.savez(copied / "train_keys.npz", keys=np.zeros(3, np.uint64))
  with pytest.raises(errors.UserError, match=r"holds 'train_keys\.npz'"):
    model.save(copied)
  files.save_npz(copied / "train_keys.npz", keys=np.zeros(3, np.uint64))
  model.save(copied)
  assert sorted(p.name for p in copied.iterdir()) == ["model.json", "params"]


def test_models_of_earlier_versions_are_saved_models():
  root = pathlib.Path(__file__).parent
  paths = [*(root.parent / "nasjax" / "pretrained").rglob("model.json")]
  paths += (root / "golden" / "models").rglob("model.json")
  assert len(paths) >= 11
  for path in paths:
    assert model_folders.foreign(path.parent) == ""


@pytest.mark.parametrize(
  ("card", "message"),
  [
    ({1: 2}, "card: expected texts as the keys of dicts, got 1;"),
    ({"a": [{"b": ({None: 1},)}]}, "card: expected texts .* got None;"),
    ({"a": np.float32(1)}, "card: expected texts, finite numbers"),
    ({"a": {1, 2}}, "card: expected texts, finite numbers"),
    ({"a": float("nan")}, "card: expected texts, finite numbers"),
    ([], "card: expected an object of fields"),
    ({"a": "x" * (1 << 20)}, "card: expected less than 1048576 bytes"),
  ],
)
def test_a_card_that_is_not_kept_is_refused(folder, tmp_path, card, message):
  model = nasjax.Predictor.load(folder)
  model.card = card
  with pytest.raises(errors.UserError, match=f"^{message}") as caught:
    model.save(tmp_path / "model")
  check_line(caught.value)
  assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("text", [3, b"x", "\udcff", [], "x" * (1 << 20)])
def test_a_readme_that_is_no_text_is_refused(folder, tmp_path, text):
  model = nasjax.Predictor.load(folder)
  with pytest.raises(errors.UserError, match=r"^readme: expected ") as caught:
    model.save(tmp_path / "model", readme=text)
  check_line(caught.value)
  assert not list(tmp_path.iterdir())


def test_a_path_that_is_not_utf8_is_refused(folder, tmp_path, monkeypatch):
  name = os.fsdecode(b"caf\xe9")
  model = nasjax.Predictor.load(folder)
  for call in (model.save, nasjax.Predictor.load):
    with pytest.raises(errors.UserError, match="path: expected") as caught:
      call(tmp_path / name / "model")
    check_line(caught.value)
  assert not list(tmp_path.iterdir())
  (tmp_path / name).mkdir()
  (tmp_path / "link").symlink_to(tmp_path / name)
  monkeypatch.chdir(tmp_path / name)
  for path in ("model", tmp_path / "link" / "model"):
    with pytest.raises(errors.UserError, match="path: expected"):
      model.save(path)
  assert not list((tmp_path / name).iterdir())


def test_another_target_is_not_loaded(folder, tmp_path):
  accuracy = nasjax.Predictor.load(folder)
  config = accuracy.config.copy_and_resolve_references()
  config.target = "cost"
  cost = nasjax.Predictor.from_fitted(config, accuracy.fitted, {})
  for model, other in ((accuracy, "cost"), (cost, "accuracy")):
    copied = tmp_path / model.target
    model.save(copied)
    assert nasjax.Predictor.load(copied).target == model.target
    meta = json.loads((copied / "model.json").read_text())
    meta["config"]["target"] = other
    (copied / "model.json").write_text(json.dumps(meta))
    refused(copied, "does not match its digest")


def test_a_model_with_a_digest_is_not_traced(folder, tmp_path, monkeypatch):
  """Its shapes are those that were saved; tracing takes seconds."""
  expected = nasjax.Predictor.load(folder).predict(CELLS)

  def traced(*_, **__):
    raise AssertionError("traced")

  monkeypatch.setattr(fitting, "template", traced)
  found = nasjax.Predictor.load(folder).predict(CELLS)
  np.testing.assert_array_equal(found, expected)


def with_params(folder, copied, change, **fields):
  """A copy with other parameters or fields, and the digest of both."""
  meta = json.loads((folder / "model.json").read_text())
  meta["config"]["model"].update(fields)
  fitted = nasjax.Predictor.load(folder).fitted
  params = jax.tree.map(change, fitted.params)
  params = deviations.join(params, fitted.spread)
  described = saved.check({"format": 1, **meta}, "a test")
  meta["sha256"] = saved.digest(described, params)
  checkpoint.save_model(copied, params, meta)
  return copied


@pytest.mark.parametrize(
  ("change", "message"),
  [
    (lambda leaf: leaf[:1], r"of float32 with shape \[1.*\]: expected .* of 2"),
    (lambda leaf: leaf.astype(np.float16), "parameters of float16 with shape"),
    (lambda leaf: leaf.sum(), r"of float32 with shape \[\]: "),
    (lambda leaf: leaf * np.nan, "parameters that are not finite"),
  ],
)
def test_made_by_hand_with_a_digest(folder, tmp_path, change, message):
  refused(with_params(folder, tmp_path / "model", change), message)


def test_a_large_model_with_a_digest_takes_no_memory(
  folder, tmp_path, monkeypatch
):
  monkeypatch.setattr("nasjax.foreign.afford.__defaults__", (1000,))
  refused(folder, "GiB of memory: expected at most")


def test_parameters_that_do_not_fit_the_model_are_one_line(folder, tmp_path):
  """They are found out by the first program that reads them."""
  path = with_params(folder, tmp_path / "model", lambda leaf: leaf, width=32)
  model = nasjax.Predictor.load(path)
  with pytest.raises(errors.UserError, match=r"no parameters of .*fetch") as e:
    model.predict(CELLS)
  check_line(e.value)
