"""What a search would report if its model named the winner."""

import numpy as np

from nasjax.reproduce.few_trainings import methods, runs
from nasjax.search import model_based, winners


def named(measured: runs.Runs, size: int) -> np.ndarray:
  """Reported label of the cell that the model expects to be the best, `[s]`.

  Args:
    measured: runs of the strategy `model`.
    size: trainings that it has seen.
  """
  space = measured.problem.space
  strategy = methods.make(measured.method, measured.problem.study.space)
  assert isinstance(strategy.strategy, model_based.ModelBased)
  found = []
  for row, seed in enumerate(measured.seeds):
    cells = measured.genotypes[row, :size]
    values = measured.searched[row, :size]
    means = winners.expected(strategy.strategy, space, cells, values, seed)
    found.append(measured.reported[row, winners.best(means, values)])
  return np.array(found)
