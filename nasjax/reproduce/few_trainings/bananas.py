"""BANANAS: White, Neiswanger and Savani, AAAI 2021."""

import dataclasses
from typing import ClassVar

import numpy as np

from nasjax.reproduce.few_trainings import encodings, guided
from nasjax.search.state import State
from nasjax.surrogates import perceptrons

_LAYERS = perceptrons.Perceptron(width=20, depth=10)


@dataclasses.dataclass(frozen=True)
class Bananas(guided.Guided):
  """Ensemble of perceptrons on path encodings, Thompson sampling.

  Five perceptrons of ten layers with 20 units learn the known scores. Each
  candidate gets one draw of the normal distribution with the mean and the
  spread of the five (independent Thompson sampling), and the highest draws are
  asked. The relative error that is minimised needs a positive target that is
  small for good cells: how far a score lies below the best one, plus one, in
  standard deviations.

  Attributes:
    num_nearby: candidates that are one change of the best cells.
    num_random: random candidates.
    num_parents: cells that are changed.
    epochs: of a training; batches of 32, rate .01.
  """

  name: ClassVar[str] = "bananas"

  num_nearby: int = 100
  num_random: int = 100
  num_parents: int = 10
  epochs: int = 100

  def _choose(
    self, state: State, num: int, rng: np.random.Generator
  ) -> np.ndarray:
    known = guided.standard(state)
    recipe = perceptrons.Recipe(
      _LAYERS, "relative", 0.01, epochs=self.epochs, members=5
    )
    x = encodings.paths(state.space, state.history.genotypes)
    fitted = recipe.fit(x, known.max() - known + 1, state.budget, rng)
    cells = guided.nearby_and_random(
      state, self.num_nearby, self.num_random, self.num_parents, rng
    )
    values = fitted.values(encodings.paths(state.space, cells))
    draws = rng.normal(values.mean(axis=0), values.std(axis=0))
    return cells[np.argsort(draws, kind="stable")[:num]]
