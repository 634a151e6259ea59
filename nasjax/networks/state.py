"""Data and state of several trainings on the device.

Dimensions: `T` trainings, `D` image sets, `n` training images, `m` test
images. Trainings differ in image set and seed and share everything else.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np

from nasjax.networks.image_sets import ImageSet
from nasjax.networks.recipe import TrainingRecipe


class Data(NamedTuple):
  """Image sets on the device.

  Attributes:
    train_images: `[D, n, H, W, C]` uint8.
    train_labels: `[D, n]` int32.
    test_images: `[D, m, H, W, C]` uint8.
    test_labels: `[D, m]` int32.
    mean: mean of the channels of the training images, `[D, C]`.
    scale: their inverse standard deviation, `[D, C]`.
    num_classes: `[D]` int32.
  """

  train_images: jax.Array
  train_labels: jax.Array
  test_images: jax.Array
  test_labels: jax.Array
  mean: jax.Array
  scale: jax.Array
  num_classes: jax.Array


class State(NamedTuple):
  """State of the trainings between epochs; leaves lead with `[T]`.

  Attributes:
    params: parameters.
    batch_stats: running statistics of batch normalisation.
    optimizer: the optimiser's state.
    seed: `[T]` uint32.
    image_set: row of `Data`, `[T]` int32.
    genotype: codes `[T, G]` where the network takes them as an argument, else
      `[T, 0]`.
  """

  params: Any
  batch_stats: Any
  optimizer: Any
  seed: jax.Array
  image_set: jax.Array
  genotype: jax.Array


class Metrics(NamedTuple):
  """Results of one epoch, `[T]` float32: mean loss, accuracies in percent."""

  loss: jax.Array
  train_accuracy: jax.Array
  test_accuracy: jax.Array


def put(image_sets: Sequence[ImageSet]) -> Data:
  """Copies image sets of equal shapes to the device."""

  def stack(rows, dtype):
    return jnp.asarray(np.stack([np.asarray(row, dtype) for row in rows]))

  images = [each.train_images for each in image_sets]
  return Data(
    stack(images, np.uint8),
    stack([each.train_labels for each in image_sets], np.int32),
    stack([each.test_images for each in image_sets], np.uint8),
    stack([each.test_labels for each in image_sets], np.int32),
    stack([each.mean((0, 1, 2)) for each in images], np.float32),
    stack([1 / (each.std((0, 1, 2)) + 1e-3) for each in images], np.float32),
    jnp.array([each.num_classes for each in image_sets], jnp.int32),
  )


def initial_state(
  module: nn.Module,
  recipe: TrainingRecipe,
  data: Data,
  seeds: jax.Array,
  image_sets: jax.Array,
  genotypes: jax.Array,
) -> State:
  """Draws parameters of every training.

  Args:
    module: the network.
    recipe: its training.
    data: the image sets.
    seeds: `[T]` uint32.
    image_sets: `[T]` int32.
    genotypes: `[T, G]`, or `[T, 0]` where the network has its cell built in.
  """
  optimizer = recipe.optimizer(data.train_images.shape[1] // recipe.batch_size)
  shape = (1, *data.train_images.shape[2:])

  def one(inputs):
    seed, genotype = inputs
    key = jax.random.fold_in(jax.random.key(recipe.seed), seed)
    variables = module.init(key, jnp.zeros(shape), *cell_arguments(genotype))
    params = variables["params"]
    stats = variables.get("batch_stats", {})
    return params, stats, optimizer.init(params)

  params, stats, optimizer_state = jax.lax.map(one, (seeds, genotypes))
  return State(params, stats, optimizer_state, seeds, image_sets, genotypes)


def cell_arguments(genotype: jax.Array) -> tuple[jax.Array, ...]:
  """Returns the arguments of a network besides images: codes `[G]`, or none."""
  return (genotype,) if genotype.size else ()
