"""Searches in embeddings: where they move, what they learn, what is refused."""

import jax
import numpy as np
import pytest
import toy

import nasjax
from nasjax import compiler, errors, search
from nasjax.search import latent
from nasjax.surrogates import embeddings, policy
from nasjax.systems.arch2vec import stored

SPACE = toy.Toy()
STRATEGIES = ("dngo", "reinforce")


def _vectors(seed=0):
  """An embedding in which the score is a direction, `[1023, 4]`."""
  rng = np.random.default_rng(seed)
  found = rng.normal(size=(SPACE.size, 4))
  found[:, 0] = toy.additive(SPACE.enumerate()) / 4
  return found


def _mean_best(name, budget, embedding, **options):
  strategy = search.get_strategy(name, embedding=embedding, **options)
  runs = [
    search.run(strategy, SPACE, toy.additive, budget, seed).scores
    for seed in range(5)
  ]
  return np.mean([scores.max() for scores in runs])


def _walk(walker):
  return compiler.jit(walker.walk)


def test_rows_are_those_of_the_cells_and_values_are_scaled():
  strategy = search.get_strategy("dngo", embedding=_vectors())
  table = strategy.table(strategy.init(SPACE, 0, 5))
  assert table.values.shape == (SPACE.size, 4)
  np.testing.assert_allclose(table.values.mean(axis=0), 0, atol=1e-5)
  assert np.mean(table.values**2) == pytest.approx(1, rel=1e-4)
  cells = SPACE.sample(20, np.random.default_rng(1))
  rows = table.rows(SPACE, cells)
  np.testing.assert_array_equal(table.genotypes[rows], cells)
  ours = np.searchsorted(
    np.sort(SPACE.lookup_keys(SPACE.enumerate())), SPACE.lookup_keys(cells)
  )
  np.testing.assert_array_equal(rows, ours)
  # One scale for all numbers: distances keep their proportions.
  scores = toy.additive(cells) / 4
  apart = table.values[rows, 0] - table.values[rows[0], 0]
  given = (scores - scores[0])[1:]
  ratios = apart[1:][given != 0] / given[given != 0]
  np.testing.assert_allclose(ratios, ratios[0], rtol=1e-4)


def test_a_step_leads_to_the_nearest_cell_that_was_not_asked():
  rng = np.random.default_rng(0)
  values = rng.normal(size=(50, 3)).astype(np.float32)
  taken = np.zeros(50, bool)
  taken[:10] = True
  walker = policy.Policy(3, steps=8, spread=0.7)
  learner, walk = compiler.jit(walker.start)(jax.random.key(1)), _walk(walker)
  key = jax.random.key(2)
  whole = walk(learner, walker.episode(4), values, taken, key, 8)
  rows, actions = np.asarray(whole.rows), np.asarray(whole.actions)
  assert len(set(rows.tolist())) == 8
  np.testing.assert_array_equal(whole.inputs[0], values[4])
  np.testing.assert_array_equal(whole.inputs[1:], values[rows[:-1]])
  for row, action in zip(rows, actions, strict=True):
    apart = np.linalg.norm(values - action, axis=1)
    assert row == np.argmin(np.where(taken, np.inf, apart))
    taken[row] = True
  # In parts it is the same walk.
  taken = np.arange(50) < 10
  first = walk(learner, walker.episode(4), values, taken, key, 3)
  taken = taken | np.isin(np.arange(50), rows[:3])
  both = walk(learner, first, values, taken, key, 5)
  np.testing.assert_array_equal(both.rows, rows)
  np.testing.assert_allclose(both.actions, actions, rtol=1e-5)


