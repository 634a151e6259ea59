"""Set blocks and the dataset encoder: invariances, and attention by hand."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from nasjax.models import set_transformer
from nasjax.systems.architecture import dataset_encoder

WIDTH, HEADS = 8, 2


def draw(rng, shape):
  """Weights that keep the size of their inputs; scales and biases near 1."""
  if len(shape) == 2:
    return rng.standard_normal(shape) / shape[0] ** 0.5
  return rng.uniform(0.5, 1.0, shape)


@pytest.fixture(scope="module")
def sets():
  """Embeddings `[4, 5, 6]`, a ragged mask, and an encoder with parameters."""
  rng = np.random.default_rng(0)
  mask = np.ones((4, 5), np.float32)
  mask[0, 3:] = 0
  mask[2, 1:] = 0
  embeddings = rng.standard_normal((4, 5, 6)).astype(np.float32)
  model = dataset_encoder.DatasetEncoder(WIDTH, HEADS)
  shapes = jax.eval_shape(model.init, jax.random.key(1), embeddings, mask)
  params = jax.tree.map(
    lambda leaf: draw(rng, leaf.shape).astype(np.float32), shapes
  )
  return jax.jit(model.apply), params, embeddings, mask


def test_order_changes_nothing(sets):
  apply, params, embeddings, mask = sets
  want = apply(params, embeddings, mask)
  assert want.shape == (WIDTH,)
  rng = np.random.default_rng(1)
  for _ in range(3):
    classes = rng.permutation(4)
    images = np.stack([rng.permutation(5) for _ in range(4)])
    rows = classes[:, None]
    shuffled = embeddings[rows, images], mask[rows, images]
    np.testing.assert_allclose(apply(params, *shuffled), want, atol=1e-5)


def test_content_changes_something(sets):
  apply, params, embeddings, mask = sets
  want = apply(params, embeddings, mask)
  for place in ((0, 0), (3, 4)):
    other = embeddings.copy()
    other[place] += 1
    assert np.abs(apply(params, other, mask) - want).max() > 1e-3
  moved = embeddings.copy()  # images between classes
  moved[[1, 3], 0] = moved[[3, 1], 0]
  assert np.abs(apply(params, moved, mask) - want).max() > 1e-4


def test_padding_changes_nothing(sets):
  apply, params, embeddings, mask = sets
  want = apply(params, embeddings, mask)
  other = np.where(mask[..., None] > 0, embeddings, 1e3)
  np.testing.assert_allclose(apply(params, other, mask), want, atol=1e-5)


def test_padded_data_sets_side_by_side(sets):
  apply, params, embeddings, mask = sets
  want = apply(params, embeddings, mask)
  padded = np.full((2, 7, 9, 6), 1e3, np.float32)
  padded[0, :4, :5] = embeddings
  padded[1, 2:6, 4:] = 2 * embeddings
  masks = np.zeros((2, 7, 9), np.float32)
  masks[0, :4, :5] = masks[1, 2:6, 4:] = mask
  got = jax.jit(jax.vmap(apply, (None, 0, 0)))(params, padded, masks)
  np.testing.assert_allclose(got[0], want, atol=1e-5)
  doubled = apply(params, 2 * embeddings, mask)
  np.testing.assert_allclose(got[1], doubled, atol=1e-5)
  assert np.abs(got[1] - got[0]).max() > 1e-3


def test_one_image_is_a_data_set(sets):
  apply, params, embeddings, mask = sets
  alone = np.zeros_like(mask)
  alone[1, 2] = 1
  got = apply(params, embeddings, alone)
  assert np.isfinite(got).all()
  moved = np.zeros_like(embeddings)
  moved[3, 0] = embeddings[1, 2]
  elsewhere = np.zeros_like(mask)
  elsewhere[3, 0] = 1
  np.testing.assert_allclose(apply(params, moved, elsewhere), got, atol=1e-5)


def test_gradients_stay_finite(sets):
  _, _, embeddings, mask = sets
  block = set_transformer.SAB(6, HEADS)
  shapes = jax.eval_shape(block.init, jax.random.key(0), embeddings, mask)
  params = jax.tree.map(lambda leaf: np.ones(leaf.shape, np.float32), shapes)

  @jax.jit
  def gradient(params, mask):
    return jax.grad(
      lambda each: jnp.sum(block.apply(each, embeddings, mask) ** 2)
    )(params)

  for each in (mask, np.zeros_like(mask)):
    leaves = jax.tree.leaves(gradient(params, each))
    assert all(np.isfinite(leaf).all() for leaf in leaves)


def test_attention_by_hand(rng):
  """One head with identity weights is softmax(q k / sqrt(K)) v."""
  module = set_transformer.CrossAttention(2, 1)
  identity = {"kernel": np.eye(2, dtype=np.float32), "bias": np.zeros(2)}
  names = ("query", "key", "value", "output")
  variables = {"params": dict.fromkeys(names, identity)}
  queries = np.array([[1.0, 0.0]], np.float32)
  elements = np.array([[0.0, 2.0], [2.0**0.5, 1.0], [9.0, 9.0]], np.float32)
  got = module.apply(variables, queries, elements, np.array([1.0, 1.0, 0.0]))
  second = np.e / (1 + np.e)  # logits 0 and 1
  want = [second * 2**0.5, (1 - second) * 2 + second]
  np.testing.assert_allclose(got, [want], rtol=1e-5)
  nothing = module.apply(variables, queries, elements, np.zeros(3))
  np.testing.assert_array_equal(nothing, np.zeros((1, 2)))


def test_pooling_gives_one_vector_a_seed():
  elements, mask = np.zeros((3, 5, WIDTH)), np.ones((3, 5))
  pool = set_transformer.PMA(WIDTH, HEADS, num_seeds=2)
  result, _ = jax.eval_shape(
    pool.init_with_output, jax.random.key(0), elements, mask
  )
  assert result.shape == (3, 2, WIDTH)
