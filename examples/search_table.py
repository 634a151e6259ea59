"""Compares search strategies on a table of known accuracies.

  python examples/search_table.py

Every strategy may look at 300 of 15,625 cells, with ten seeds. Nothing is
trained or predicted: the table answers at once.
"""

import numpy as np

import nasjax
from nasjax import search

LABEL = "cifar10/test"
benchmark = nasjax.get_benchmark("nb201_analog")
best = benchmark.values(LABEL).max()


def known(cells: np.ndarray) -> np.ndarray:
  """Accuracy of cells `[b, 6]` in percent, `[b]`."""
  return benchmark.lookup(cells, LABEL)


for name in ("random", "evolution", "local"):
  strategy = nasjax.get_strategy(name)
  regrets = [
    best - search.run(strategy, benchmark.space, known, 300, seed).scores.max()
    for seed in range(10)
  ]
  print(f"{name:<10} regret {np.mean(regrets):.2f} +- {np.std(regrets):.2f} %")
