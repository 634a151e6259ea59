"""The predictor of any network: its parts by hand, its file, what it ranks."""

import numpy as np
import pytest

from nasjax import files
from nasjax.computation import ComputationGraph, Node, measures
from nasjax.computation.families import macro, nb201
from nasjax.computation.families.builder import Builder
from nasjax.errors import UserError
from nasjax.systems.gennape import forest, fuzzy, ranker, region
from nasjax.systems.gennape import whole_network as networks

STUMP = forest.Forest(
  feature=np.array([1, 0, 0, 0], np.uint8),
  threshold=np.array([0.5, 0, 0, 0], np.float32),
  left=np.array([1, 1, 2, 0], np.uint16),
  right=np.array([2, 1, 2, 0], np.uint16),
  value=np.array([0, -1, 3, 7], np.float16),
  roots=np.array([0, 3], np.int32),
  depth=1,
)


def plain(width, depth):
  """A network of equal convolutions."""
  b = Builder(32)
  x = b.conv_norm_act(0, width, 3, 2)
  for _ in range(depth):
    x = b.conv_norm_act(x, width, 3)
  return b.classify(x, 10)


def test_trees_by_hand():
  # The second tree is a leaf that says 7.
  found = STUMP.predict(np.array([[9, 0.5], [9, 0.6]]))
  assert found.tolist() == [(-1 + 7) / 2, (3 + 7) / 2]
  assert STUMP.predict(np.zeros((0, 2))).shape == (0,)


def test_trees_are_those_of_scikit_learn():
  ensemble = pytest.importorskip("sklearn.ensemble")
  rng = np.random.default_rng(0)
  inputs = rng.normal(size=(300, 5)).astype(np.float32)
  targets = inputs[:, 0] * inputs[:, 1]
  fitted = ensemble.ExtraTreesRegressor(5, random_state=0).fit(inputs, targets)
  found = forest.from_sklearn(fitted.estimators_).predict(inputs)
  np.testing.assert_allclose(found, fitted.predict(inputs), atol=2e-3)


def test_line_by_hand():
  first = np.zeros((2, len(measures.NAMES)))
  places = [measures.NAMES.index(name) for name in networks.SIZES]
  first[1, places] = (2.0, 4.0, 6.0)
  centre, slopes = networks.slopes_of([first, first])
  assert centre.tolist() == [1, 2, 3]
  # Spreads 1, 2, 3: every size adds a third, and the line has the spread 1.
  np.testing.assert_allclose(slopes, [1 / 3, 1 / 6, 1 / 9])
  found = networks.WholeNetwork(centre, slopes, STUMP)
  assert found.line(first).tolist() == pytest.approx([-1, 1])


def test_memberships_by_hand():
  points = np.array([[0.0], [1.0], [4.0]])
  found = fuzzy.memberships(points, np.array([[0.0], [3.0]]))
  assert found[0, 0] == pytest.approx(1)
  # Squared distances 1 and 4, 16 and 1.
  np.testing.assert_allclose(found[1:], [[0.8, 0.2], [1 / 17, 16 / 17]])


def test_clusters_are_found():
  rng = np.random.default_rng(0)
  centres = np.array([[0.0, 0.0], [9.0, 0.0], [0.0, 9.0]])
  points = np.concatenate([c + rng.normal(size=(40, 2)) for c in centres])
  found = fuzzy.fit(points, 3, seed=1)
  apart = np.linalg.norm(found[:, None] - centres[None], axis=-1)
  assert sorted(apart.argmin(axis=1)) == [0, 1, 2]
  assert apart.min(axis=1).max() < 0.6


def test_novelty_grows_with_distance():
  rng = np.random.default_rng(0)
  loads = rng.normal(size=(3, len(measures.NAMES)))
  latent = rng.normal(size=(400, 3))
  known = latent @ loads
  found = region.fit(known, seed=0)
  assert found.novelty(known).max() == pytest.approx(0, abs=1e-6)
  assert np.median(found.novelty((latent + 0.01) @ loads)) < 0.2
  assert found.novelty((latent + 4.0) @ loads).mean() > 1
  np.testing.assert_allclose(found.membership(known).sum(axis=1), 1)


def test_shipped_ranker():
  size = sum(p.stat().st_size for p in ranker.FOLDER.iterdir() if p.is_file())
  assert size < 3e6
  card = (ranker.FOLDER / "README.md").read_text()
  for fact in ("NAS-Bench-101", "SURROGATE", "fails", "Spearman"):
    assert fact in card
  model = ranker.load()
  # Convolutions everywhere, one of them, none that anything reaches.
  cells = np.array([[3, 3, 3, 3, 3, 3], [0, 0, 0, 2, 0, 0], [3, 0, 0, 0, 0, 0]])
  found = model.score(nb201.build(cells))
  assert found.scores[0] > found.scores[1] + 0.5
  assert found.scores[2] == ranker.DEAD
  assert found.membership.shape == (3, region.CLUSTERS)
  np.testing.assert_allclose(found.membership.sum(axis=1), 1)
  assert found.novelty[0] < 1 < found.novelty[2]
  assert (found.spread[:2] > 0).all()


def test_scores_stand_alone_and_follow_size():
  model = ranker.load()
  graphs = [plain(8, 2), plain(32, 4), plain(128, 8)]
  together = model.score(graphs).scores
  alone = [model.score([graph]).scores[0] for graph in graphs]
  np.testing.assert_allclose(together, alone, rtol=1e-12)
  assert together[0] < together[1] < together[2]
  assert model.score([]).scores.shape == (0,)
  unknown = ComputationGraph(
    (Node("input", (7,)), Node("other", (7,), (0,)), Node("output", (7,), (1,)))
  )
  assert model.score([unknown]).novelty[0] > 1


def test_a_file_is_read_back_and_checked(tmp_path):
  model = ranker.load()
  path = tmp_path / "ranker.npz"
  ranker.save(path, model)
  graphs = macro.build(np.array([[1, 0, 2, 1, 0, 1, 2, 0]]))
  again = ranker.read(path).score(graphs)
  for one, other in zip(model.score(graphs), again, strict=True):
    np.testing.assert_allclose(one, other, rtol=1e-5)
  arrays = files.load_npz(path)
  files.save_npz(path, **{**arrays, "names": np.array(["params"])})
  with pytest.raises(UserError, match="expected the measures of this version"):
    ranker.read(path)
  del arrays["known/unit"]
  files.save_npz(path, **arrays)
  with pytest.raises(UserError, match="expected the array 'known/unit'"):
    ranker.read(path)
  path.write_bytes(path.read_bytes()[:1000])
  with pytest.raises(UserError):
    ranker.read(path)
