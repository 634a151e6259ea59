"""Kernel ridge regression on the features of cells, beside a trained network.

With few labels a smooth function of the features errs elsewhere than a network
does, so their sum ranks better than either. Its kernel and its ridge are chosen
by leave-one-out errors, which need no further fit.

A kernel is chosen on at most 1,000 training cells, drawn at random. Beyond
`max_cells` the kernel compares with that many of them alone, drawn too; its
coefficients are fitted to all (Nystroem's approximation: Williams and Seeger,
"Using the Nystroem Method to Speed Up Kernel Machines", 2000). So a score costs
no more with more labels.

Dimensions: `n` training cells, `m` of which others are compared with, `F`
features, the first `D` of which are graph features and enter the distance
between cells, `R` members.
"""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import flax.linen as nn
import jax.numpy as jnp
import numpy as np

from nasjax import errors, settings
from nasjax import labels as label_numbers
from nasjax.regression import beside, layer, ridge, threads

RATES = (0.05, 0.1, 0.2, 0.4, 0.8, 1.6)
# Weight of a linear kernel, and within it of the edge features.
LINEAR_WEIGHTS = (0.1, 0.3, 1.0, 3.0)
EDGE_WEIGHTS = (0.0, 0.1, 0.3, 1.0)
_LABELS_PER_CELL = 20
_MOST_SIMILARITIES = 20_000_000
# Floor of the eigenvalues, so that 1/sqrt(value) stays bounded.
_LEAST_EIGENVALUE = 1e-6


class Fit(NamedTuple):
  """A solved regression.

  Attributes:
    cells: rows of the training cells that others are compared with, `[m]`.
    rate: rate of `models.kernel.power_kernel`.
    coefficients: one for each of `cells`, `[m]`.
    slopes: the linear part, one for each feature, `[F]`.
    ridge: noise of a label, in units of the variance of the kernel.
    rows: training cells that were drawn where there were too many, else all.
    left_out: prediction for each of `rows` by the others.
  """

  cells: np.ndarray
  rate: float
  coefficients: np.ndarray
  slopes: np.ndarray
  ridge: float
  rows: np.ndarray
  left_out: np.ndarray


class _Candidate(NamedTuple):
  """A kernel: its rate, weights of the features `[F]`, and Gram matrix.

  `num_distance` is `D` where linear kernels are tried too, 0 otherwise.
  """

  rate: float
  weights: np.ndarray
  gram: np.ndarray
  num_distance: int


def check(config: settings.Config) -> None:
  """Checks the fields of the regression, before anything is trained.

  Raises:
    UserError: `kernel.max_cells` is below 2 and a regression is asked for.
  """
  if config.kernel.weight > 0 and config.kernel.max_cells < 2:
    raise errors.UserError(
      "config.kernel.max_cells: expected at least 2 training cells to compare "
      f"with, got {config.kernel.max_cells}; set config.kernel.weight=0 for no "
      "regression"
    )


def is_used(config: settings.Config, model: nn.Module) -> bool:
  """Says whether a regression is put beside this model.

  Args:
    config: `kernel.weight`.
    model: the network; it must read graph features.
  """
  found: Any = model
  return bool(found.reads.kinds and config.kernel.weight > 0)


def normal_scores(labels: np.ndarray) -> np.ndarray:
  """Ranks of labels `[n]` as quantiles of a normal distribution, `[n]`."""
  from scipy import special  # a quarter of a second that scoring can do without

  return special.ndtri((label_numbers.ranks(labels) - 0.5) / len(labels))


