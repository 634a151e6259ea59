"""Augmentation of image batches."""

import jax
import jax.numpy as jnp
import numpy as np

from nasjax.networks import augmentation
from nasjax.networks.recipe import TrainingRecipe

IMAGES = jnp.arange(1.0, 8 * 6 * 6 * 2 + 1).reshape(8, 6, 6, 2)


def test_crop_moves_each_image_as_a_whole():
  cut = np.asarray(augmentation.random_crop(jax.random.key(0), IMAGES, 2))
  padded = np.pad(np.asarray(IMAGES), ((0, 0), (2, 2), (2, 2), (0, 0)))
  places = []
  for image, source in zip(cut, padded, strict=True):
    found = [
      (i, j)
      for i in range(5)
      for j in range(5)
      if (source[i : i + 6, j : j + 6] == image).all()
    ]
    assert len(found) == 1
    places += found
  assert len(set(places)) > 3


def test_flip_mirrors_about_half_of_the_images():
  flipped = np.asarray(augmentation.random_flip(jax.random.key(0), IMAGES))
  images = np.asarray(IMAGES)
  same = (flipped == images).all((1, 2, 3))
  mirrored = (flipped == images[:, :, ::-1]).all((1, 2, 3))
  assert (same ^ mirrored).all()
  assert 0 < same.sum() < 8


def test_cutout_blanks_one_square():
  blanked = np.asarray(augmentation.cutout(jax.random.key(0), IMAGES, 3))
  hole = blanked == 0
  assert (hole[..., 0] == hole[..., 1]).all()
  for image in hole[..., 0]:
    rows, columns = np.flatnonzero(image.any(1)), np.flatnonzero(image.any(0))
    assert image.sum() == len(rows) * len(columns)
    assert 2 <= len(rows) <= 3
    assert np.ptp(rows) == len(rows) - 1
  np.testing.assert_array_equal(blanked[~hole], np.asarray(IMAGES)[~hole])


def test_nothing_is_changed_by_default():
  same = augmentation.augment(jax.random.key(0), IMAGES, TrainingRecipe())
  np.testing.assert_array_equal(same, IMAGES)
