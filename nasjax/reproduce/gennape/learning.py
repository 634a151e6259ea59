"""Learns predictors of whole networks from several families.

Dimensions: `n` networks, `P` measures.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from nasjax.reproduce import extras
from nasjax.reproduce.gennape import data
from nasjax.systems.gennape import forest, ranker, region, whole_network

DRAWS, TREES, LEAF = (150, 150, 300, 300), 9, 10
"""Networks of a family in each draw, trees of each, networks of a leaf."""


def learn(
  samples: Mapping[str, data.Sample], names: Sequence[str], seed: int
) -> whole_network.WholeNetwork:
  """Learns from families.

  Args:
    samples: networks by family.
    names: the families that are learnt from.
    seed: of the draws and the trees.

  Raises:
    UserError: scikit-learn is not installed.
  """
  ensemble = extras.load("sklearn.ensemble", "baselines")
  trees = []
  for draw, most in enumerate(DRAWS):
    rng = np.random.default_rng([seed, draw])
    rows = [(samples[name], _drawn(samples[name], rng, most)) for name in names]
    found = ensemble.ExtraTreesRegressor(
      TREES,
      min_samples_leaf=LEAF,
      max_features=1.0,
      random_state=len(DRAWS) * seed + draw,
    ).fit(
      np.concatenate([each.measures[chosen] for each, chosen in rows]),
      np.concatenate([each.targets[chosen] for each, chosen in rows]),
    )
    trees += found.estimators_
  line = whole_network.slopes_of([_live(samples[name]) for name in names])
  return whole_network.WholeNetwork(*line, forest.from_sklearn(trees))


def _drawn(sample, rng: np.random.Generator, most: int) -> np.ndarray:
  """Rows of networks that compute anything."""
  rows = rng.permutation(len(sample))
  return rows[whole_network.is_live(sample.measures[rows])][:most]


def _live(sample: data.Sample) -> np.ndarray:
  return sample.measures[whole_network.is_live(sample.measures)]


def learn_all(samples: Mapping[str, data.Sample], seed: int) -> ranker.Ranker:
  """Learns one member without each family, and the region of all of them."""
  members = {}
  for name in samples:
    others = data.without(name, tuple(samples))
    members.setdefault("+".join(sorted(set(samples) - set(others))), others)
  rng = np.random.default_rng(seed)
  known = [
    each.measures[_drawn(each, rng, max(DRAWS))] for each in samples.values()
  ]
  return ranker.Ranker(
    {key: learn(samples, names, seed) for key, names in members.items()},
    region.fit(np.concatenate(known), seed),
  )