@pytest.mark.slow
def test_returns_are_discounted_and_raise_the_likelihood_of_what_paid():
  walker = policy.Policy(2, steps=4, learning_rate=1e-3, discount=0.5)
  learner, walk = compiler.jit(walker.start)(jax.random.key(0)), _walk(walker)
  learn = compiler.jit(walker.learn)
  values = np.random.default_rng(0).normal(size=(30, 2)).astype(np.float32)
  episode = walk(
    learner, walker.episode(0), values, np.zeros(30, bool), jax.random.key(1), 4
  )

  def distances(learner):
    again = walk(
      learner,
      episode._replace(length=np.int32(0), row=np.int32(0)),
      values,
      np.zeros(30, bool),
      jax.random.key(1),
      1,
    )  # the noise is the same, so the first action moves with its mean
    noise = jax.random.normal(jax.random.key(1), (4, 2))[0]
    return float(np.sum((episode.actions[0] - again.actions[0] + noise) ** 2))

  before = distances(learner)
  # A reward of the second step is half one of the first step.
  late = learn(learner, episode, np.array([0.0, 2.0, 0.0, 0.0]))
  early = learn(learner, episode, np.array([1.0, 0.0, 0.0, 0.0]))
  worse = learn(learner, episode, np.array([-1.0, 0.0, 0.0, 0.0]))
  assert distances(early) < before < distances(worse)
  assert distances(late) < before
  assert int(early.count) == 1


@pytest.mark.slow
@pytest.mark.parametrize("name", STRATEGIES)
def test_an_embedding_that_knows_is_better_than_one_that_does_not(name):
  options = {"dngo": {"epochs": 30}}.get(name, {"learning_rate": 0.03})
  budget = {"dngo": 40}.get(name, 160)
  found = _mean_best(name, budget, _vectors(), **options)
  blind = np.random.default_rng(3).normal(size=(SPACE.size, 4))
  assert found > _mean_best(name, budget, blind, **options) + 0.5


@pytest.mark.slow
@pytest.mark.parametrize("name", STRATEGIES)
def test_batches_of_reinforce_are_one_walk(name):
  strategy = search.get_strategy(name, num_candidates=200)
  space = toy.Toy(enumerable=False)
  runs = [
    search.run(strategy, space, toy.additive, 40, 3, batch_size=size).genotypes
    for size in (1, 7)
  ]
  assert np.array_equal(*runs) == (name == "reinforce")


def test_other_vectors_are_another_search(tmp_path):
  ours, others = (
    search.get_strategy("reinforce", embedding=_vectors(seed))
    for seed in (0, 1)
  )
  search.save(tmp_path / "a.npz", ours, ours.init(SPACE, 0, 10))
  search.load(tmp_path / "a.npz", ours, SPACE)
  with pytest.raises(errors.UserError, match="expected strategy"):
    search.load(tmp_path / "a.npz", others, SPACE)


def test_a_function_and_a_part_of_a_space():
  space = nasjax.get_space("nb101")
  cells = space.sample(30, np.random.default_rng(0))
  part = search.Subset(space, cells)
  strategy = search.get_strategy(
    "dngo", embedding=lambda rows: rows[:, :21].astype(float), num_first=5
  )
  result = search.run(strategy, part, lambda rows: rows.sum(axis=1), 20, 0)
  assert result.num_scored == min(20, part.size)
  assert part.has(result.genotypes).all()


@pytest.mark.parametrize("name", ["nb101", "nb201", "darts"])
def test_adjacency_tells_cells_of_real_spaces_apart(name):
  space = nasjax.get_space(name)
  cells = np.unique(space.sample(300, np.random.default_rng(0)), axis=0)
  found = embeddings.of_cells(space, "adjacency", cells)
  assert set(np.unique(found)) == {0, 1}
  assert len(np.unique(found, axis=0)) == len(cells)


def test_arch2vec_embeds_a_part_of_a_space():
  space = nasjax.get_space("nb201")
  part = search.Subset(space, space.enumerate()[:300])
  strategy = search.get_strategy("reinforce", embedding="arch2vec")
  table = strategy.table(strategy.init(part, 0, 10))
  model = nasjax.Embedder.load("nb201")
  assert table.values.shape == (300, model.width)
  found = model.embed(table.genotypes)
  found -= found.mean(axis=0)
  scale = np.sqrt(np.mean(found**2))
  np.testing.assert_allclose(table.values, found / scale, atol=1e-4)