def solve(
  features: np.ndarray,
  labels: np.ndarray,
  num_distance: int = 0,
  power: float = 1.0,
  max_cells: int = 1000,
  seed: int = 0,
) -> Fit:
  """Fits normal scores of labels; the smallest leave-one-out error wins.

  Beyond 20 labels for each cell that others are compared with, or 20 million
  similarities, that many labels are drawn, but at least `max_cells`: more would
  cost memory and hardly change the fit.

  Args:
    features: standardised graph features `[n, D]`, then edge features.
    labels: `[n]`, higher = better.
    num_distance: `D` where linear kernels are tried too; 0: power kernels of
      all features alone.
    power: power of the differences of features.
    max_cells: most cells that others are compared with, `m`.
    seed: seed of their draw.
  """
  num, most = len(labels), _most_labels(max_cells)
  if num > most:
    drawn = _draw(num, most, seed)
    fit = solve(
      features[drawn], labels[drawn], num_distance, power, max_cells, seed
    )
    return fit._replace(cells=drawn[fit.cells], rows=drawn[fit.rows])
  with threads.for_rows(num):
    return _solve(features, labels, num_distance, power, max_cells, seed)


def _solve(
  features: np.ndarray,
  labels: np.ndarray,
  num_distance: int,
  power: float,
  max_cells: int,
  seed: int,
) -> Fit:
  """`solve` for so many labels that all of them are used."""
  num = len(labels)
  cells = _draw(num, max_cells, seed)
  few = cells[_draw(len(cells), ridge.CHOSEN_ON, seed)]
  centred = features - features[cells].mean(axis=0, dtype=np.float64)
  kernels = _candidates(centred[few], num_distance, power)
  kernel, fit = _solve_exactly(
    kernels, centred[few], normal_scores(labels[few])
  )
  targets = normal_scores(labels)
  if num > max_cells:
    return _solve_all(centred, targets, kernel, cells, power)
  if num > len(few):
    every = _between_all(kernel, centred, power)
    return _solve_exactly([every], centred, targets)[1]
  return fit


