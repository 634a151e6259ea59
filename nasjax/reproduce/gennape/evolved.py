"""Evolution in NAS-Bench-101 by scores, and trainings of what it scored.

Dimensions: `n` cells, `G` integers of a genotype, `t` trainings.
"""

import numpy as np

from nasjax import progress, search
from nasjax.benchmarks import base as benchmarks
from nasjax.computation import families, measures
from nasjax.systems.gennape import ranker

FAMILY = "nb101"
LABEL = "cifar10/test"
BUDGET = 2000
"""Cells that evolution scores."""
RANKER, PARAMS, RANDOM = "ranker", "params", "random"


def scores_by_ranker(genotypes: np.ndarray) -> np.ndarray:
  """Scores cells `[n, G]` by the member that has not seen the family, `[n]`."""
  found = measures.of_graphs(families.get_family(FAMILY).build(genotypes))
  return ranker.load().members[FAMILY].predict(found)


def trained(
  benchmark: benchmarks.Benchmark, method: str, seed: int
) -> np.ndarray:
  """Test accuracies in the order in which a method trains cells.

  Evolution scores `BUDGET` cells, which are trained from the highest score to
  the lowest. Random search trains all cells of the benchmark.

  Args:
    benchmark: the cells and their accuracies.
    method: `RANKER`, `PARAMS` or `RANDOM`.
    seed: of evolution, or of the random order.

  Returns:
    Percent, `[t]`.
  """
  values = benchmark.values(LABEL)
  if method == RANDOM:
    return values[np.random.default_rng(seed).permutation(len(values))]
  space = benchmark.space
  score = scores_by_ranker if method == RANKER else space.num_params
  with progress.Progress(f"{method}, seed {seed}", BUDGET, unit="cells") as bar:

    def score_fn(genotypes: np.ndarray) -> np.ndarray:
      scores = score(genotypes)
      bar.update(len(genotypes))
      return scores

    strategy = search.get_strategy("evolution")
    found = search.run(strategy, space, score_fn, budget=BUDGET, seed=seed)
  return values[benchmark.rows(found.genotypes[found.order])]


def best_after(accuracies: np.ndarray, trainings: int) -> float:
  """The best of the first trainings `[t]`; NaN where there are fewer."""
  if trainings > len(accuracies):
    return float("nan")
  return float(accuracies[:trainings].max())


def trainings_until(accuracies: np.ndarray, goal: float) -> float:
  """How many trainings `[t]` reach a goal; NaN where none does."""
  reached = np.flatnonzero(accuracies >= goal)
  return float(reached[0] + 1) if len(reached) else float("nan")