def test_no_embedder_of_a_space():
  strategy = search.get_strategy("dngo", embedding="arch2vec")
  message = (
    "no arch2vec embedding of the space 'toy' comes with nasjax, only of"
  )
  with pytest.raises(errors.UserError, match=message) as caught:
    strategy.init(SPACE, 0, 10)
  assert "\n" not in str(caught.value)


def test_a_folder_without_an_embedder(tmp_path):
  strategy = search.get_strategy("dngo", embedding=str(tmp_path))
  with pytest.raises(errors.UserError, match="no embedder in"):
    strategy.init(SPACE, 0, 10)


def test_an_embedder_of_another_space():
  folder = str(stored.SHIPPED / "nb201")
  strategy = search.get_strategy("dngo", embedding=folder)
  with pytest.raises(errors.UserError, match="of the space 'nb201'"):
    strategy.init(nasjax.get_space("nb101"), 0, 10)


def test_equal_scores_are_searched_at_random():
  for name in STRATEGIES:
    strategy = search.get_strategy(name)
    result = search.run(strategy, SPACE, lambda rows: np.ones(len(rows)), 40, 0)
    assert result.num_scored == 40


@pytest.mark.parametrize("name", STRATEGIES)
@pytest.mark.parametrize(
  ("options", "message"),
  [
    ({"embedding": "word2vec"}, "unknown embedding 'word2vec'"),
    ({"embedding": np.ones(4)}, "embedding: expected one of adjacency"),
    ({"embedding": [["a"]]}, "embedding: expected one of adjacency"),
    ({"num_candidates": 0}, "num_candidates: expected a whole number"),
    ({"learning_rate": -1}, "learning_rate: expected a number of at least 0"),
    ({"learning_rate": np.inf}, "learning_rate: expected a number"),
    ({"learning_rate": "fast"}, "learning_rate: expected a number"),
  ],
)
def test_refuses_options(name, options, message):
  with pytest.raises(errors.UserError, match=message) as caught:
    search.get_strategy(name, **options)
  assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
  ("embedding", "message"),
  [
    (np.ones((7, 3)), "one row for each of 1023 architectures .* 'toy', got"),
    (np.full((1023, 3), np.nan), "expected finite numbers"),
    (lambda rows: rows[:5], "one row for each of 1023"),
    (lambda rows: rows[:, 0], "one row for each of 1023"),
    (lambda rows: ["far"] * len(rows), "one row for each of 1023"),
    (np.ones((1023, 0)), "one row for each of 1023"),
  ],
)
def test_refuses_vectors_of_other_cells(embedding, message):
  strategy = search.get_strategy("dngo", embedding=embedding)
  with pytest.raises(errors.UserError, match=message):
    strategy.init(SPACE, 0, 10)


def test_an_action_is_drawn():
  with pytest.raises(errors.UserError, match=r"spread: .* at least 1e-06"):
    search.get_strategy("reinforce", spread=0)


def test_a_training_that_diverges_is_one_line():
  strategy = search.get_strategy("dngo", learning_rate=1e30, epochs=5)
  with pytest.raises(errors.UserError, match="finite weights"):
    search.run(strategy, SPACE, toy.additive, 40, 0)


def test_discount_is_a_share():
  with pytest.raises(
    errors.UserError, match=r"discount: .* from 0 to 1, got 2"
  ):
    search.get_strategy("reinforce", discount=2)


def test_centred_scores():
  found = latent.centred(np.array([1.0, 3.0]))
  np.testing.assert_allclose(found, [-1, 1])
  np.testing.assert_array_equal(latent.centred(np.ones(3)), np.zeros(3))
