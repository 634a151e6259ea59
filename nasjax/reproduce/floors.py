"""Cheap baselines ("floors") that a predictor has to beat.

Multiply-adds, parameters, and tree ensembles on one-hot genotypes, on graph
features or on graph and path features, on the same splits and standardised
labels as the trained methods. Settings were fixed before any test label was
looked at: the random forest has the defaults of scikit-learn, XGBoost 1,000
trees of depth 6 with learning rate 0.03 (GRAF, Kadlecova et al. 2024, takes
10,000 trees and 0.01, which is slow).

Dimensions: `n` cells of the benchmark, `G` integers of a genotype, `F`
features, `S` seeds.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from nasjax import errors
from nasjax.benchmarks import base as benchmarks_base
from nasjax.experiments import tasks
from nasjax.features import tables
from nasjax.reproduce import catalog, extras
from nasjax.spaces import base as spaces_base
from nasjax.training import metrics

GraphFeatures = Callable[[spaces_base.Space, np.ndarray, bool], np.ndarray]

XGBOOST = {"n_estimators": 1000, "learning_rate": 0.03, "max_depth": 6}
RANDOM_FOREST = {"n_estimators": 100}


def settings(method: str) -> dict[str, Any]:
  """Returns the fixed settings of a floor; empty where it learns nothing."""
  if method.startswith("xgboost"):
    return dict(XGBOOST)
  return dict(RANDOM_FOREST) if method.startswith("random_forest") else {}


def graph_features(
  space: spaces_base.Space, genotypes: np.ndarray, with_paths: bool
) -> np.ndarray:
  """Graph features of cells `[n, G]`, `[n, F]` float32.

  Args:
    space: their space.
    genotypes: the cells.
    with_paths: whether path features stand beside them.
  """
  found = tables.graph_features(space, genotypes)
  if not with_paths:
    return found
  paths = tables.path_features(space, genotypes)
  return np.concatenate([found, paths], axis=1)


def onehot(genotypes: np.ndarray) -> np.ndarray:
  """One-hot code of every integer of the genotypes.

  Args:
    genotypes: `[n, G]`; the values of a column are those that occur in it.

  Returns:
    `[n, F]` float32, columns of the first integer first.
  """
  columns = []
  for column in np.asarray(genotypes).T:
    columns.append(column[:, None] == np.unique(column)[None, :])
  return np.concatenate(columns, axis=1).astype(np.float32)


def scores(
  method: str, task: tasks.Task, features_fn: GraphFeatures
) -> np.ndarray:
  """Scores all cells of a benchmark, higher = better.

  Args:
    method: a name of `catalog.FLOORS`.
    task: splits and labels.
    features_fn: graph features of cells, as `graph_features`.

  Returns:
    One row of scores for each seed, `[S, n]` float64.

  Raises:
    UserError: the name is unknown, or an extra is not installed.
  """
  errors.check_name("floor", method, catalog.FLOORS)
  benchmark = task.benchmark
  if method in ("flops", "params"):
    counts = _counts(method, benchmark)
    return np.tile(counts.astype(np.float64), (len(task.splits), 1))
  inputs = _inputs(method, benchmark, features_fn)
  predicted = []
  for split, targets in zip(task.splits, task.targets, strict=True):
    model = _regressor(method, len(predicted))
    model.fit(inputs[split.train], targets)
    predicted.append(model.predict(inputs).astype(np.float64))
  return np.stack(predicted)


def _counts(method: str, benchmark: benchmarks_base.Benchmark) -> np.ndarray:
  space = benchmark.space
  count = space.flops if method == "flops" else space.num_params
  return count(benchmark.genotypes)


def _inputs(
  method: str,
  benchmark: benchmarks_base.Benchmark,
  features_fn: GraphFeatures,
) -> np.ndarray:
  if method.endswith("_onehot"):
    return onehot(benchmark.genotypes)
  found = features_fn(
    benchmark.space, benchmark.genotypes, method.endswith("_paths")
  )
  if found.ndim != 2 or len(found) != len(benchmark):
    raise ValueError(
      f"graph features: expected shape [{len(benchmark)}, F], got "
      f"{list(found.shape)}"
    )
  return found


def _regressor(method: str, seed: int) -> Any:
  if method.startswith("xgboost"):
    xgboost = extras.load("xgboost", "baselines")
    return xgboost.XGBRegressor(**XGBOOST, n_jobs=1, random_state=seed)
  ensemble = extras.load("sklearn.ensemble", "baselines")
  return ensemble.RandomForestRegressor(
    **RANDOM_FOREST, n_jobs=1, random_state=seed
  )


def correlations(
  task: tasks.Task, predicted: np.ndarray
) -> dict[str, list[float]]:
  """Rank correlations of scores `[S, n]` with the test label, by metric."""
  labels = task.benchmark.values(task.test_label)
  found: dict[str, list[float]] = {
    "tau_rest": [],
    "tau_all": [],
    "spearman_rest": [],
  }
  for split, row in zip(task.splits, predicted, strict=True):
    rest, everything = split.rest, split.all
    found["tau_rest"].append(metrics.kendall_tau(row[rest], labels[rest]))
    found["tau_all"].append(
      metrics.kendall_tau(row[everything], labels[everything])
    )
    found["spearman_rest"].append(metrics.spearman_rho(row[rest], labels[rest]))
  return found
