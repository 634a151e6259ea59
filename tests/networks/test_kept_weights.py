"""Weights that are kept: they give the reported accuracy again."""

import json

import networks_tiny as tiny
import numpy as np
import pytest

import nasjax
from nasjax import errors, files, networks
from nasjax.networks import evaluate as evaluation

SPACE = nasjax.get_space("nb201")
CELLS = SPACE.parse(
  [
    "|nor_conv_1x1~0|+|none~0|skip_connect~1|+|none~0|none~1|nor_conv_1x1~2|",
    "|skip_connect~0|+|none~0|skip_connect~1|+|none~0|none~1|skip_connect~2|",
  ]
)
IMAGES = tiny.image_sets.ImageSet(
  *[getattr(tiny.bars(), name) for name in (
    "name", "train_images", "train_labels", "test_images", "test_labels",
    "num_classes",
  )],
  ("low", "middle", "high"),
)  # fmt: skip


def train(workdir, shared, cells=CELLS, **options):
  return evaluation.evaluate(
    SPACE,
    cells,
    IMAGES,
    tiny.RECIPE,
    workdir,
    skeleton=tiny.SKELETON,
    seeds=(0, 3),
    shared=shared,
    keep_weights=True,
    **options,
  )


@pytest.fixture(
  scope="module",
  params=[pytest.param("shared", marks=pytest.mark.slow), "own"],
)
def trained(request, tmp_path_factory):
  folder = tmp_path_factory.mktemp(request.param)
  shared = request.param == "shared"
  return folder, shared, train(folder, shared, CELLS if shared else CELLS[:1])


@pytest.mark.slow
def test_loaded_weights_give_the_reported_accuracy_exactly(trained):
  folder, shared, results = trained
  seen = set()
  for result in results:
    for number, training in enumerate(result["trainings"]):
      path = evaluation.weights_path(folder, result["arch"], number)
      network = networks.load(path)
      accuracy = network.accuracy(IMAGES.test_images, IMAGES.test_labels)
      assert round(accuracy, 4) == training["final"]
      assert network.facts.test_accuracy == training["final"]
      assert network.facts.arch == result["arch"]
      assert network.facts.seed == training["seed"]
      assert network.facts.class_names == ("low", "middle", "high")
      assert network.facts.shared == shared
      logits = network.logits(IMAGES.test_images)
      seen.add(logits.tobytes())
      assert logits.shape == (24, 3)
      classes = network.predict(IMAGES.test_images)
      assert classes.tolist() == logits.argmax(1).tolist()
      alone = network.logits(IMAGES.test_images[:1])
      np.testing.assert_allclose(alone[0], logits[0], rtol=1e-4, atol=1e-4)
  assert len(seen) == 2 * len(results)
  accuracies = [t["final"] for r in results for t in r["trainings"]]
  assert max(accuracies) > 50  # of three classes: it learnt something


@pytest.mark.slow
def test_a_second_call_trains_only_what_lost_its_weights(trained, monkeypatch):
  folder, shared, results = trained
  cells = CELLS if shared else CELLS[:1]
  begun = []
  again = train(folder, shared, cells, before_cell=begun.append)
  assert again == results
  assert begun == []
  lost = evaluation.weights_path(folder, results[0]["arch"], 1)
  lost.unlink()
  train(folder, shared, cells, before_cell=begun.append)
  assert len(begun) == 1
  assert lost.exists()


def test_bad_files_and_images_are_refused(trained, tmp_path):
  folder, _, results = trained
  path = evaluation.weights_path(folder, results[0]["arch"])
  network = networks.load(path.parent)
  assert network.logits(IMAGES.test_images[:0]).shape == (0, 3)
  for images in (
    IMAGES.test_images[..., 0],
    IMAGES.test_images[:, :4],
    IMAGES.test_images.astype(float),
  ):
    with pytest.raises(errors.UserError, match=r"expected uint8 \[n, 8, 8, 1"):
      network.predict(images)
  with pytest.raises(errors.UserError, match="expected one for each of 24"):
    network.accuracy(IMAGES.test_images, [1, 2])
  with pytest.raises(errors.UserError, match="no such file"):
    networks.load(tmp_path)
  arrays = files.load_npz(path)
  manifest = json.loads(str(arrays["manifest"]))
  wide = {**manifest, "skeleton": {**manifest["skeleton"], "channels": 3}}
  bad = tmp_path / "bad.npz"
  for change in (
    {"manifest": np.array(json.dumps(wide))},
    {"manifest": np.array(json.dumps({**manifest, "format": 2}))},
    {"manifest": np.array("[]")},
    {"manifest": np.array(json.dumps({"format": 1}))},
    {"mean": np.zeros(2, np.float32)},
    {"params/other": np.zeros(2, np.float32)},
  ):
    files.save_npz(bad, **{**arrays, **change})
    with pytest.raises(errors.UserError) as error:
      networks.load(bad)
    assert "\n" not in str(error.value)
  bad.write_bytes(path.read_bytes()[:-30])
  with pytest.raises(errors.UserError):
    networks.load(bad)
