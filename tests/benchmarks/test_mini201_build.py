"""The builder of mini201: cells, image sets, the file that it writes."""

import dataclasses
import json

import numpy as np
import pytest

import nasjax
from nasjax import errors, files, networks
from nasjax.benchmarks import mini201, mini201_images
from nasjax.commands import mini201_build as builder
from nasjax.training import metrics

SIZES = {"fashion": 28, "mnist5k": 28, "digits": 8, "emoji": 32, "tux": 32}


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
  """Noise of the forms that the sources have; `tux` is a small one."""
  folder = tmp_path_factory.mktemp("sources")
  rng = np.random.default_rng(0)
  for name, size in SIZES.items():
    num = 700 if name == "tux" else 4500 if name == "fashion" else 1750
    channels = 3 if name in ("emoji", "tux") else 1
    shape = (num, size, size, channels)
    np.savez(
      folder / f"{name}.npz",
      images=rng.integers(0, 256, shape, np.uint8),
      labels=rng.permutation(np.arange(num) % 8),
    )
  return folder


def test_image_sets_have_one_shape(sources):
  sets = mini201_images.load_all(sources)
  assert [each.name for each in sets] == list(mini201_images.names())
  assert len({each.digest() for each in sets}) == len(sets) == 8
  for each in sets:
    assert each.train_images.shape == (1024, 16, 16, 3)
    assert each.test_images.shape == (700, 16, 16, 3)
  classes = {each.name: each.num_classes for each in sets}
  assert classes["fashion_tops"] == 4
  assert classes["tux"] == 8
  tux = next(each for each in sets if each.name == "tux")
  train = {image.tobytes() for image in tux.train_images}
  test = {image.tobytes() for image in tux.test_images}
  assert (len(train), len(test)) == (490, 210)
  assert not train & test
  again = mini201_images.load_all(sources)
  assert [a.digest() for a in again] == [s.digest() for s in sets]


def test_images_are_averaged_when_they_shrink_and_keep_their_mean():
  halves = np.zeros((1, 32, 32, 3), np.uint8)
  halves[:, :, 16:] = 200
  small = mini201_images._resize(halves, 16)
  assert small.shape == (1, 16, 16, 3)
  assert (small[0, :, :7] == 0).all()
  assert (small[0, :, 9:] == 200).all()
  assert small.mean() == pytest.approx(100, abs=0.5)
  flat = np.full((1, 8, 8, 3), 77, np.uint8)
  assert (mini201_images._resize(flat, 16) == 77).all()


def test_cells_are_distinct_and_hold_the_known_best_and_worst():
  space = nasjax.get_space("nb201")
  cells = builder.choose_cells(60)
  assert cells.shape == (60, 6)
  assert len(np.unique(space.fingerprint(cells))) == 60
  np.testing.assert_array_equal(cells, space.canonical(cells, ordered=False))
  np.testing.assert_array_equal(builder.choose_cells(80)[:60], cells)
  table = nasjax.get_benchmark("nb201_analog")
  order = np.argsort(table.columns["cifar10/test"])
  known = space.fingerprint(table.genotypes[order[[0, -1]]])
  assert np.isin(known, space.fingerprint(cells)).all()
  with pytest.raises(errors.UserError, match="at least 20, got 5"):
    builder.choose_cells(5)


def result(arch: str, base: float) -> dict:
  rows = [
    {
      "image_set": name,
      "seed": seed,
      "final": base + i + seed,
      "seconds": 2.0,
      "diverged": None,
      "loss": [2.0, 1.0],
      "train_accuracy": [20.0, 30.0],
      "test_accuracy": [None, base],
    }
    for seed in builder.SEEDS
    for i, name in enumerate(mini201_images.names())
  ]
  return {"arch": arch, "params": 7, "trainings": rows}


