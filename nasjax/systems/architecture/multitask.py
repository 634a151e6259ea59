"""Training on (cell, data set) pairs: ranks within each data set.

Accuracies on different data sets are not comparable, so cells are compared
within a data set, and the losses of the data sets are averaged.

Dimensions: `T` data sets, `V` draws of images of each, `C` classes, `P` images
of each, `D` width of an embedding, `b` cells of a batch, `K` width of `H_D`.
"""

import dataclasses
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from nasjax import errors, settings
from nasjax import labels as label_numbers
from nasjax.systems.architecture import conditioned
from nasjax.training import loop, losses


@dataclasses.dataclass(frozen=True)
class EmbeddedSets:
  """Embedded images of the data sets that are trained on.

  Attributes:
    embeddings: `[T, V, C, P, D]` float32; a step sees one draw of each set.
    mask: `[T, V, C, P]` float32, 1 on real images.
  """

  embeddings: jax.Array
  mask: jax.Array


def encode_datasets(
  model: conditioned.ConditionedPredictor,
  params: Any,
  embeddings: jax.Array,
  mask: jax.Array,
  key: jax.Array | None = None,
) -> jax.Array:
  """Encodes data sets `[T, C, P, D]` with masks `[T, C, P]` to `[T, K]`.

  A key makes it an encoding for training, see `ConditionedPredictor`.
  """

  def encode(one, its_mask, its_key):
    rngs = {} if key is None else {"dropout": its_key}
    train = key is not None
    return model.apply(
      params, one, its_mask, train=train, rngs=rngs, method="encode_dataset"
    )

  keys = None if key is None else jax.random.split(key, len(embeddings))
  axes = (0, 0, None if key is None else 0)
  return jnp.asarray(jax.vmap(encode, axes)(embeddings, mask, keys))


def dataset_objective(
  model: conditioned.ConditionedPredictor,
  loss_fn: losses.Loss,
  image_sets: EmbeddedSets,
) -> loop.Objective:
  """Returns the objective over targets `[b, T]`; NaN is no label.

  All data sets score the same cells, so that a cell is encoded once.
  """
  num_sets, num_draws = image_sets.embeddings.shape[:2]

  def objective(params, cells, targets, where, key):
    draw_key, forget_key, key = jax.random.split(key, 3)
    draw = jax.random.randint(draw_key, (num_sets,), 0, num_draws)
    place = jnp.arange(num_sets), draw
    drawn = image_sets.embeddings[place], image_sets.mask[place]
    states = encode_datasets(model, params, *drawn, forget_key)
    keys = jax.random.split(key, targets.shape[0])

    def score(state, cell, key):
      return model.apply(
        params, cell, state, train=True, rngs={"dropout": key}, method="score"
      )

    over_cells = jax.vmap(score, (None, 0, 0))
    scores = jax.vmap(over_cells, (0, None, None))(states, cells, keys)
    labels = targets.T
    known = where[None] * jnp.isfinite(labels)
    each = jax.vmap(lambda s, t, w: loss_fn(s, t, where=w))(
      scores, jnp.nan_to_num(labels), known
    )
    return jnp.mean(each), {}

  return objective


def score_datasets(
  model: conditioned.ConditionedPredictor,
  params: Any,
  cells: Any,
  embeddings: jax.Array,
  mask: jax.Array,
) -> jax.Array:
  """Scores cells on data sets; traceable.

  Args:
    model: the model.
    params: parameters of one member.
    cells: graphs with a leading axis `[n]`.
    embeddings: `[T, C, P, D]`.
    mask: `[T, C, P]`.

  Returns:
    Scores `[T, n]`.
  """
  states = encode_datasets(model, params, embeddings, mask)

  def score(state, cell):
    return model.apply(params, cell, state, method="score")

  over_cells = jax.vmap(score, (None, 0))
  return jnp.asarray(jax.vmap(over_cells, (0, None))(states, cells))


def normalize_within(labels: np.ndarray) -> np.ndarray:
  """Standardises labels within each data set.

  Args:
    labels: `[..., n, T]`, higher = better; NaN is no label.

  Returns:
    `[..., n, T]` float32; NaN stays.

  Raises:
    UserError: a label is infinite, or a data set has fewer than two different
      ones.
  """
  labels = np.array(labels, np.float64)
  if np.isinf(labels).any():
    raise errors.UserError(
      "labels: expected finite numbers, or NaN where there is none, got an "
      "infinite one"
    )
  known = np.isfinite(labels)
  low = np.where(known, labels, np.inf).min(-2)
  high = np.where(known, labels, -np.inf).max(-2)
  if not (high > low).all():
    place = int(np.argwhere(~(high > low))[0][-1])
    raise errors.UserError(
      f"labels of data set number {place}: expected at least two different "
      "values, got none or one; nothing can be ranked on it"
    )
  for column in np.moveaxis(labels, -1, 0):  # views of one data set each
    size = float(np.nanmax(np.abs(column)))
    np.ldexp(column, -label_numbers.exponent(size), out=column)
  mean = np.nanmean(labels, axis=-2, keepdims=True)
  std = np.nanstd(labels, axis=-2, keepdims=True)
  return ((labels - mean) / std).astype(np.float32)


def how(
  config: settings.Config,
  model: conditioned.ConditionedPredictor,
  image_sets: EmbeddedSets,
) -> dict[str, Any]:
  """Arguments of `loop.fit` for a training on the same cells of every data set.

  Args:
    config: `loss`.
    model: the predictor of cells and data sets.
    image_sets: embedded images of the `T` data sets; the targets of the
      training are `[S, n, T]` of `normalize_within`.
  """
  loss_fn = losses.get_loss(config.loss)
  return {
    "objective": dataset_objective(model, loss_fn, image_sets),
    "inputs": (image_sets.embeddings[0, 0], image_sets.mask[0, 0]),
  }
