"""`nasjax.rank` with labels: what is adapted, and mistakes."""

import numpy as np
import pytest

import nasjax
from nasjax.computation.families import macro
from nasjax.errors import UserError
from nasjax.predictors import network_labels
from nasjax.systems.gennape import ranker

CHOICES = np.random.default_rng(0).integers(0, 3, (60, 8))
VALUES = 90.0 - CHOICES.sum(axis=1)  # small networks are the better ones


@pytest.fixture(scope="module")
def graphs():
  return macro.build(CHOICES)


def computes_nothing():
  return nasjax.computation.ComputationGraph(
    (
      nasjax.computation.Node("input", (8, 8, 3)),
      nasjax.computation.Node("constant", (10,)),
      nasjax.computation.Node("output", (10,), (1,)),
    )
  )


def test_labels_change_the_order_to_theirs(graphs):
  alone = nasjax.rank(graphs[40:])
  found = nasjax.rank(graphs[40:], labelled=graphs[:40], values=VALUES[:40])
  truth = VALUES[40:]
  assert np.corrcoef(found.scores, truth)[0, 1] > 0.8
  assert np.corrcoef(alone.scores, truth)[0, 1] < 0
  assert abs(found.scores.mean() - truth.mean()) < 1.5  # the unit of the labels
  assert (found.spread >= 0).all()
  assert found.names == alone.names
  np.testing.assert_array_equal(found.novelty, alone.novelty)


def test_the_unit_of_labels_is_that_of_scores(graphs):
  first = nasjax.rank(graphs[40:], labelled=graphs[:9], values=VALUES[:9])
  other = nasjax.rank(
    graphs[40:], labelled=graphs[:9], values=list(0.01 * VALUES[:9] + 3)
  )
  np.testing.assert_allclose(other.scores, 0.01 * first.scores + 3, rtol=1e-9)
  np.testing.assert_allclose(other.spread, 0.01 * first.spread, rtol=1e-6)


def test_what_computes_nothing_stays_last(graphs):
  dead = computes_nothing()
  found = nasjax.rank(
    [dead, graphs[50]], labelled=graphs[:9], values=VALUES[:9]
  )
  assert found.scores[0] == ranker.DEAD
  assert found.scores[1] > 70
  losses = nasjax.rank(
    [dead, *graphs[50:]], labelled=graphs[:9], values=-VALUES[:9]
  )
  assert (losses.scores[1:] < ranker.DEAD).all()
  assert losses.order[-1] == 0


@pytest.mark.parametrize(
  ("num", "values", "expected"),
  [
    (
      3,
      [1.0, 2.0],
      "one value for each labelled network, got 3 networks and 2",
    ),
    (0, [1.0], "got 0 networks and 1 values"),
    (2, [1.0, 2.0], "at least 3 labelled networks with values that differ"),
    (3, [1.0, 1.0, 1.0], "got 1 different of 3"),
    (3, [1.0, 2.0, float("nan")], "finite numbers"),
    (3, ["a", "b", "c"], "finite numbers"),
    (3, [1.0, 2.0, 1e300], "finite numbers below 1e\\+30"),
    (3, [0.0, 0.0, 1e-300], "values that differ"),
    (3, None, "got 3 networks and None values"),
  ],
)
def test_mistakes(graphs, num, values, expected):
  with pytest.raises(UserError, match=expected):
    nasjax.rank(graphs[:1], labelled=graphs[:num], values=values)
  with pytest.raises(UserError, match=expected):
    network_labels.checked(graphs[:num], values)


def test_labels_of_one_network_alone(graphs):
  with pytest.raises(UserError, match=r"got copies of one .* label others"):
    nasjax.rank(graphs[:1], labelled=[graphs[5]] * 3, values=[1.0, 2.0, 3.0])
  dead = computes_nothing()
  with pytest.raises(UserError, match="got copies of one"):
    nasjax.rank(graphs[5:6], labelled=[dead, dead, graphs[5]], values=[1, 2, 3])
  with pytest.raises(UserError, match="expected a list of networks, got 'a'"):
    nasjax.rank(graphs[:1], labelled="a", values=[1.0])


def test_labelled_networks_may_have_names(graphs):
  named = dict(zip("abc", graphs, strict=False))
  found = nasjax.rank(graphs[3:5], labelled=named, values=[1.0, 2.0, 3.0])
  listed = nasjax.rank(graphs[3:5], labelled=graphs[:3], values=[1.0, 2.0, 3.0])
  np.testing.assert_array_equal(found.scores, listed.scores)
