"""Image sets: checks, splits, files."""

import networks_tiny as tiny
import numpy as np
import pytest

from nasjax import errors
from nasjax.networks import image_sets


def images(num, size=4):
  return np.arange(num * size * size, dtype=np.uint8).reshape(
    num, size, size, 1
  )


def test_split_is_disjoint_and_renumbers_labels():
  labels = np.array([7, 3, 3, 7, 9, 9])
  made = image_sets.split("s", images(6), labels, num_test=2, seed=3)
  again = image_sets.split("s", images(6), labels, num_test=2, seed=3)
  together = np.concatenate([made.train_images, made.test_images])
  codes = np.concatenate([made.train_labels, made.test_labels])
  order = np.argsort(together[:, 0, 0, 0])
  np.testing.assert_array_equal(together[order], images(6))
  np.testing.assert_array_equal(codes[order], [1, 0, 0, 1, 2, 2])
  assert made.num_classes == 3
  assert len(made.test_labels) == 2
  assert made.digest() == again.digest()
  other = image_sets.split("s", images(6), labels, num_test=2, seed=4)
  assert made.digest() != other.digest()


@pytest.mark.parametrize(
  ("change", "message"),
  [
    ({"train_images": np.zeros((2, 4, 4, 1), np.float32)}, "expected uint8"),
    ({"train_images": np.zeros((0, 4, 4, 1), np.uint8)}, "n > 0"),
    ({"train_labels": np.zeros(3, int)}, "one label for each of 2"),
    ({"test_labels": np.array([5])}, "labels in 0 .. 1, got 5"),
    ({"test_images": images(1, 8)}, "of one size"),
  ],
)
def test_bad_arrays_are_refused(change, message):
  fields = {
    "train_images": images(2),
    "train_labels": np.array([0, 1]),
    "test_images": images(1),
    "test_labels": np.array([0]),
    **change,
  }
  with pytest.raises(errors.UserError, match=message):
    image_sets.ImageSet("s", **fields, num_classes=2)


def test_too_few_images_to_split():
  with pytest.raises(errors.UserError, match=r"at least 1 \+ 6"):
    image_sets.split("s", images(6), np.zeros(6), num_test=6)


def test_sets_of_unequal_shapes_are_named():
  with pytest.raises(errors.UserError, match=r"48, 8, 8, 1.*32, 8.*'short'"):
    image_sets.check_equal_shapes([tiny.bars(), tiny.bars("short", num=32)])


def test_load_reads_images_and_labels(tmp_path):
  path = tmp_path / "set.npz"
  np.savez(path, images=images(3), labels=np.array([0, 1, 1], np.int64))
  found, labels = image_sets.load(path, "set")
  np.testing.assert_array_equal(found, images(3))
  assert labels.tolist() == [0, 1, 1]
  np.savez(path, pictures=images(3))
  with pytest.raises(errors.UserError, match="arrays images and labels"):
    image_sets.load(path, "set")
