"""Losses over a batch of predictions; padding is masked by `where`.

Every loss takes predictions `[b]` and targets `[b]` (normalised labels, higher
= better) and returns a scalar that stays finite on an empty mask.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp

from nasjax import errors

Loss = Callable[..., jax.Array]


def mse(
  predictions: jax.Array, targets: jax.Array, *, where: jax.Array
) -> jax.Array:
  """Mean squared error (section 3.4.3 of Wang et al. 2024), scalar.

  Args:
    predictions: `[b]`.
    targets: `[b]`.
    where: `[b]`, 1 on real rows.
  """
  squared = jnp.square(predictions - targets) * where
  return jnp.sum(squared) / jnp.maximum(jnp.sum(where), 1)


def _pairs(
  predictions: jax.Array, targets: jax.Array, where: jax.Array
) -> tuple[jax.Array, jax.Array]:
  """Margins `[b, b]` of ordered pairs and the weight of each pair `[b, b]`."""
  better = targets[:, None] > targets[None, :]
  weight = better * where[:, None] * where[None, :]
  return predictions[:, None] - predictions[None, :], weight


def _mean_over_pairs(cost: jax.Array, weight: jax.Array) -> jax.Array:
  return jnp.sum(cost * weight) / jnp.maximum(jnp.sum(weight), 1)


def pairwise_logistic(
  predictions: jax.Array, targets: jax.Array, *, where: jax.Array
) -> jax.Array:
  """Logistic cost of each pair in the wrong order (RankNet, Burges 2005).

  `mean over y_i > y_j of log(1 + exp(-(s_i - s_j)))`; ties are ignored.
  Arguments as in `mse`; returns a scalar.
  """
  margins, weight = _pairs(predictions, targets, where)
  return _mean_over_pairs(jax.nn.softplus(-margins), weight)


def pairwise_hinge(
  predictions: jax.Array,
  targets: jax.Array,
  *,
  where: jax.Array,
  margin: float = 0.1,
) -> jax.Array:
  """Hinge cost of each pair (GATES, Ning et al. 2020), scalar.

  `mean over y_i > y_j of max(0, margin - (s_i - s_j))`; ties are ignored.
  Arguments as in `mse`, and the margin in units of the prediction.
  """
  margins, weight = _pairs(predictions, targets, where)
  return _mean_over_pairs(jax.nn.relu(margin - margins), weight)


LOSSES: dict[str, Loss] = {
  "mse": mse,
  "pairwise_logistic": pairwise_logistic,
  "pairwise_hinge": pairwise_hinge,
}


def get_loss(name: str) -> Loss:
  """Returns a loss by name.

  Raises:
    UserError: no loss has that name.
  """
  errors.check_name("loss", name, LOSSES)
  return LOSSES[name]
