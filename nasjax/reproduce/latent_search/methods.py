"""The compared searches by name, and how one is run.

Dimensions: `t` trainings.
"""

import dataclasses
from collections.abc import Callable

import numpy as np

from nasjax import search
from nasjax.reproduce.latent_search import problems
from nasjax.search import base, dngo
from nasjax.surrogates import supervised

METHODS = {
  "reinforce_arch2vec": "REINFORCE, arch2vec",
  "reinforce_discounted_arch2vec": "REINFORCE, arch2vec, discounted",
  "reinforce_adjacency": "REINFORCE, adjacency",
  "dngo_arch2vec": "DNGO, arch2vec",
  "dngo_adjacency": "DNGO, adjacency",
  "dngo_supervised": "DNGO, supervised embedding",
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
    "reinforce_discounted_arch2vec": 50,
    "reinforce_adjacency": 50,
    "dngo_arch2vec": 5,
    "dngo_adjacency": 5,
    "dngo_supervised": 2,
    "evolution": 10,
    "local": 0,
    "model": 1,
  },
  problems.MEAN: {
    "reinforce_arch2vec": 50,
    "reinforce_discounted_arch2vec": 0,
    "reinforce_adjacency": 10,
    "dngo_arch2vec": 2,
    "dngo_adjacency": 0,
    "dngo_supervised": 0,
    "evolution": 20,
    "local": 20,
    "model": 0,
  },
}
"""Seeds of a method that are run at most; 0 where it would take hours."""
NUM_LABELLED = 50
"""Random cells of which a supervised embedding is learnt."""
_DISCOUNT = 0.8  # that the published code computes and does not use
_MOST = 3000  # trainings of a search

EmbedFn = Callable[[problems.Problem, np.ndarray, np.ndarray], np.ndarray]


def make(name: str) -> base.Strategy:
  """Returns the strategy of a method; all but `discounted` have their defaults.

  With a supervised embedding this is the search before it is learnt.
  """
  first, *others = name.split("_")
  if not others:
    return search.get_strategy(first)
  if others[-1] == "supervised":
    return search.get_strategy(first, num_first=NUM_LABELLED)
  if "discounted" in others:
    return search.get_strategy(first, embedding=others[-1], discount=_DISCOUNT)
  return search.get_strategy(first, embedding=others[-1])


def num_seeds(name: str, problem: str, asked: int) -> int:
  """How many seeds of a method are run, at most `asked`."""
  return min(asked, NUM_SEEDS[problem].get(name, asked))


def learn(
  problem: problems.Problem, cells: np.ndarray, labels: np.ndarray
) -> np.ndarray:
  """Embeds the cells of a problem by a network that learns labels `[n]`."""
  model = supervised.train(problem.space.whole, cells, labels)
  return supervised.represent(model, problem.space.enumerate())


def run(
  strategy: base.Strategy,
  problem: problems.Problem,
  seed: int,
  limit: float,
  embed: EmbedFn | None = None,
) -> np.ndarray:
  """Runs a search until its trainings have taken as long as the limit.

  Args:
    strategy: its options.
    problem: cells and labels.
    seed: of the search.
    limit: seconds of training.
    embed: makes the embedding for `dngo` from the problem and the first
      `NUM_LABELLED` cells and labels, as `learn`.

  Returns:
    Guide, test accuracy and seconds in the order of the questions, `[3, t]`.
  """
  state = strategy.init(problem.space, seed, _MOST)
  found = np.zeros((3, 0))
  while found[2].sum() < limit:
    if embed and isinstance(strategy, dngo.DNGO):
      told = state.history
      if len(told) >= NUM_LABELLED:
        values = embed(problem, told.genotypes, told.scores)
        strategy, embed = dataclasses.replace(strategy, embedding=values), None
    cells, state = strategy.ask(state, strategy.batch_size)
    if not len(cells):
      break
    labels = problem.labels(cells)
    state = strategy.tell(state, cells, labels[0])
    found = np.concatenate([found, labels], axis=1)
  return found
