"""From an image set to padded embeddings."""

import numpy as np
import pytest

from nasjax import errors
from nasjax.images import base, embed_classes, sample, stack


@pytest.fixture
def brightness(monkeypatch):
  """An encoder that says the first pixel and its square."""
  asked = []

  def encode(images, encoder, *, weights=None):
    asked.append((encoder, weights, len(images)))
    first = images.images[:, 0, 0, 0].astype(np.float32)
    return np.stack([first, first**2], 1)

  monkeypatch.setattr(sample.encode, "encode", encode)
  return asked


def toy(labels, splits=None):
  images = np.arange(len(labels), dtype=np.uint8).reshape(-1, 1, 1, 1)
  labels = np.array(labels, np.int32)
  names = tuple("abcdefgh"[: labels.max() + 1])
  return base.ImageSet("toy", images, labels, names, splits or {})


def test_drawn_images_of_each_class(brightness):
  got = embed_classes(toy([0, 1, 0, 2, 0, 0]), num_per_class=3, weights="w")
  assert brightness == [("efficientnet_lite0", "w", 5)]
  assert got.embeddings.shape == (3, 3, 2)
  assert got.mask.tolist() == [[1, 1, 1], [1, 0, 0], [1, 0, 0]]
  assert set(got.embeddings[0, :, 0]) <= {0, 2, 4, 5}
  assert got.embeddings[1].tolist() == [[1, 1], [0, 0], [0, 0]]
  assert got.embeddings[2].tolist() == [[3, 9], [0, 0], [0, 0]]
  assert got.embeddings.dtype == got.mask.dtype == np.float32


def test_seed_and_training_split(brightness):
  splits = {"train": np.arange(12), "test": np.arange(12, 14)}
  image_set = toy([0, 1] * 6 + [0, 2], splits)
  first, again, other = (
    embed_classes(image_set, num_per_class=3, seed=seed) for seed in (0, 0, 1)
  )
  np.testing.assert_array_equal(first.embeddings, again.embeddings)
  assert (first.embeddings != other.embeddings).any()
  assert first.embeddings[..., 0].max() < 12
  assert first.mask.tolist() == [[1] * 3, [1] * 3, [0] * 3]


def test_classes_can_be_drawn(brightness):
  got = embed_classes(toy([0, 1, 2, 3, 4]), num_per_class=1, max_classes=2)
  assert got.embeddings.shape == (2, 1, 2)
  everything = embed_classes(toy([0, 1]), num_per_class=1, max_classes=5)
  assert everything.embeddings.shape == (2, 1, 2)


def test_sets_are_padded_and_stacked(brightness):
  few = embed_classes(toy([0, 1]), num_per_class=1)
  many = embed_classes(toy([0, 1, 2, 2]), num_per_class=2)
  got = stack([few, many])
  assert got.embeddings.shape == (2, 3, 2, 2)
  assert got.mask.sum(-1).tolist() == [[1, 1, 0], [1, 1, 2]]
  np.testing.assert_array_equal(got.embeddings[1], many.embeddings)
  np.testing.assert_array_equal(got.embeddings[0, :2, :1], few.embeddings)
  assert (got.embeddings[got.mask == 0] == 0).all()


def test_wrong_numbers(brightness):
  with pytest.raises(errors.UserError, match="at least one image"):
    embed_classes(toy([0]), num_per_class=0)
  with pytest.raises(errors.UserError, match="at least one image"):
    embed_classes(toy([0]), max_classes=0)
  many = base.ImageSet(
    "many",
    np.zeros((1, 1, 1, 1), np.uint8),
    np.zeros(1, np.int32),
    tuple(map(str, range(50_000))),
  )
  with pytest.raises(errors.UserError, match=r"4\.8 GiB.*lower max_classes"):
    embed_classes(many)
  with pytest.raises(errors.UserError, match="embedded by one encoder"):
    stack([])
