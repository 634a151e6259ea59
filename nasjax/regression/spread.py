"""How far a prediction may be off: the standard deviation of a score.

Two facts are known of a regression without any further training: what it
predicts for every training cell from the others, and how far a cell lies from
the training cells. The first gives the size of the errors around each score,
the second how it grows with the distance (the posterior variance of a Gaussian
process: Rasmussen and Williams, "Gaussian Processes for Machine Learning",
2006, eq. 2.26, and eq. 5.12 for cells that are left out).

Dimensions: `n` training cells, `m` of which cells are compared with, `D`
features, `k` levels.
"""

import dataclasses
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np

from nasjax import graphs
from nasjax import labels as label_numbers
from nasjax.features import reads
from nasjax.regression import layer, solver, threads

MOST_CELLS = 300
"""Training cells that a variance compares with at most."""
_LEVELS = 16
_MOST_ERRORS = 3000
_FEW = 5  # errors that the mean level counts as where a window has few


@dataclasses.dataclass(frozen=True)
class Spread:
  """The standard deviation of the scores of a predictor.

  Attributes:
    params: parameters of `PosteriorVariance`, leaves `[1, ...]` float32.
    scores: scores in the label's unit, ascending, `[k]` float64.
    levels: standard deviation of held-out errors around each of them, where the
      posterior variance is 1, `[k]` float64.
  """

  params: Any
  scores: np.ndarray
  levels: np.ndarray

  def of(self, scores: np.ndarray, variances: np.ndarray) -> np.ndarray:
    """Standard deviations of scores `[n]` with posterior variances `[n]`."""
    around = np.interp(scores, self.scores, self.levels)
    return around * np.sqrt(np.asarray(variances, np.float64))

  @property
  def num_cells(self) -> int:
    """Cells that the variance compares with, `m`."""
    return self.params["params"]["cells"].shape[1]


class PosteriorVariance(nn.Module):
  """Variance of a Gaussian process given `m` training cells, with its noise.

  Its variables are solved for, not trained.

  Attributes:
    what: inputs of the predictor.
    num_cells: `m`.
    power: power of the differences of features.
  """

  what: reads.Reads
  num_cells: int
  power: float = 1.0

  @property
  def reads(self) -> reads.Reads:
    """Inputs: the features that the predictor reads."""
    return dataclasses.replace(self.what, shared=False, node_order=False)

  @nn.compact
  def __call__(
    self, cell: graphs.CellGraphs, *, train: bool = False
  ) -> jax.Array:
    """Returns the variance of one architecture, a scalar above 0.

    Args:
      cell: graphs without a batch axis.
      train: nothing depends on it.
    """
    del train
    zeros, size = nn.initializers.zeros, self.num_cells
    stored = self.get_variable("params", "cells")
    width = None if stored is None else stored.shape[-1]
    near = self.reads.side_by_side(cell)[:width]
    cells = self.param("cells", zeros, (size, near.shape[-1]))
    rate = self.param("rate", nn.initializers.ones, ())
    noise = self.param("noise", nn.initializers.ones, ())
    whitening = self.param("whitening", zeros, (size, size))
    similar = layer.power_kernel(near, cells, rate, self.power)
    explained = jnp.sum((similar @ whitening) ** 2)
    return noise + jnp.maximum(1 - explained, 0)


def fit(
  found: solver.Fit,
  near: np.ndarray,
  labels: np.ndarray,
  power: float,
  seed: int,
) -> Spread:
  """Fits the spread of a regression to what it says of cells left out.

  Args:
    found: the solved regression.
    near: features of the training cells that enter distances, `[n, D]`.
    labels: labels of the training cells, `[n]`.
    power: power of the differences of features.
    seed: seed of the draw of the compared cells.
  """
  exponent = label_numbers.exponent(float(np.abs(labels).max()))
  labels = np.ldexp(np.asarray(labels, np.float64), -exponent)
  rng = np.random.default_rng(seed)
  some = np.arange(len(found.rows))
  if len(some) > _MOST_ERRORS:
    some = np.sort(rng.choice(some, _MOST_ERRORS, replace=False))
  some = some[np.argsort(found.rows[some])]
  rows, held = found.rows[some], found.left_out[some]
  unit = labels.std() / solver.normal_scores(labels).std()
  predicted = labels.mean() + unit * held
  chosen = rows
  if len(rows) > MOST_CELLS:
    chosen = np.sort(rng.choice(rows, MOST_CELLS, replace=False))
  with threads.for_rows(len(chosen)):
    cells, whitening, own = _whiten(near[chosen], found, power)
  variances = _variances(near[rows], cells, whitening, found, power)
  inside = np.isin(rows, chosen)
  variances[inside] = own
  scores, levels = _levels(
    predicted, (labels[rows] - predicted) / np.sqrt(variances)
  )
  arrays = {
    "cells": cells,
    "rate": np.asarray(found.rate),
    "noise": np.asarray(found.ridge),
    "whitening": whitening,
  }
  params = {
    name: jnp.asarray(array[None], jnp.float32)
    for name, array in arrays.items()
  }
  scores, levels = np.ldexp(scores, exponent), np.ldexp(levels, exponent)
  return Spread({"params": params}, scores, levels)


def _whiten(
  cells: np.ndarray, found: solver.Fit, power: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
  """Cells, whitening, and their leave-one-out variances.

  Returns:
    Cells `[m, D]`, `W [m, m]` with `W W^T = (K + ridge)^-1`, and the variance
    of each cell given the others, `[m]`.
  """
  gram = np.exp(-found.rate * solver.distances(cells, cells, power))
  values, vectors = np.linalg.eigh(gram)
  values = np.maximum(values, 0) + found.ridge
  inverse = (vectors**2) @ (1 / values)
  return cells, vectors / np.sqrt(values), 1 / inverse


def _variances(
  near: np.ndarray,
  cells: np.ndarray,
  whitening: np.ndarray,
  found: solver.Fit,
  power: float,
) -> np.ndarray:
  """Posterior variances with noise of cells `[n, D]`, `[n]`."""
  similar = np.exp(-found.rate * solver.distances(near, cells, power))
  explained = ((similar @ whitening) ** 2).sum(axis=1)
  return found.ridge + np.maximum(1 - explained, 0)


def _levels(
  predicted: np.ndarray, errors: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
  """Standard deviation of errors `[n]` around each of `k` predictions.

  Around each level are the closest eighth of the predictions, at least 15; a
  mean over all of them counts as five more.
  """
  order = np.argsort(predicted, kind="stable")
  predicted, squares = predicted[order], errors[order] ** 2
  num = len(predicted)
  width = min(num, max(15, num // 8))
  starts = np.unique(np.linspace(0, num - width, _LEVELS).astype(int))
  scores = np.array([predicted[at : at + width].mean() for at in starts])
  means = np.array([squares[at : at + width].mean() for at in starts])
  means = (width * means + _FEW * squares.mean()) / (width + _FEW)
  floor = 1e-6 * (float(np.sqrt(squares.mean())) + np.finfo(float).tiny)
  scores, first = np.unique(scores, return_index=True)
  return scores, np.maximum(np.sqrt(means[first]), floor)
