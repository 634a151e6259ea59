"""Training on (cell, data set) pairs."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import tiny
from scoring_models import cells_of, pick

from nasjax.spaces import registry as spaces
from nasjax.systems import registry
from nasjax.systems.architecture import conditioned, multitask
from nasjax.training import loop, losses, metrics, state

NUM = 48
SHAPE = (2, 2, 3, 4, 5)  # data sets, draws, classes, images, width


@pytest.fixture(scope="module")
def cells():
  space = spaces.get_space("nb201")
  genotypes = space.sample(NUM, np.random.default_rng(0))
  return genotypes, cells_of(space, genotypes)


@pytest.fixture(scope="module")
def image_sets():
  rng = np.random.default_rng(1)
  centres = np.array([3.0, -3.0])[:, None, None, None, None]
  embeddings = centres + rng.normal(size=SHAPE)
  return multitask.EmbeddedSets(
    jnp.asarray(embeddings, jnp.float32), jnp.ones(SHAPE[:-1])
  )


def make_model(forget_rate=0.5, **fields):
  inner = {**tiny.config().model.to_dict(), "features": "none", **fields}
  inner["dropout_rate"] = 0.0
  return conditioned.ConditionedPredictor(
    registry.create_model(inner),
    width=8,
    num_heads=2,
    forget_rate=forget_rate,
  )


def first(image_sets):
  return image_sets.embeddings[0, 0], image_sets.mask[0, 0]


@pytest.mark.slow
def test_objective_is_the_mean_loss_of_the_data_sets(cells, image_sets, rng):
  model, (_, graphs) = make_model(forget_rate=0.0), cells
  one_draw = multitask.EmbeddedSets(
    image_sets.embeddings[:, :1], image_sets.mask[:, :1]
  )
  params = jax.jit(model.init)(
    jax.random.key(0), pick(graphs, 0), *first(image_sets)
  )
  labels = rng.normal(size=(NUM, 2)).astype(np.float32)
  labels[:20, 1] = np.nan
  where = np.ones(NUM, np.float32)
  where[40:] = 0
  objective = jax.jit(multitask.dataset_objective(model, losses.mse, one_draw))
  found, _ = objective(params, graphs, labels, where, jax.random.key(1))
  images = one_draw.embeddings[:, 0], one_draw.mask[:, 0]

  @jax.jit
  def both(params):
    states = multitask.encode_datasets(model, params, *images)
    known = trained_scores(model, params, graphs, states)
    unknown = trained_scores(model, params, graphs, 0 * states)
    tested = multitask.score_datasets(make_model(), params, graphs, *images)
    return known, unknown, tested

  scores, unknown, tested = map(np.asarray, both(params))
  assert scores.shape == (2, NUM)
  assert np.abs(scores[0] - scores[1]).max() > 1e-4
  squares = (scores.T - labels) ** 2
  expected = (squares[:40, 0].mean() + squares[20:40, 1].mean()) / 2
  assert float(found) == pytest.approx(expected, rel=1e-4)
  # What is tested is the mean of what both say.
  np.testing.assert_array_equal(unknown[0], unknown[1])
  np.testing.assert_allclose(tested, (scores + unknown) / 2, atol=1e-5)

  always = multitask.dataset_objective(
    make_model(forget_rate=1.0), losses.mse, one_draw
  )
  found, _ = jax.jit(always)(params, graphs, labels, where, jax.random.key(1))
  squares = (unknown.T - labels) ** 2
  expected = (squares[:40, 0].mean() + squares[20:40, 1].mean()) / 2
  assert float(found) == pytest.approx(expected, rel=1e-4)


def trained_scores(model, params, graphs, states):
  """Scores `[T, n]` as training sees them, without dropout."""

  def score(state, cell):
    keys = {"dropout": jax.random.key(0)}
    return model.apply(
      params, cell, state, train=True, rngs=keys, method="score"
    )

  return jax.vmap(jax.vmap(score, (None, 0)), (0, None))(states, graphs)


def fit(model, cells, image_sets, targets):
  config = tiny.config(epochs=60, batch_size=NUM, **{"num_seeds": 1})
  config.optimizer.learning_rate = 1e-2
  objective = multitask.dataset_objective(
    model, losses.pairwise_logistic, image_sets
  )
  trained = loop.fit(
    config,
    model,
    jax.tree.map(lambda leaf: leaf[None], cells[1]),
    targets[None],
    state.member_keys(0, 1, 1),
    objective=objective,
    inputs=first(image_sets),
  )
  return jax.jit(
    lambda p: multitask.score_datasets(
      model, p, cells[1], image_sets.embeddings[:, 1], image_sets.mask[:, 1]
    )
  )(pick(pick(trained.params, 0), 0))


@pytest.mark.slow
def test_only_who_sees_the_images_tells_opposite_data_sets_apart(
  cells, image_sets
):
  value = cells[0].astype(np.float32).sum(axis=1)
  targets = np.stack([value, -value], axis=1)
  model = make_model(forget_rate=0.0)
  scores = fit(model, cells, image_sets, targets)
  taus = [metrics.kendall_tau(scores[i], targets[:, i]) for i in range(2)]
  assert min(taus) > 0.5
  blind = model.clone(sees_dataset=False)
  same = fit(blind, cells, image_sets, targets)
  np.testing.assert_array_equal(same[0], same[1])
