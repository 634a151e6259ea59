"""Random crop, mirror and cutout of image batches, traceable by JAX."""

import jax
import jax.numpy as jnp

from nasjax.networks.recipe import TrainingRecipe


def augment(
  key: jax.Array, images: jax.Array, recipe: TrainingRecipe
) -> jax.Array:
  """Changes normalised images `[B, H, W, C]` as the recipe says.

  Padding and blanked squares are 0, the mean of the training images.
  """
  crop_key, flip_key, cutout_key = jax.random.split(key, 3)
  if recipe.crop_padding:
    images = random_crop(crop_key, images, recipe.crop_padding)
  if recipe.flip:
    images = random_flip(flip_key, images)
  if recipe.cutout:
    images = cutout(cutout_key, images, recipe.cutout)
  return images


def random_crop(key: jax.Array, images: jax.Array, padding: int) -> jax.Array:
  """Shifts each image by up to `padding` pixels; zeros come in."""
  batch, height, width, _ = images.shape
  starts = jax.random.randint(key, (2, batch), 0, 2 * padding + 1)
  sides = ((0, 0), (padding, padding), (padding, padding), (0, 0))
  padded = jnp.pad(images, sides)
  rows = starts[0][:, None] + jnp.arange(height)[None]
  columns = starts[1][:, None] + jnp.arange(width)[None]
  cut = jnp.take_along_axis(padded, rows[:, :, None, None], 1)
  return jnp.take_along_axis(cut, columns[:, None, :, None], 2)


def random_flip(key: jax.Array, images: jax.Array) -> jax.Array:
  """Mirrors each image from left to right with chance 1/2."""
  flipped = jax.random.bernoulli(key, 0.5, (len(images), 1, 1, 1))
  return jnp.where(flipped, images[:, :, ::-1], images)


def cutout(key: jax.Array, images: jax.Array, side: int) -> jax.Array:
  """Blanks a square around a random pixel of each image (DeVries, 2017)."""
  batch, height, width, _ = images.shape
  centres = jax.random.uniform(key, (2, batch, 1))

  def covered(centre, size):
    first = jnp.floor(centre * size) - side // 2
    place = jnp.arange(size)[None]
    return (place >= first) & (place < first + side)

  rows, columns = covered(centres[0], height), covered(centres[1], width)
  blank = rows[:, :, None] & columns[:, None, :]
  return jnp.where(blank[..., None], 0, images)
