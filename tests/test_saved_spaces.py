"""A saved predictor and a space of the same name that is another one."""

import json
import shutil

import numpy as np
import pytest
import scoring_models
import toy

import nasjax
from nasjax import errors
from nasjax.predictors import saved, saved_space
from nasjax.spaces import registry

FIELDS = {"features": "both", "paths": True}


class Toy(toy.Toy):
  """A toy space with other attributes."""

  def __init__(self, **attributes):
    super().__init__()
    for name, value in attributes.items():
      setattr(self, name, value)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
  before = dict(registry._registered)
  nasjax.register_space(Toy())
  model, _ = scoring_models.make_predictor(
    "toy", members=1, **{f"model.{name}": each for name, each in FIELDS.items()}
  )
  path = tmp_path_factory.mktemp("saved") / "model"
  model.save(path)
  registry._registered.clear()
  registry._registered.update(before)
  return path


def read(folder):
  return json.loads((folder / "model.json").read_text())


def mistake(call, *args, **kwargs):
  """The one line that a user's mistake ends in."""
  with pytest.raises(errors.UserError) as caught:
    call(*args, **kwargs)
  assert "\n" not in str(caught.value)
  return str(caught.value)


def drawn_otherwise(num, rng):
  """Cells of the space without its last operation."""
  return np.maximum(rng.integers(3, size=(num, 5)), [1, 0, 0, 0, 0]).astype(
    np.int8
  )


def test_what_is_kept(folder, rng):
  kept = read(folder)["space"]
  assert (kept["genotype_length"], kept["num_nodes"]) == (5, 7)
  assert kept["operator_names"] == list(toy.Toy.operator_names)
  assert sorted(kept["scales"]) == ["graph", "paths"]
  names = nasjax.features.feature_names(Toy())
  assert len(kept["scales"]["graph"]["mean"]) == len(names)
  cells = Toy().sample(9, rng)
  loaded = nasjax.Predictor.load(folder, space=Toy())
  again = nasjax.Predictor.load(folder, space=Toy())
  np.testing.assert_array_equal(loaded.predict(cells), again.predict(cells))
  assert np.ptp(loaded.predict(cells)) > 0


def test_a_space_of_nasjax_is_known_by_its_name(tmp_path):
  scoring_models.save_predictor(tmp_path / "model")
  assert "space" not in read(tmp_path / "model")


@pytest.mark.parametrize(
  ("attributes", "message"),
  [
    (
      {"operator_names": tuple(reversed(toy.Toy.operator_names))},
      "expected operator_names = ['skip_connect', 'conv_1x1', 'conv_3x3', "
      "'avg_pool_3x3'], got ['avg_pool_3x3', 'conv_3x3', ",
    ),
    ({"op_names": ("d", "c", "b", "a")}, "expected op_names = ['a', "),
    ({"max_hops": 5}, "expected max_hops = 4, got 5; give the space that it"),
    ({"sample": drawn_otherwise}, "got others: its sample has changed"),
  ],
)
def test_another_space_of_the_same_name(folder, attributes, message):
  space = Toy(**attributes)
  said = mistake(nasjax.Predictor.load, folder, space=space)
  assert "is a predictor of another space 'toy': expected " in said
  assert message in said
  nasjax.register_space(space)
  assert mistake(nasjax.Predictor.load, folder) == said


def test_a_space_with_other_sizes(folder, tmp_path):
  """Sizes of a description that was saved by another space of that name."""
  meta = read(folder)
  for name in ("genotype_length", "num_nodes"):
    kept = {**meta["space"], name: 3}
    said = mistake(saved_space.check_same, "here", kept, Toy(), None)
    assert f"'here' is a predictor of another space 'toy': expected {name}" in (
      said
    )


def test_folders_of_earlier_versions_load(folder, tmp_path, rng):
  copied = tmp_path / "model"
  shutil.copytree(folder, copied)
  meta = read(folder)
  del meta["space"], meta["sha256"]
  (copied / "model.json").write_text(json.dumps(meta))
  model = nasjax.Predictor.load(copied, space=Toy())
  described = saved.check(meta, "a test")
  meta["sha256"] = saved.digest(described, model.params)
  (copied / "model.json").write_text(json.dumps(meta))
  again = nasjax.Predictor.load(copied, space=Toy(sample=drawn_otherwise))
  assert np.isfinite(again.predict(Toy().sample(9, rng))).all()


def test_what_is_kept_of_a_space_is_under_the_digest(folder, tmp_path):
  copied = tmp_path / "model"
  shutil.copytree(folder, copied)
  meta = read(folder)
  meta["space"]["scales"]["graph"]["mean"][0] += 1e-5
  (copied / "model.json").write_text(json.dumps(meta))
  said = mistake(nasjax.Predictor.load, copied, space=Toy())
  assert "does not match its digest" in said


def test_a_predictor_that_sees_images(tmp_path):
  nasjax.register_space(Toy())
  model = scoring_models.make_dataset_predictor(name="toy")
  model.save(tmp_path / "model")
  assert read(tmp_path / "model")["space"]["num_nodes"] == 7
  assert nasjax.DatasetPredictor.load(tmp_path / "model").space.name == "toy"
  nasjax.register_space(Toy(max_hops=5))
  said = mistake(nasjax.DatasetPredictor.load, tmp_path / "model")
  assert "predictor of another space 'toy': expected max_hops = 4" in said


@pytest.mark.parametrize(
  ("change", "message"),
  [
    (lambda kept: [], "space: expected an object of fields, got []"),
    (lambda kept: {**kept, "more": 1}, "space: expected the fields genotype_"),
    (
      lambda kept: {**kept, "num_nodes": 0},
      "space.num_nodes: expected a whole",
    ),
    (lambda kept: {**kept, "op_names": []}, "space.op_names: expected a list"),
    (
      lambda kept: {**kept, "op_names": [1]},
      "space.op_names[0]: expected a text",
    ),
    (
      lambda kept: {**kept, "scales": {"graph": {"mean": [1.0]}}},
      "space.scales.graph: expected the fields mean, spread, got 'mean'",
    ),
    (
      lambda kept: {
        **kept,
        "scales": {"graph": {"mean": [1.0], "spread": [1.0, 2.0]}},
      },
      "space.scales.graph: expected as many means as spreads, got 1 and 2",
    ),
  ],
)
def test_a_description_made_by_hand(folder, change, message):
  meta = read(folder)
  meta["space"] = change(meta["space"])
  assert message in mistake(saved.check, meta, "a test")