def test_file_and_card(tmp_path):
  archs = nasjax.get_space("nb201").format(builder.choose_cells(20)[:3])
  results = [
    result(arch, base) for arch, base in zip(archs, (50, 40, 60), strict=True)
  ]
  results[2]["trainings"][0] |= {"final": None, "diverged": 2}
  out = tmp_path / "mini201.npz"
  builder.save(out, results)
  arrays = files.load_npz(out)
  assert arrays["accuracy"].shape == (3, 8, 2)
  assert arrays["accuracy"][1, 2].tolist() == [42.0, 43.0]
  assert np.isnan(arrays["accuracy"][2, 0, 0])
  assert arrays["genotypes"].shape == (3, 6)
  log = arrays["test_accuracy"][1, 2, 0]
  np.testing.assert_array_equal(log, [np.nan, 40, *[np.nan] * 4])
  assert arrays["loss"][1, 2, 1, :2].tolist() == [2.0, 1.0]
  card = json.loads(str(arrays["card"]))
  assert card == json.loads(out.with_suffix(".json").read_text())
  assert (card["cells"], card["trainings"], card["diverged"]) == (3, 48, 1)
  assert card["training_hours"] == round(6 / 3600, 3)
  assert card["recipe"] == dataclasses.asdict(builder.RECIPE)
  noise = card["noise"]
  assert noise["tux"]["tau_between_seeds"] == 1.0
  assert noise["tux"]["mean_difference"] == 1.0
  # The diverged cell does not count.
  assert noise["fashion"]["lowest"] == 40.0
  assert noise["fashion"]["tau_between_seeds"] == 1.0


def test_missing_source_is_one_line(tmp_path, capsys):
  arguments = ["--images", str(tmp_path), "--out", "x.npz"]
  assert builder.main([*arguments, "--workdir", str(tmp_path / "w")]) == 2
  error = capsys.readouterr().err
  assert "fashion.npz" in error
  assert error.count("\n") == 1


def test_the_file_that_comes_with_nasjax():
  benchmark = nasjax.get_benchmark("mini201")
  card = mini201.card()
  assert len(benchmark) == card["cells"] >= 200
  assert card["trainings"] == card["cells"] * 8 * 2
  space = benchmark.space
  assert len(np.unique(space.fingerprint(benchmark.genotypes))) == len(
    benchmark
  )
  arrays = files.load_npz(mini201.FILE)
  logged = arrays["test_accuracy"][..., -1]
  np.testing.assert_array_equal(logged, arrays["accuracy"])
  np.testing.assert_allclose(
    benchmark.values("tux/test"), arrays["accuracy"][:, -1].mean(-1), rtol=1e-5
  )
  first = benchmark.values("mnist/seed0")
  assert metrics.kendall_tau(
    first, benchmark.values("mnist/seed1")
  ) == pytest.approx(card["noise"]["mnist"]["tau_between_seeds"], abs=1e-4)
  assert "6 epochs, mean of 2 seeds" in benchmark.describe("emoji/test")
  network = networks.build(
    "nb201", benchmark.genotypes[0], skeleton=builder.SKELETON
  )
  assert networks.count_params(network) == arrays["params"][0]


def test_embeddings_that_come_with_nasjax():
  images = mini201.load_embeddings()
  assert images.names == mini201_images.names()
  assert images.embeddings.shape == (8, 3, 10, 20, 128)
  assert images.mask.shape == images.embeddings.shape[:-1]
  assert np.isfinite(images.embeddings).all()
  assert not images.embeddings[images.mask == 0].any()
  counts = images.mask[:, 0, :, 0].sum(axis=1)
  assert dict(zip(images.names, counts, strict=True)) == {
    **dict.fromkeys(images.names, 10),
    "fashion_tops": 4,
    "emoji": 9,
    "tux": 8,
  }
  # Two draws of one set resemble each other more than they do another set.
  centres = images.embeddings.sum((2, 3)) / images.mask.sum((2, 3))[..., None]
  within = np.linalg.norm(centres[:, 0] - centres[:, 1], axis=-1)
  between = np.linalg.norm(centres[:, None, 0] - centres[None, :, 1], axis=-1)
  assert (within < np.sort(between, axis=1)[:, 1]).all()
