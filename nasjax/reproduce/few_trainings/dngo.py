"""DNGO: Snoek et al., ICML 2015; Bayesian linear regression on a network."""

import dataclasses
from typing import ClassVar, NamedTuple

import numpy as np
from scipy import stats

from nasjax.reproduce.few_trainings import encodings, guided, networks
from nasjax.search.state import State

_LAYERS = networks.Perceptron(width=50, depth=3, activation="tanh")
_AT_ONCE = 8192
_GRID = np.logspace(-4, 4, 25)


class Linear(NamedTuple):
  """A Bayesian linear regression, in the axes of its features.

  Attributes:
    shift: mean of the features, `[F]`.
    axes: orthonormal axes of the features, `[F, r]`.
    mean: mean of the weights, `[r]`.
    variances: their variances, `[r]`.
    noise: variance of a target.
    rest: variance of the weights on all further axes.
  """

  shift: np.ndarray
  axes: np.ndarray
  mean: np.ndarray
  variances: np.ndarray
  noise: float
  rest: float

  def predict(self, features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of cells `[c, F]`, `[c]` each."""
    parts = [
      self._predict(features[start : start + _AT_ONCE])
      for start in range(0, len(features), _AT_ONCE)
    ]
    mean, spread = (np.concatenate(each) for each in zip(*parts, strict=True))
    return mean, spread

  def _predict(self, features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    centred = features - self.shift
    along = centred @ self.axes
    off = np.maximum((centred**2).sum(axis=1) - (along**2).sum(axis=1), 0.0)
    variance = along**2 @ self.variances + off * self.rest + self.noise
    return along @ self.mean, np.sqrt(variance)


def regress(features: np.ndarray, targets: np.ndarray) -> Linear:
  """Fits a linear regression with the prior and noise of highest evidence.

  Args:
    features: `[n, F]`.
    targets: `[n]`, of mean 0.
  """
  shift = features.mean(axis=0)
  left, singular, axes = np.linalg.svd(features - shift, full_matrices=False)
  squares, along = singular**2, left.T @ targets
  outside = max(targets @ targets - along @ along, 0.0)
  best = -np.inf, 1.0, 1.0
  for prior in _GRID:
    for noise in _GRID:
      spread = prior * squares + noise
      fit = (along**2 / spread).sum() + outside / noise
      size = np.log(spread).sum()
      size += (len(targets) - len(squares)) * np.log(noise)
      best = max(best, (-(fit + size) / 2, prior, noise))
  _, prior, noise = best
  spread = prior * squares + noise
  return Linear(
    shift=shift,
    axes=axes.T,
    mean=prior * singular * along / spread,
    variances=prior * noise / spread,
    noise=noise,
    rest=prior,
  )


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
    recipe = networks.Recipe(
      _LAYERS, learning_rate=0.01, epochs=self.epochs, batch_size=10
    )
    x = encodings.onehot(state.space, state.history.genotypes)
    fitted = recipe.fit(x, known, state.budget, rng)
    linear = regress(fitted.features(x).astype(np.float64), known)
    cells, encoded = guided.everything(state, encodings.onehot, rng)
    mean, spread = linear.predict(fitted.features(encoded))
    gain = expected_improvement(mean, spread, known.max())
    return cells[np.argsort(-gain, kind="stable")[:num]]
