"""Kernel ridge regression on graph features, beside a trained network.

With few labels a smooth function of the graph features errs elsewhere than a
network does, so their sum ranks better than either. Its width and its ridge
are chosen by leave-one-out errors, which need no further fit.

Dimensions: `n` training cells, `F` graph features, `R` members.
"""

from typing import Any, NamedTuple

import flax.linen as nn
import jax.numpy as jnp
import numpy as np
from scipy import stats

from nasjax import config as configs

RATES = (0.05, 0.1, 0.2, 0.4, 0.8, 1.6)
RIDGES = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0)


class Fit(NamedTuple):
  """A solved regression.

  Attributes:
    rate: rate of the kernel.
    coefficients: one for each training cell, `[n]`.
    left_out: prediction for each training cell by the others, `[n]`.
  """

  rate: float
  coefficients: np.ndarray
  left_out: np.ndarray


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


def solve(features: np.ndarray, labels: np.ndarray) -> Fit:
  """Fits normal scores of labels; the smallest leave-one-out error wins.

  Args:
    features: standardised graph features `[n, F]`.
    labels: `[n]`, higher = better.
  """
  features = features.astype(np.float64)
  targets = normal_scores(labels)
  distance = np.stack(
    [np.abs(row[None] - features).mean(axis=1) for row in features]
  )
  best, least = None, np.inf
  for rate in RATES:
    values, vectors = np.linalg.eigh(np.exp(-rate * distance))
    for ridge in RIDGES:
      inverse = (vectors / (values + ridge)) @ vectors.T
      coefficients = inverse @ targets
      residual = coefficients / np.diag(inverse)
      error = float(np.mean(residual**2))
      if error < least:
        best, least = Fit(rate, coefficients, targets - residual), error
  assert best is not None
  return best


def num_cells(params: Any) -> int:
  """Cells of the regression in parameters with leaves `[R, ...]`; 0: none."""
  joined = params["params"].get("kernel")
  return 0 if joined is None else joined["cells"].shape[1]


def attach(
  config: configs.Config,
  model: nn.Module,
  params: Any,
  raw: np.ndarray,
  features: np.ndarray,
  labels: np.ndarray,
) -> tuple[nn.Module, Any]:
  """Adds the regression to every member of a trained network.

  Args:
    config: `kernel.weight`: spread of the regression in units of the spread of
      the member's scores.
    model: the network without regression.
    params: its parameters, leaves `[R, ...]`.
    raw: its scores of the training cells, `[R, n]`.
    features: their standardised graph features, `[n, F]`.
    labels: their labels, `[n]`.

  Returns:
    The model with `kernel_cells = n`, and its parameters.
  """
  fit = solve(features, labels)
  spread = max(float(fit.left_out.std()), 1e-9)
  factor = config.kernel.weight * raw.std(axis=1) / spread
  members = len(factor)
  variables = {
    "cells": np.repeat(features[None], members, axis=0),
    "coefficients": factor[:, None] * fit.coefficients[None],
    "rate": np.full(members, fit.rate),
  }
  joined = dict(params["params"])
  joined["kernel"] = {
    name: jnp.asarray(value, jnp.float32) for name, value in variables.items()
  }
  return model.clone(kernel_cells=len(labels)), {"params": joined}