def _most_labels(max_cells: int) -> int:
  """Labels that a regression on at most `max_cells` cells is fitted to."""
  most = max(max_cells, _MOST_SIMILARITIES // max_cells)
  return min(most, _LABELS_PER_CELL * max_cells)


def _draw(num: int, most: int, seed: int) -> np.ndarray:
  """All of `num` rows in their order, or `most` of them at random."""
  if num <= most:
    return np.arange(num)
  return np.random.default_rng(seed).choice(num, most, replace=False)


def _solve_exactly(
  kernels: Iterable[_Candidate], features: np.ndarray, targets: np.ndarray
) -> tuple[_Candidate, Fit]:
  """The best kernel and ridge for centred features `[n, F]`, `[n]` targets."""
  best, least = None, np.inf
  for kernel in kernels:
    for noise, coefficients, residual in ridge.leave_one_out(
      kernel.gram, targets
    ):
      error = float(np.mean(residual**2))
      if error < least:
        slopes = kernel.weights * (coefficients @ features)
        left_out = targets - residual
        rows = np.arange(len(targets))
        fit = Fit(
          cells=rows,
          rate=kernel.rate,
          coefficients=coefficients,
          slopes=slopes,
          ridge=noise,
          rows=rows,
          left_out=left_out,
        )
        best, least = (kernel, fit), error
  assert best is not None
  return best


def _between_all(
  kernel: _Candidate, features: np.ndarray, power: float
) -> _Candidate:
  """The same kernel between other cells, centred features `[n, F]`."""
  near = features[:, : kernel.num_distance or None]
  gram = np.exp(-kernel.rate * distances(near, near, power))
  gram += (features * kernel.weights) @ features.T
  return kernel._replace(gram=gram)


def _solve_all(
  features: np.ndarray,
  targets: np.ndarray,
  kernel: _Candidate,
  cells: np.ndarray,
  power: float,
) -> Fit:
  """Ridge regression of all targets `[n]` on a kernel's approximation.

  With the kernel `K` between the cells, `K(x, cells) K^-1/2` and the weighted
  features are a map whose products are the kernel, exactly so on the cells.

  Args:
    features: centred, `[n, F]`.
    targets: `[n]`.
    kernel: the kernel; of its Gram matrix the linear part is not read.
    cells: rows that others are compared with, `[m]`.
    power: power of the differences of features.
  """
  near = features[:, : kernel.num_distance or None]
  similar = np.exp(-kernel.rate * distances(near, near[cells], power))
  values, vectors = np.linalg.eigh(similar[cells])
  root = vectors / np.sqrt(np.maximum(values, _LEAST_EIGENVALUE))
  scales = np.sqrt(kernel.weights)
  mapped = np.concatenate([similar @ root, features * scales], axis=1)
  noise, weights, left_out = ridge.ridge_regression(mapped, targets)
  own, slopes = np.split(weights, [len(cells)])
  return Fit(
    cells=cells,
    rate=kernel.rate,
    coefficients=root @ own,
    slopes=scales * slopes,
    ridge=noise,
    rows=np.arange(len(targets)),
    left_out=left_out,
  )


def distances(
  features: np.ndarray, others: np.ndarray, power: float
) -> np.ndarray:
  """Mean power of differences, `[n, D]` and `[m, D]` to `[n, m]`."""
  return np.stack(
    [
      layer.raised(np.abs(row[None] - others), power).mean(axis=1)
      for row in features
    ]
  )


def _candidates(
  features: np.ndarray, num_distance: int, power: float
) -> Iterator[_Candidate]:
  """Kernels of centred features `[n, F]`, the simplest first."""
  near = features[:, : num_distance or None]
  distance = distances(near, near, power)
  nothing = np.zeros(features.shape[1])
  grams = {rate: np.exp(-rate * distance) for rate in RATES}
  for rate, gram in grams.items():
    yield _Candidate(rate, nothing, gram, num_distance)
  if not num_distance:
    return
  edges = features[:, num_distance:]
  for edge_weight in EDGE_WEIGHTS if edges.size else (0.0,):
    weights = np.concatenate(
      [
        np.full(num_distance, 1 / num_distance),
        np.full(edges.shape[1], edge_weight / max(1, edges.shape[1])),
      ]
    )
    linear = (features * weights) @ features.T
    for rate, gram in grams.items():
      for weight in LINEAR_WEIGHTS:
        total = gram + weight * linear
        yield _Candidate(rate, weight * weights, total, num_distance)


def attach(
  config: settings.Config,
  model: nn.Module,
  params: Any,
  raw: np.ndarray | None,
  features: np.ndarray,
  labels: np.ndarray,
  num_edges: int = 0,
) -> tuple[nn.Module, Any, Fit]:
  """Adds the regression to every member of a trained network.

  Args:
    config: `kernel.weight`: spread of the regression in units of the spread of
      the member's scores; `kernel.linear`: whether kernels with a linear part
      are tried; `kernel.max_cells`; `seed`.
    model: the network without regression.
    params: its parameters, leaves `[R, ...]`.
    raw: its scores of the training cells, `[R, n]`; None where the network has
      no score of its own.
    features: what the network reads of them (`Reads.side_by_side`), `[n, F]`.
    labels: their labels, `[n]`.
    num_edges: how many of the features, the last ones, enter the linear part
      alone (`Kind.standardised` is False).

  Returns:
    The model with the regression, its parameters, and the solved regression.
  """
  num_distance = 0
  if config.kernel.linear:
    num_distance = features.shape[1] - num_edges
  power = config.kernel.power
  fit = solve(
    features,
    labels,
    num_distance,
    power,
    config.kernel.max_cells,
    config.seed,
  )
  spread = max(float(fit.left_out.std()), 1e-9)
  own = np.ones(config.num_members) if raw is None else raw.std(axis=1)
  factor = config.kernel.weight * own / spread
  members = len(factor)
  near = features[fit.cells, : num_distance or None]
  variables = {
    "cells": np.repeat(near[None], members, axis=0),
    "coefficients": factor[:, None] * fit.coefficients[None],
    "rate": np.full(members, fit.rate),
  }
  if num_distance:
    variables["slopes"] = factor[:, None] * fit.slopes[None]
  joined = dict(params["params"])
  joined["kernel"] = {
    name: jnp.asarray(value, jnp.float32) for name, value in variables.items()
  }
  params = {"params": joined}
  return beside.beside(model, params, power), params, fit
