"""The loop of weak predictors: Wu et al., NeurIPS 2021 ("WeakNAS")."""

import dataclasses
from typing import ClassVar

import numpy as np

from nasjax.reproduce.few_trainings import guided
from nasjax.search.state import State
from nasjax.surrogates import onehot, perceptrons


@dataclasses.dataclass(frozen=True)
class WeakNAS(guided.Guided):
  """Perceptron on one-hot encodings; samples from the best of its ranking.

  The perceptron ranks the cells that were not asked; those that are asked are
  drawn evenly from the highest `num_top`.

  Attributes:
    num_top: cells of the ranking that are drawn from.
    width: of the four layers of the perceptron; 1,000 in the paper.
    epochs: of a training; batches of 32, rate .001.
  """

  name: ClassVar[str] = "weaknas"

  num_top: int = 100
  width: int = 128
  epochs: int = 100

  def _choose(
    self, state: State, num: int, rng: np.random.Generator
  ) -> np.ndarray:
    network = perceptrons.Perceptron(self.width, depth=4)
    recipe = perceptrons.Recipe(network, epochs=self.epochs)
    x = onehot.onehot(state.space, state.history.genotypes)
    fitted = recipe.fit(x, guided.standard(state), state.budget, rng)
    cells, encoded = guided.everything(state, onehot.onehot, rng)
    order = np.argsort(-fitted.values(encoded)[0], kind="stable")
    return cells[rng.permutation(order[: self.num_top])[:num]]
