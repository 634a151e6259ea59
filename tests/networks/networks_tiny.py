"""Small image sets and recipes for the tests of the networks."""

import flax.linen as nn
import jax.numpy as jnp
import numpy as np

from nasjax import networks
from nasjax.networks import image_sets, layers
from nasjax.networks.recipe import TrainingRecipe

SKELETON = networks.Skeleton(
  2, 1, image_size=8, num_classes=3, image_channels=1, stem_stride=2
)
RECIPE = TrainingRecipe(epochs=4, batch_size=8, learning_rate=0.2, flip=True)


def bars(name="bars", num_classes=3, seed=0, num=48) -> image_sets.ImageSet:
  """Images whose class is the height of a bright bar."""
  rng = np.random.default_rng(seed)
  labels = rng.integers(num_classes, size=num + 24).astype(np.int32)
  images = rng.integers(0, 60, (len(labels), 8, 8, 1))
  for image, label in zip(images, labels, strict=True):
    image[2 * label + 1 : 2 * label + 3] += 150
  images = images.astype(np.uint8)
  return image_sets.ImageSet(
    name, images[:num], labels[:num], images[num:], labels[num:], num_classes
  )


class Network(nn.Module):
  """Compiles fast: a dense layer on the rows, with normalisation."""

  skeleton: networks.Skeleton = SKELETON

  @nn.compact
  def __call__(self, images, genotype=None, train=False):
    x = images.mean((2, 3))
    if genotype is not None:
      x = x * genotype[:1].astype(jnp.float32)[None]
    x = layers.Norm()(x[:, None, None], train)[:, 0, 0]
    kernel = self.param(
      "kernel", nn.initializers.normal(0.1), (8, self.skeleton.num_classes)
    )
    return x @ kernel


class Stubborn(nn.Module):
  """Always likes the last class most and the second one next."""

  skeleton: networks.Skeleton = SKELETON

  @nn.compact
  def __call__(self, images, train=False):
    self.variable("batch_stats", "unused", jnp.zeros, ())
    scale = self.param("scale", nn.initializers.ones, ())
    logits = jnp.array([[0.0, 5.0, 9.0]]) + 1e-3 * scale
    return jnp.tile(logits, (len(images), 1))
