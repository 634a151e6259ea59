"""What a training reports: rank correlations, and all that is known of it."""

from typing import Any

import numpy as np

from nasjax import config as configs
from nasjax.experiments import tasks
from nasjax.training import metrics


def correlations(
  task: tasks.Task, scores: np.ndarray
) -> dict[str, list[float]]:
  """Metrics of every seed on its test sets; `scores` `[S, n]`."""
  labels = task.benchmark.values(task.test_label)
  sign = -1 if task.target == configs.COST else 1
  result: dict[str, list[float]] = {
    "tau_rest": [],
    "tau_all": [],
    "spearman_rest": [],
    "top10_regret_all": [],
  }
  for split, score in zip(task.splits, scores, strict=True):
    rest, everything = split.rest, split.all
    result["tau_rest"].append(metrics.kendall_tau(score[rest], labels[rest]))
    result["tau_all"].append(
      metrics.kendall_tau(score[everything], labels[everything])
    )
    result["spearman_rest"].append(
      metrics.spearman_rho(score[rest], labels[rest])
    )
    result["top10_regret_all"].append(
      metrics.top_k_regret(
        sign * score[everything], sign * labels[everything], 10
      )
    )
  return result


def summary(
  config: configs.Config,
  task: tasks.Task,
  found: dict[str, list[float]],
  num_params: int,
) -> dict[str, Any]:
  """What `summary.json` holds of a training and its scores.

  Args:
    config: the config of the training.
    task: its task.
    found: what `correlations` returns.
    num_params: parameters of one member.
  """

  def mean(name):
    return round(float(np.mean(found[name])), 6)

  def std(name):
    return round(float(np.std(found[name])), 6)

  benchmark = task.benchmark
  return {
    "space": config.space,
    "benchmark": benchmark.name,
    "train_label": task.train_label,
    "train_label_is": benchmark.describe(task.train_label),
    "test_label": task.test_label,
    "test_label_is": benchmark.describe(task.test_label),
    "target": task.target,
    "split": config.split,
    "num_train": task.genotypes.shape[1],
    "num_test": len(task.splits[0].rest),
    "num_all": len(task.splits[0].all),
    "seeds": list(range(config.seed, config.seed + config.num_seeds)),
    **{name: [round(x, 6) for x in values] for name, values in found.items()},
    "tau_rest_mean": mean("tau_rest"),
    "tau_rest_std": std("tau_rest"),
    "tau_all_mean": mean("tau_all"),
    "tau_all_std": std("tau_all"),
    "spearman_rest_mean": mean("spearman_rest"),
    "top10_regret_all_mean": mean("top10_regret_all"),
    "num_members": config.num_members,
    "num_params": num_params,
  }
