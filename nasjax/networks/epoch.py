"""One epoch of several trainings of a network, as one compiled program.

Dimensions: `T` trainings, `D` image sets, `n` training images, `m` test
images. Trainings differ in image set and seed and share everything else.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax

from nasjax.networks import augmentation
from nasjax.networks.image_sets import ImageSet
from nasjax.networks.recipe import TrainingRecipe


class Data(NamedTuple):
  """Image sets on the device.

  Attributes:
    train_images: `[D, n, H, W, C]` uint8.
    train_labels: `[D, n]` int32.
    test_images: `[D, m, H, W, C]` uint8.
    test_labels: `[D, m]` int32.
    mean: of the channels of the training images, `[D, C]`.
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
  """What a training carries from epoch to epoch; leaves lead with `[T]`.

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
  optimizer = recipe.optimizer(_num_steps(recipe, data))
  shape = (1, *data.train_images.shape[2:])

  def one(inputs):
    seed, genotype = inputs
    key = jax.random.fold_in(jax.random.key(recipe.seed), seed)
    variables = module.init(key, jnp.zeros(shape), *_cell(genotype))
    params = variables["params"]
    stats = variables.get("batch_stats", {})
    return params, stats, optimizer.init(params)

  drawn = jax.lax.map(one, (seeds, genotypes))
  return State(*drawn, seeds, image_sets, genotypes)


def _cell(genotype: jax.Array) -> tuple[jax.Array, ...]:
  """Returns what a network takes besides images."""
  return (genotype,) if genotype.size else ()


def run(
  module: nn.Module,
  recipe: TrainingRecipe,
  data: Data,
  state: State,
  number: jax.Array,
  *,
  together: bool,
) -> tuple[State, Metrics]:
  """Trains and tests for one epoch.

  Args:
    module: the network.
    recipe: its training.
    data: the image sets.
    state: of the trainings.
    number: of the epoch, from 0.
    together: whether the trainings run as one batch (`vmap`), else one after
      another.
  """

  def one(state: State) -> tuple[State, Metrics]:
    chosen = Data(*(part[state.image_set] for part in data))
    return _one_epoch(module, recipe, chosen, state, number)

  return jax.vmap(one)(state) if together else jax.lax.map(one, state)


def _num_steps(recipe: TrainingRecipe, data: Data) -> int:
  return data.train_images.shape[1] // recipe.batch_size


def _normalise(images, data: Data) -> jax.Array:
  mean, scale = (part[None, None, None] for part in (data.mean, data.scale))
  return (images.astype(jnp.float32) - mean) * scale


def _one_epoch(module, recipe, data: Data, state: State, number):
  """Trains one network on its image set; `data` has no leading axis here."""
  num_images = len(data.train_images)
  steps = num_images // recipe.batch_size
  optimizer = recipe.optimizer(steps)
  key = jax.random.fold_in(jax.random.key(recipe.seed), state.seed)
  order_key, step_key = jax.random.split(jax.random.fold_in(key, number))
  order = jax.random.permutation(order_key, num_images)
  batches = order[: steps * recipe.batch_size].reshape(steps, -1)

  def step(carry, inputs):
    params, stats, optimizer_state = carry
    rows, key = inputs
    images = _normalise(data.train_images[rows], data)
    images = augmentation.augment(key, images, recipe)
    labels = data.train_labels[rows]
    gradient = jax.value_and_grad(_loss, argnums=1, has_aux=True)
    (loss, (stats, hits)), grads = gradient(
      _Batch(images, labels, state.genotype, data.num_classes),
      params,
      stats,
      module,
      recipe,
    )
    updates, optimizer_state = optimizer.update(grads, optimizer_state, params)
    params = optax.apply_updates(params, updates)
    return (params, stats, optimizer_state), (loss, hits)

  start = state.params, state.batch_stats, state.optimizer
  keys = jax.random.split(step_key, steps)
  end, (losses, hits) = jax.lax.scan(step, start, (batches, keys))
  trained = State(*end, *state[3:])
  is_due = (number + 1) % recipe.test_every == 0
  tested = jax.lax.cond(
    is_due | (number + 1 == recipe.epochs),
    lambda state: _test(module, data, state),
    lambda _: jnp.float32(jnp.nan),
    trained,
  )
  loss = losses.mean()
  # A network that diverged has no accuracy, whatever its NaNs seem to choose.
  accuracies = jnp.where(jnp.isfinite(loss), 1, jnp.nan) * jnp.stack(
    [100 * hits.mean(), tested]
  )
  return trained, Metrics(loss, accuracies[0], accuracies[1])


def _exists(logits, num_classes) -> jax.Array:
  """Says which of the padded classes the image set has, `[1, classes]`."""
  return jnp.arange(logits.shape[-1])[None] < num_classes


def _mask(logits, num_classes) -> jax.Array:
  return jnp.where(_exists(logits, num_classes), logits, -1e9)


class _Batch(NamedTuple):
  images: jax.Array
  labels: jax.Array
  genotype: jax.Array
  num_classes: jax.Array


def _loss(batch: _Batch, params, stats, module, recipe):
  """Cross-entropy over the classes that the image set has."""
  images, labels, genotype, num_classes = batch
  logits, changed = module.apply(
    {"params": params, "batch_stats": stats},
    images,
    *_cell(genotype),
    train=True,
    mutable=["batch_stats"],
  )
  log = jax.nn.log_softmax(_mask(logits, num_classes))
  exists = _exists(logits, num_classes)
  smooth = recipe.label_smoothing
  target = (1 - smooth) * jax.nn.one_hot(labels, logits.shape[-1])
  target += smooth * exists / num_classes
  loss = -jnp.where(exists, target * log, 0.0).sum(-1).mean()
  hits = (log.argmax(-1) == labels).mean()
  return loss, (changed["batch_stats"], hits)


def _test(module, data: Data, state: State, batch: int = 200) -> jax.Array:
  """Returns the accuracy on all test images, in percent."""
  total = len(data.test_images)
  size = min(batch, total)
  num = -(-total // size)
  rows = jnp.arange(num * size)

  def hits(rows):
    images = _normalise(data.test_images[rows % total], data)
    logits = module.apply(
      {"params": state.params, "batch_stats": state.batch_stats},
      images,
      *_cell(state.genotype),
    )
    right = _mask(logits, data.num_classes).argmax(-1)
    right = right == data.test_labels[rows % total]
    return jnp.sum(right & (rows < total))

  found = jax.lax.map(hits, rows.reshape(num, size))
  return 100 * found.sum() / total
