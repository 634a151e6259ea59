"""Labels of any size, without memory that follows the largest of them."""

import image_writers as writers
import numpy as np
import pytest

from nasjax import errors
from nasjax.images import base, class_ids, load_images, sample
from nasjax.networks import image_sets

IDS = np.array([1440764, 1443537, 900000000, 900000000])
IMAGES = np.arange(4 * 64 * 3, dtype=np.uint8).reshape(4, 8, 8, 3)


def test_sparse_ids_become_classes(tmp_path):
  path = tmp_path / "ids.npz"
  np.savez(path, images=IMAGES, labels=IDS)
  got = load_images(path)
  assert got.class_names == ("1440764", "1443537", "900000000")
  assert got.labels.tolist() == [0, 1, 2, 2]
  np.savez(
    path, images=IMAGES, labels=IDS, test_images=IMAGES, test_labels=IDS[::-1]
  )
  got = load_images(path)
  assert got.split("test").labels.tolist() == [2, 2, 1, 0]
  loaded = load_images(path)
  assert loaded.num_classes == 3
  np.savez(
    path, images=IMAGES, labels=IDS, test_images=IMAGES, test_labels=IDS + 7
  )
  with pytest.raises(errors.UserError, match="class '1440771' in train too"):
    load_images(path)


def test_numbers_below_the_number_of_images_stay():
  (labels,), names = class_ids.number([np.array([3, 0, 1, 3, 1])], "x")
  assert labels.tolist() == [3, 0, 1, 3, 1]
  assert names == ("0", "1", "2", "3")
  (labels,), names = class_ids.number([np.array([5, 0, 1, 3, 1])], "x")
  assert labels.tolist() == [3, 0, 1, 2, 1]
  assert names == ("0", "1", "3", "5")


@pytest.mark.parametrize(
  "labels",
  [
    np.array([2**32 + 1, 0, 0, 0]),
    np.array([2**63, 0, 0, 0], np.uint64),
    np.array([-1, 0, 0, 0]),
    np.array([0.0, 1.0, 1.0, 0.0]),
    np.array([3.7, 1, 1, 0]),
    np.array([1j, 0, 0, 0]),
    np.array(["a", "b", "a", "b"]),
    np.array(["2020"] * 4, "M8[Y]"),
    np.array([True, False, True, False]),
    np.zeros(4, [("a", "i4")]),
    np.zeros(3, int),
    np.array([[0, 1], [0, 1]]),
  ],
)
def test_labels_that_are_no_class_numbers(labels, tmp_path):
  np.savez(tmp_path / "set.npz", images=IMAGES, labels=labels)
  with pytest.raises(errors.UserError, match=r"expected|an array of"):
    load_images(tmp_path / "set.npz")
  with pytest.raises(errors.UserError, match="expected"):
    sample.embed_arrays(IMAGES, labels)


def test_many_class_names_are_refused(tmp_path):
  names = np.zeros(class_ids.MAX_CLASSES + 1, "U1")
  np.savez(tmp_path / "a.npz", images=IMAGES, labels=[0] * 4, class_names=names)
  with pytest.raises(errors.UserError, match="at most 100000 class_names"):
    load_images(tmp_path / "a.npz")


def test_splits_are_checked_before_labels_are_narrowed():
  parts = {"train": (IMAGES, np.array([0, 1, 2**32, 1]))}
  with pytest.raises(errors.UserError, match=r"\[0, 2\), got 0 to 4294967296"):
    base.join("set", parts, ["a", "b"])


def test_arrays_with_sparse_ids_are_embedded(monkeypatch):
  monkeypatch.setattr(
    sample.encode,
    "encode",
    lambda images, *_, **__: np.ones((len(images), 2), np.float32),
  )
  got = sample.embed_arrays(IMAGES, IDS, num_per_class=2)
  assert got.embeddings.shape == (3, 2, 2)
  assert got.mask.tolist() == [[1, 0], [1, 0], [1, 1]]


@pytest.mark.parametrize(
  "labels", [np.array([0.5, 0, 0, 1]), np.array([2**32, 0, 0, 1])]
)
def test_image_files_of_trainings(labels, tmp_path):
  np.savez(tmp_path / "set.npz", images=IMAGES, labels=labels)
  with pytest.raises(errors.UserError, match="integer labels of at most 32"):
    image_sets.load(tmp_path / "set.npz", "set")


@pytest.mark.parametrize("more", [{}, {"class_names": ["a", "b", *"cdefgh"]}])
@pytest.mark.parametrize("split", ["test", "val"])
def test_a_class_that_only_another_split_has(more, split, tmp_path):
  arrays = {"images": IMAGES, "labels": [0, 1, 0, 1], **more}
  arrays |= {f"{split}_images": IMAGES, f"{split}_labels": [7, 7, 7, 7]}
  np.savez(tmp_path / "a.npz", **arrays)
  name = "h" if more else "7"
  with pytest.raises(errors.UserError, match=f"class '{name}' in train too"):
    load_images(tmp_path / "a.npz")


def test_that_holds_for_idx(tmp_path):
  files = writers.mnist(np.zeros((5, 4, 4), "u1"), np.array([0, 1, 0, 1, 7]))
  path = writers.write(files, tmp_path / "set")
  with pytest.raises(errors.UserError, match="class '7' in train too"):
    load_images(path)


@pytest.mark.parametrize(
  ("arrays", "message"),
  [
    ({"class_names": ["a", "a"]}, "got 'a' 2 times; rename"),
    ({"class_names": [[b"a"], [b"b"]]}, r"got \|S1 of shape \(2, 1\); save"),
    ({"class_names": [b"\xff", b"b"]}, "UTF-8"),
    (
      {"test_images": IMAGES[:0], "test_labels": np.zeros(0, int)},
      "split test",
    ),
    ({"labels": [0, -1, 0, 1]}, "number the classes from 0 on"),
    ({"labels": [0, 2**40, 0, 1]}, "number the classes from 0 on"),
  ],
)
def test_unclear_classes_of_arrays(arrays, message, tmp_path):
  np.savez(
    tmp_path / "a.npz", **{"images": IMAGES, "labels": [0, 1, 0, 1], **arrays}
  )
  with pytest.raises(errors.UserError, match=message):
    load_images(tmp_path / "a.npz")


def test_class_names_may_be_bytes(tmp_path):
  path = tmp_path / "a.npz"
  names = ["é".encode(), b"dog"]
  np.savez(path, images=IMAGES, labels=[0, 1, 0, 1], class_names=names)
  assert load_images(path).class_names == ("é", "dog")
