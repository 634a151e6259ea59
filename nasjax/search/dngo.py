"""DNGO in an embedding: Bayesian linear regression on learnt features.

Snoek et al., ICML 2015; Yan et al., NeurIPS 2020 ("arch2vec"), section 3.3.
"""

import dataclasses
from typing import ClassVar

import numpy as np

from nasjax import errors
from nasjax.search import acquisitions, base, latent
from nasjax.search.state import State

_LEAST_ROOM = 256


@dataclasses.dataclass(frozen=True)
class DNGO(latent.Latent):
  """Asks the cells of highest expected improvement, by a perceptron's features.

  The first cells are random. Then a perceptron learns all scores from the
  embeddings before each question, and a Bayesian linear regression on its
  hidden layer, with prior and noise of highest evidence, gives mean and
  standard deviation of every cell that was not asked. Improvement is over the
  best score so far; the published code has a constant of .95 there, and asks
  cells again.

  Attributes:
    num_first: random cells before the first model.
    epochs: of each training, in batches of 10.
    width: units of the hidden layer, tanh.
    learning_rate: of Adam.
  """

  name: ClassVar[str] = "dngo"
  batch_size: ClassVar[int] = 5

  num_first: int = 16
  epochs: int = 100
  width: int = 128
  learning_rate: float = 0.01

  def __post_init__(self):
    super().__post_init__()
    for name in ("num_first", "epochs", "width"):
      base.whole_number(name, getattr(self, name), 1)
    latent.check_number("learning_rate", self.learning_rate, 0.0, np.inf)

  def _begin(self, state: State, rng: np.random.Generator) -> base.Memory:
    del rng
    self.table(state)  # a mistake shows at once
    return {}

  def _propose(
    self, state: State, num: int, rng: np.random.Generator
  ) -> tuple[np.ndarray, base.Memory]:
    table, scores = self.table(state), state.history.scores
    free = np.flatnonzero(~table.taken(state.space, state.history.genotypes))
    missing = self.num_first - len(scores)
    if missing > 0 or scores.min() == scores.max():
      num = min(num, missing, len(free)) if missing > 0 else min(num, len(free))
      rows = rng.choice(free, num, replace=False)
    else:
      gains = self._gains(state, table, rng)[free]
      rows = free[np.argsort(-gains, kind="stable")[:num]]
    return table.genotypes[rows], state.memory

  def _gains(
    self, state: State, table: latent.Table, rng: np.random.Generator
  ) -> np.ndarray:
    """Expected improvement of every cell of the table, `[m]`."""
    from nasjax.surrogates import (
      bayesian_linear,
      learnt_features,
      perceptrons,
    )

    targets = latent.centred(state.history.scores)
    known = table.rows(state.space, state.history.genotypes)
    recipe = perceptrons.Recipe(
      perceptrons.Perceptron(self.width, depth=1, activation="tanh"),
      learning_rate=self.learning_rate,
      epochs=self.epochs,
      batch_size=10,
    )
    room = _LEAST_ROOM
    while room < len(known):
      room *= 4  # compiles once for each
    fitted = recipe.fit(table.values[known], targets, room, rng)
    features = fitted.features(table.values[known]).astype(float)
    if not np.isfinite(features).all():
      raise errors.UserError(
        "dngo: expected a training with finite weights, got others with "
        f"learning_rate={self.learning_rate:g}; lower it"
      )
    linear = bayesian_linear.regress(features, targets)
    means, stds = learnt_features.moments(fitted, linear, table.values)
    return acquisitions.expected_improvement(means, stds, targets.max())
