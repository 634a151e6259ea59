"""`search.py --evaluate`: one's own images, and what is printed."""

import json

import numpy as np
import pytest
import scoring_models
import tiny

import nasjax
from nasjax import errors
from nasjax.commands import evaluation, search
from nasjax.images import sample


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
  folder = tmp_path_factory.mktemp("m") / "model"
  return scoring_models.save_predictor(folder, **tiny.LIGHT)


@pytest.fixture
def image_file(tmp_path, rng):
  labels = np.arange(50) % 5
  images = rng.integers(0, 256, (50, 9, 12, 3)).astype(np.uint8)
  path = tmp_path / "mine.npz"
  np.savez(path, images=images, labels=labels)
  return path


def test_images_are_squared_and_split_once(image_file):
  found = evaluation.load(str(image_file), 8, seed=3)
  assert found.train_images.shape == (40, 8, 8, 3)
  assert found.test_images.shape == (10, 8, 8, 3)
  assert found.num_classes == 5
  again = evaluation.load(str(image_file), 8, seed=3)
  assert found.digest() == again.digest()
  other = evaluation.load(str(image_file), 8, seed=4)
  assert found.digest() != other.digest()
  folders = {evaluation.folder("nb201", x, 2, 0) for x in (found, again, other)}
  assert len(folders) == 2


def test_a_folder_beside_does_not_hide_the_labels_of_that_name(
  checkpoint, tmp_path, monkeypatch, capsys
):
  (tmp_path / "cifar10").mkdir()
  monkeypatch.chdir(tmp_path)
  words = ["search", "--space", "nb201", "--checkpoint", str(checkpoint)]
  assert search.main(words) == 0
  assert "known   nb201_analog: cifar10 test" in capsys.readouterr().out


def test_no_winner_where_all_trainings_diverged(capsys):
  top = [{"arch": "a"}, {"arch": "b"}]
  evaluation.report(top, [np.nan, np.nan])
  assert "winner  none: every training diverged" in capsys.readouterr().out
  assert [row["trained"] for row in top] == [None, None]


def test_one_class_is_refused(tmp_path):
  path = tmp_path / "one.npz"
  images = np.zeros((4, 8, 8, 3), np.uint8)
  np.savez(path, images=images, labels=np.zeros(4, int))
  with pytest.raises(errors.UserError, match="at least two classes, got 1"):
    evaluation.load(str(path), 8, 0)


def test_the_best_cells_are_trained_and_the_winner_named(
  image_file, checkpoint, tmp_path, monkeypatch, capsys
):
  asked = {}

  def train(space, genotypes, image_set, recipe, workdir, **options):
    asked.update(options, cells=genotypes, epochs=recipe.epochs, where=workdir)
    asked.update(batch_size=recipe.batch_size)
    finals = (41.0, None, 43.5)
    return [{"trainings": [{"final": final}]} for final in finals]

  monkeypatch.setattr(evaluation.evaluate, "evaluate", train)
  out = tmp_path / "out.json"
  status = search.main(
    [
      *("search", "--space", "nb201", "--checkpoint", str(checkpoint)),
      *("--dataset", str(image_file), "--evaluate", "3", "--epochs", "2"),
      *("--image_size", "8", "--seed", "7", "--out", str(out)),
      *("--workdir", str(tmp_path / "w")),
    ]
  )
  printed = capsys.readouterr().out
  assert status == 0
  report = json.loads(out.read_text())
  assert [row.get("trained") for row in report["top"][:4]] == [
    *(41.0, None, 43.5, None)
  ]
  assert asked["epochs"] == 2
  assert asked["batch_size"] == 40  # fewer images than a whole batch
  assert asked["seeds"] == (7,)
  assert asked["shared"]
  space = nasjax.get_space("nb201")
  named = space.format(asked["cells"])
  assert named == [row["arch"] for row in report["top"][:3]]
  assert f"winner  rank 3: 43.50 % test accuracy, {named[2]}" in printed
  assert "diverged" in printed
  assert "known   none" in printed


@pytest.mark.slow
def test_a_predictor_that_sees_images_is_given_those_of_the_data_set(
  image_file, tmp_path, monkeypatch, capsys
):
  rng = np.random.default_rng(0)
  model = scoring_models.make_dataset_predictor()
  model.save(tmp_path / "sees")
  seen = []

  def embed(images, labels, **options):
    seen.append((images, labels, options))
    embeddings = rng.normal(size=(5, 4, 6)).astype(np.float32)
    return sample.ClassEmbeddings(embeddings, np.ones((5, 4), np.float32))

  def train(space, genotypes, *_, **__):
    del space
    return [{"trainings": [{"final": 50.0}]} for _ in genotypes]

  monkeypatch.setattr(evaluation.images, "embed_arrays", embed)
  monkeypatch.setattr(evaluation.evaluate, "evaluate", train)
  out = tmp_path / "out.json"
  words = ["search", "--dataset", str(image_file), "--evaluate", "2"]
  words += ["--image_size", "8", "--seed", "3", "--out", str(out)]
  assert search.main([*words, "--checkpoint", str(tmp_path / "sees")]) == 0
  assert "scores  predictor trained on" in capsys.readouterr().out
  ((images, labels, options),) = seen
  assert images.shape == (40, 8, 8, 3)
  assert labels.shape == (40,)
  assert options["seed"] == 3
  rng = np.random.default_rng(0)
  bound = model.on(embed(images, labels))
  best = json.loads(out.read_text())["top"][0]
  assert best["score"] == pytest.approx(
    bound.predict([best["arch"]])[0], abs=1e-5
  )


@pytest.mark.parametrize(
  ("extra", "message"),
  [
    (("--dataset", "nothing", "--evaluate", "2"), "no image set 'nothing'"),
    (("--evaluate", "11"), "expected 0 .. --top_k = 10, got 11"),
    (("--epochs", "0"), "--epochs: expected at least 1"),
    (("--dataset", "no/such/folder", "--evaluate", "1"), "no/such/folder"),
    (("--dataset", "no/such/folder"), "expected --evaluate as well"),
    (("--checkpoint", "images"), "expected --evaluate and --dataset"),
    (
      ("--dataset", "./mine", "--evaluate", "1", "--scores", "table"),
      "images have no tabulated accuracies",
    ),
  ],
)
def test_mistakes(extra, message, capsys):
  assert search.main(["search", "--space", "nb201", *extra]) == 2
  printed = capsys.readouterr().err
  assert message in printed
  assert printed.count("\n") == 1
