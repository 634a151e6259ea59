"""Losses against hand-worked values, masks, and gradients."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from nasjax import errors
from nasjax.training import losses

ONES = jnp.ones(3)


def test_mse_by_hand():
  got = losses.mse(
    jnp.array([1.0, 2.0, 9.0]),
    jnp.array([0.0, 4.0, 0.0]),
    where=jnp.array([1.0, 1.0, 0.0]),
  )
  assert float(got) == pytest.approx((1 + 4) / 2)


def test_pairwise_logistic_by_hand():
  # Ordered pairs (better, worse): (1, 0), (2, 0), (2, 1).
  got = losses.pairwise_logistic(
    jnp.array([0.0, 1.0, -1.0]), jnp.array([0.0, 1.0, 2.0]), where=ONES
  )
  expected = np.mean([np.log1p(np.exp(-margin)) for margin in (1, -1, -2)])
  assert float(got) == pytest.approx(expected, rel=1e-6)


def test_pairwise_hinge_by_hand():
  got = losses.pairwise_hinge(
    jnp.array([0.0, 0.04, 5.0]), jnp.array([0.0, 1.0, 2.0]), where=ONES
  )
  assert float(got) == pytest.approx(0.06 / 3, rel=1e-5)


@pytest.mark.parametrize("name", losses.LOSSES)
def test_masked_rows_change_neither_value_nor_gradient(name):
  loss = losses.get_loss(name)
  targets = jnp.array([0.3, -0.2, 1.0])
  predictions = jnp.array([0.1, 0.5, -0.3])
  value, gradient = jax.value_and_grad(loss)(predictions, targets, where=ONES)
  padded_value, padded = jax.value_and_grad(loss)(
    jnp.append(predictions, 77.0),
    jnp.append(targets, -55.0),
    where=jnp.array([1.0, 1.0, 1.0, 0.0]),
  )
  assert float(value) == pytest.approx(float(padded_value), rel=1e-6)
  np.testing.assert_allclose(padded, jnp.append(gradient, 0.0), atol=1e-7)


@pytest.mark.parametrize("name", losses.LOSSES)
def test_empty_mask_is_finite(name):
  loss = losses.get_loss(name)
  value, gradient = jax.value_and_grad(loss)(ONES, ONES, where=jnp.zeros(3))
  assert float(value) == 0.0
  np.testing.assert_array_equal(gradient, np.zeros(3))


@pytest.mark.parametrize("name", ["pairwise_logistic", "pairwise_hinge"])
def test_ties_count_nothing(name):
  loss = losses.get_loss(name)
  assert float(loss(jnp.arange(3.0), ONES, where=ONES)) == 0.0


def test_unknown_loss():
  with pytest.raises(errors.UserError, match="unknown loss 'rank'"):
    losses.get_loss("rank")
