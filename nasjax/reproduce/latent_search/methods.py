"""The compared searches by name, and how one is run.

Dimensions: `t` trainings.
"""

import numpy as np

from nasjax import search
from nasjax.reproduce.latent_search import problems
from nasjax.search import base

METHODS = {
  "reinforce_arch2vec": "REINFORCE, arch2vec",
  "reinforce_adjacency": "REINFORCE, adjacency",
  "dngo_arch2vec": "DNGO, arch2vec",
  "dngo_adjacency": "DNGO, adjacency",
  "random": "random search",
  "evolution": "regularised evolution",
  "local": "local search",
  "model": "nasjax, model-based search",
}
"""Method -> its title, in the order of the tables."""

PUBLISHED = {
  "reinforce_arch2vec": 0.00209,
  "dngo_arch2vec": 0.00275,
  "random": 0.00858,
  "evolution": 0.00751,
}
"""Mean test regret at 10^6 s of the published runs of Yan et al. 2020."""
NUM_SEEDS = {
  problems.VALIDATION: {
    "reinforce_arch2vec": 50,
    "reinforce_adjacency": 50,
    "dngo_arch2vec": 5,
    "dngo_adjacency": 5,
    "evolution": 10,
    "local": 0,
    "model": 1,
  },
  problems.MEAN: {
    "reinforce_arch2vec": 50,
    "reinforce_adjacency": 10,
    "dngo_arch2vec": 2,
    "dngo_adjacency": 0,
    "evolution": 20,
    "local": 20,
    "model": 0,
  },
}
"""Seeds of a method that are run at most; 0 where it would take hours."""
_MOST = 3000  # trainings of a search


def make(name: str) -> base.Strategy:
  """Returns the strategy of a method; all have their defaults."""
  first, *others = name.split("_")
  if not others:
    return search.get_strategy(first)
  return search.get_strategy(first, embedding=others[-1])


def num_seeds(name: str, problem: str, asked: int) -> int:
  """How many seeds of a method are run, at most `asked`."""
  return min(asked, NUM_SEEDS[problem].get(name, asked))


def run(
  strategy: base.Strategy, problem: problems.Problem, seed: int, limit: float
) -> np.ndarray:
  """Runs a search until its trainings have taken as long as the limit.

  Returns:
    Guide, test accuracy and seconds in the order of the questions, `[3, t]`.
  """
  state = strategy.init(problem.space, seed, _MOST)
  found = np.zeros((3, 0))
  while found[2].sum() < limit:
    cells, state = strategy.ask(state, strategy.batch_size)
    if not len(cells):
      break
    labels = problem.labels(cells)
    state = strategy.tell(state, cells, labels[0])
    found = np.concatenate([found, labels], axis=1)
  return found
