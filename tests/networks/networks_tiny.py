"""Small image sets and recipes for the tests of the networks."""

import numpy as np

from nasjax import networks
from nasjax.networks import image_sets
from nasjax.networks.recipe import TrainingRecipe

SKELETON = networks.Skeleton(
  2, 1, image_size=8, num_classes=3, image_channels=1, stem_stride=2
)
RECIPE = TrainingRecipe(
  epochs=4, batch_size=16, learning_rate=0.05, crop_padding=1
)


def bars(name="bars", num_classes=3, seed=0, num=48) -> image_sets.ImageSet:
  """Images whose class is the place of a bright bar."""
  rng = np.random.default_rng(seed)
  labels = rng.integers(num_classes, size=num + 24).astype(np.int32)
  images = rng.integers(0, 60, (len(labels), 8, 8, 1))
  for image, label in zip(images, labels, strict=True):
    image[:, 2 * label + 1 : 2 * label + 3] += 150
  images = images.astype(np.uint8)
  return image_sets.ImageSet(
    name, images[:num], labels[:num], images[num:], labels[num:], num_classes
  )
