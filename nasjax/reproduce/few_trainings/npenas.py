"""NPENAS-NP: Wei et al., IEEE TNNLS 2022; evolution guided by a predictor."""

import dataclasses
from typing import ClassVar

import numpy as np

from nasjax.reproduce.few_trainings import encodings, guided, networks
from nasjax.search.state import State
from nasjax.surrogates import perceptrons


@dataclasses.dataclass(frozen=True)
class NPENAS(guided.Guided):
  """Many children of the best cells, of which a graph network picks.

  The candidates are changes of the best cells alone; a graph isomorphism
  network of three layers with 32 units learns the known scores, and the
  candidates of the highest prediction are asked.

  Attributes:
    num_nearby: candidates of a question.
    num_parents: cells that are changed.
    epochs: of a training; batches of 16, rate .005, weight decay .0001; 300 in
      the paper.
  """

  name: ClassVar[str] = "npenas"

  num_nearby: int = 100
  num_parents: int = 10
  epochs: int = 60

  def _choose(
    self, state: State, num: int, rng: np.random.Generator
  ) -> np.ndarray:
    recipe = perceptrons.Recipe(
      networks.GIN(),
      learning_rate=0.005,
      epochs=self.epochs,
      batch_size=16,
      weight_decay=1e-4,
    )
    x = encodings.graph(state.space, state.history.genotypes)
    fitted = recipe.fit(x, guided.standard(state), state.budget, rng)
    cells = guided.mutations(state, self.num_nearby, self.num_parents, rng)
    if not len(cells):
      return cells
    values = fitted.values(encodings.graph(state.space, cells))[0]
    return cells[np.argsort(-values, kind="stable")[:num]]
