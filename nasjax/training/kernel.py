"""Kernel ridge regression on the features of cells, beside a trained network.

With few labels a smooth function of the features errs elsewhere than a network
does, so their sum ranks better than either. Its kernel and its ridge are chosen
by leave-one-out errors, which need no further fit.

Dimensions: `n` training cells, `F` features, the first `D` of which are graph
features and enter the distance between cells, `R` members.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import flax.linen as nn
import jax.numpy as jnp
import numpy as np
from scipy import stats

from nasjax import config as configs
from nasjax.models import kernel as kernel_models

RATES = (0.05, 0.1, 0.2, 0.4, 0.8, 1.6)
RIDGES = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0)
# Weight of a linear kernel, and within it of the edge features.
LINEAR_WEIGHTS = (0.1, 0.3, 1.0, 3.0)
EDGE_WEIGHTS = (0.0, 0.1, 0.3, 1.0)


class Fit(NamedTuple):
  """A solved regression.

  Attributes:
    rate: rate of `models.kernel.power_kernel`.
    coefficients: one for each training cell, `[n]`.
    slopes: the linear part, one for each feature, `[F]`.
    left_out: prediction for each training cell by the others, `[n]`.
  """

  rate: float
  coefficients: np.ndarray
  slopes: np.ndarray
  left_out: np.ndarray


class _Candidate(NamedTuple):
  """A kernel: its rate, weights of the features `[F]`, and Gram matrix."""

  rate: float
  weights: np.ndarray
  gram: np.ndarray


def is_used(config: configs.Config, model: nn.Module, num_train: int) -> bool:
  """Says whether a regression is put beside this model.

  Args:
    config: `kernel.weight`, `kernel.max_cells`.
    model: the network; it must read graph features.
    num_train: `n`.
  """
  reads = getattr(model, "features", "none") != "none"
  small = num_train <= config.kernel.max_cells
  return bool(reads and small and config.kernel.weight > 0)


def normal_scores(labels: np.ndarray) -> np.ndarray:
  """Ranks of labels `[n]` as quantiles of a normal distribution, `[n]`."""
  return stats.norm.ppf((stats.rankdata(labels) - 0.5) / len(labels))


def solve(
  features: np.ndarray,
  labels: np.ndarray,
  num_distance: int = 0,
  power: float = 1.0,
) -> Fit:
  """Fits normal scores of labels; the smallest leave-one-out error wins.

  Args:
    features: standardised graph features `[n, D]`, then edge features.
    labels: `[n]`, higher = better.
    num_distance: `D` where linear kernels are tried too; 0: power kernels of
      all features alone.
    power: power of the differences of features.
  """
  targets = normal_scores(labels)
  centred = features - features.mean(axis=0, dtype=np.float64)
  best, least = None, np.inf
  for kernel in _candidates(centred, num_distance, power):
    values, vectors = np.linalg.eigh(kernel.gram)
    for ridge in RIDGES:
      inverse = (vectors / (values + ridge)) @ vectors.T
      coefficients = inverse @ targets
      residual = coefficients / np.diag(inverse)
      error = float(np.mean(residual**2))
      if error < least:
        slopes = kernel.weights * (coefficients @ centred)
        best = Fit(kernel.rate, coefficients, slopes, targets - residual)
        least = error
  assert best is not None
  return best


def _candidates(
  features: np.ndarray, num_distance: int, power: float
) -> Iterator[_Candidate]:
  """Kernels of centred features `[n, F]`, the simplest first."""
  near = features[:, : num_distance or None]
  distance = np.stack(
    [
      kernel_models.raised(np.abs(row[None] - near), power).mean(axis=1)
      for row in near
    ]
  )
  nothing = np.zeros(features.shape[1])
  grams = {rate: np.exp(-rate * distance) for rate in RATES}
  for rate, gram in grams.items():
    yield _Candidate(rate, nothing, gram)
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
        yield _Candidate(rate, weight * weights, gram + weight * linear)


def sizes(params: Any) -> dict[str, int]:
  """Fields of the model that parameters with leaves `[R, ...]` belong to.

  Returns:
    `kernel_cells` and `kernel_distance`; both 0 without a regression.
  """
  joined = params["params"].get("kernel")
  num_cells, num_distance = 0, 0
  if joined is not None:
    _, num_cells, num_features = joined["cells"].shape
    num_distance = num_features if "slopes" in joined else 0
  return {"kernel_cells": num_cells, "kernel_distance": num_distance}


def attach(
  config: configs.Config,
  model: nn.Module,
  params: Any,
  raw: np.ndarray,
  features: np.ndarray,
  labels: np.ndarray,
  num_edges: int = 0,
) -> tuple[nn.Module, Any]:
  """Adds the regression to every member of a trained network.

  Args:
    config: `kernel.weight`: spread of the regression in units of the spread of
      the member's scores; `kernel.linear`: whether kernels with a linear part
      are tried.
    model: the network without regression.
    params: its parameters, leaves `[R, ...]`.
    raw: its scores of the training cells, `[R, n]`.
    features: what the network reads of them (`read_features`), `[n, F]`.
    labels: their labels, `[n]`.
    num_edges: how many of the features, the last ones, are edge features.

  Returns:
    The model with the regression, and its parameters.
  """
  num_distance = 0
  if config.kernel.linear:
    num_distance = features.shape[1] - num_edges
  power = config.model.kernel_power
  fit = solve(features, labels, num_distance, power)
  spread = max(float(fit.left_out.std()), 1e-9)
  factor = config.kernel.weight * raw.std(axis=1) / spread
  members = len(factor)
  near = features[:, : num_distance or None]
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
  model = model.clone(kernel_cells=len(labels), kernel_distance=num_distance)
  return model, {"params": joined}
