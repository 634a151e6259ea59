"""DNGO: Snoek et al., ICML 2015; Bayesian linear regression on a network."""

import dataclasses
from typing import ClassVar

import numpy as np
from scipy import stats

from nasjax.reproduce.few_trainings import guided
from nasjax.search.state import State
from nasjax.surrogates import bayesian_linear, onehot, perceptrons

_LAYERS = perceptrons.Perceptron(width=50, depth=3, activation="tanh")


def expected_improvement(
  mean: np.ndarray, spread: np.ndarray, best: float
) -> np.ndarray:
  """Expected excess over `best` of normal variables `[c]`, `[c]`."""
  scaled = (mean - best) / spread
  return spread * (scaled * stats.norm.cdf(scaled) + stats.norm.pdf(scaled))


@dataclasses.dataclass(frozen=True)
class DNGO(guided.Guided):
  """Linear regression on what a perceptron on one-hot encodings has learnt.

  A perceptron of three layers with 50 units and tanh learns the known scores;
  a Bayesian linear regression on its last layer gives mean and spread, with
  prior and noise of highest evidence. Cells of the highest expected improvement
  are asked.

  Attributes:
    epochs: of a training; batches of 10, rate .01.
  """

  name: ClassVar[str] = "dngo"

  epochs: int = 100

  def _choose(
    self, state: State, num: int, rng: np.random.Generator
  ) -> np.ndarray:
    known = guided.standard(state)
    recipe = perceptrons.Recipe(
      _LAYERS, learning_rate=0.01, epochs=self.epochs, batch_size=10
    )
    x = onehot.onehot(state.space, state.history.genotypes)
    fitted = recipe.fit(x, known, state.budget, rng)
    linear = bayesian_linear.regress(
      fitted.features(x).astype(np.float64), known
    )
    cells, encoded = guided.everything(state, onehot.onehot, rng)
    mean, spread = linear.predict(fitted.features(encoded))
    gain = expected_improvement(mean, spread, known.max())
    return cells[np.argsort(-gain, kind="stable")[:num]]
