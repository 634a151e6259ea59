"""Cosine and RV coefficient by hand."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from nasjax.reproduce import table5

COSINE, RV = jax.jit(table5.cosine), jax.jit(table5.rv)
# 0 -> 1 -> 2, and a padded fourth node.
CHAIN = jnp.array(
  [[0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 0], [0, 0, 0, 0]], jnp.float32
)
MASK = jnp.array([1, 1, 1, 0], jnp.float32)


def test_cosine_by_hand():
  # Nodes 0 and 1 point one way, node 2 at right angles; the padding is noise.
  states = jnp.array([[2.0, 0.0], [1.0, 0.0], [0.0, 3.0], [5.0, 5.0]])
  # Similarities without the diagonal: [0, 1, 0], [1, 0, 0], [0, 0, 0].
  # Row 0 of the chain agrees (1), row 1 does not (0), row 2 feeds nothing.
  assert float(COSINE(CHAIN, states, MASK)) == pytest.approx(0.5)


def test_cosine_of_a_cell_without_edges_is_zero():
  states = jnp.ones((4, 2))
  assert float(COSINE(jnp.zeros((4, 4)), states, MASK)) == 0.0


def test_rv_against_the_definition(rng):
  states = rng.normal(size=(4, 5)).astype(np.float32)
  centred = [np.asarray(x)[:3] for x in (CHAIN, states)]
  grams = [x @ x.T for x in (c - c.mean(axis=0) for c in centred)]
  expected = np.trace(grams[0] @ grams[1]) / np.sqrt(
    np.trace(grams[0] @ grams[0]) * np.trace(grams[1] @ grams[1])
  )
  found = float(RV(CHAIN, jnp.asarray(states), MASK))
  assert found == pytest.approx(expected, rel=1e-5)


def test_rv_is_one_for_a_rotated_and_scaled_matrix():
  turned = 3.0 * CHAIN[:, jnp.array([2, 0, 1, 3])] + 7.0
  assert float(RV(CHAIN, turned, MASK)) == pytest.approx(1.0)
  assert float(RV(CHAIN, jnp.ones((4, 2)), MASK)) == 0.0
