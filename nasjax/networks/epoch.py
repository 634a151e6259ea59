"""One epoch of several trainings of a network, as one compiled program."""

from typing import NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp
import optax

from nasjax.networks import augmentation
from nasjax.networks.recipe import TrainingRecipe
from nasjax.networks.state import Data, Metrics, State, cell_arguments

TEST_BATCH = 200
"""Images that are tested at once."""


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
    state: state of the trainings.
    number: number of the epoch, from 0.
    together: whether the trainings run as one batch (`vmap`), else one after
      another.
  """

  def one(state: State) -> tuple[State, Metrics]:
    return _one_epoch(module, recipe, data, state, number)

  return jax.vmap(one)(state) if together else jax.lax.map(one, state)


def normalise(images, mean: jax.Array, scale: jax.Array) -> jax.Array:
  """Images `[B, H, W, C]` as a network takes them, float32.

  Args:
    images: uint8.
    mean: mean of the channels of the training images, `[C]`.
    scale: their inverse standard deviation, `[C]`.
  """
  images = images.astype(jnp.float32) - mean[None, None, None]
  return images * scale[None, None, None]


def _normalise(images, data: Data, image_set: jax.Array) -> jax.Array:
  return normalise(images, data.mean[image_set], data.scale[image_set])


def _one_epoch(module, recipe, data: Data, state: State, number):
  """Trains one network; `state` has no leading axis here."""
  image_set, num_images = state.image_set, data.train_images.shape[1]
  steps = num_images // recipe.batch_size
  optimizer = recipe.optimizer(steps)
  key = jax.random.fold_in(jax.random.key(recipe.seed), state.seed)
  order_key, step_key = jax.random.split(jax.random.fold_in(key, number))
  order = jax.random.permutation(order_key, num_images)
  batches = order[: steps * recipe.batch_size].reshape(steps, -1)

  def step(carry, inputs):
    params, stats, optimizer_state = carry
    rows, key = inputs
    images = data.train_images[image_set, rows]
    images = _normalise(images, data, image_set)
    images = augmentation.augment(key, images, recipe)
    labels = data.train_labels[image_set, rows]
    classes = data.num_classes[image_set]
    gradient = jax.value_and_grad(_loss, argnums=1, has_aux=True)
    (loss, (stats, hits)), grads = gradient(
      _Batch(images, labels, state.genotype, classes, key),
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
  key: jax.Array


def _loss(batch: _Batch, params, stats, module, recipe):
  """Cross-entropy over the classes that the image set has."""
  images, labels, genotype, num_classes, key = batch
  logits, changed = module.apply(
    {"params": params, "batch_stats": stats},
    images,
    *cell_arguments(genotype),
    train=True,
    mutable=["batch_stats"],
    rngs={"drop_path": jax.random.fold_in(key, 1)},
  )
  log = jax.nn.log_softmax(_mask(logits, num_classes))
  exists = _exists(logits, num_classes)
  smooth = recipe.label_smoothing
  target = (1 - smooth) * jax.nn.one_hot(labels, logits.shape[-1])
  target += smooth * exists / num_classes
  loss = -jnp.where(exists, target * log, 0.0).sum(-1).mean()
  hits = (log.argmax(-1) == labels).mean()
  return loss, (changed["batch_stats"], hits)


def _test(
  module, data: Data, state: State, batch: int = TEST_BATCH
) -> jax.Array:
  """Returns the accuracy on all test images, in percent."""
  total, image_set = data.test_images.shape[1], state.image_set
  size = min(batch, total)
  num = -(-total // size)
  rows = jnp.arange(num * size)

  def hits(rows):
    images = data.test_images[image_set, rows % total]
    images = _normalise(images, data, image_set)
    logits = module.apply(
      {"params": state.params, "batch_stats": state.batch_stats},
      images,
      *cell_arguments(state.genotype),
    )
    chosen = _mask(logits, data.num_classes[image_set]).argmax(-1)
    right = chosen == data.test_labels[image_set, rows % total]
    return jnp.sum(right & (rows < total))

  found = jax.lax.map(hits, rows.reshape(num, size))
  return 100 * found.sum() / total
