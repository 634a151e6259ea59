"""Transfer to a data set without labels: `mini201`, one image set held out.

A predictor is trained on the cells of all other image sets and ranks cells on
the one that is held out, of which it sees images at most (section 3.3 of Wang
et al. 2024).
"""

from typing import Any

import numpy as np

from nasjax.benchmarks import mini201, mini201_images
from nasjax.experiments import provenance
from nasjax.predictors import predictor as predictors
from nasjax.reproduce import (
  reports,
  results,
  transfer_table,
  transfer_training,
)
from nasjax.systems.architecture import multitask
from nasjax.training import metrics

Problem = transfer_training.Problem

TRAINED = {
  "images_training": "images seen, training graph",
  "blind_training": "no images, training graph",
  "images_inference": "images seen, inference graph",
  "blind_inference": "no images, inference graph",
}
PRETRAINED = "pretrained"
OTHERS = "other_sets"
CEILING = "ceiling"
METHODS = {
  **TRAINED,
  PRETRAINED: "pretrained predictor (CIFAR-10)",
  OTHERS: "mean accuracy on the other sets",
  CEILING: "ceiling: one seed against the other",
}
SPEC = reports.Spec(
  what="tau on a held-out image set of mini201 (section 3.3 of Wang et al. "
  "2024)",
  spaces=("nb201",),
  methods=tuple(METHODS),
  known=tuple(METHODS),
  datasets=mini201_images.names(),
)


def run(options: reports.Options) -> None:
  """Trains every method at every size, and writes the table."""
  for size in options.sizes_of(options.studies[0]):
    problem = transfer_training.make_problem(options, size)
    for method in options.methods:
      scores, facts = _scores(options, problem, method, size)
      rows = _rows(options, problem, method, size, scores, facts)
      reports.save(options, rows)
  data = results.read(options.path)
  text = transfer_table.render(data, SPEC.what, METHODS, mini201.card())
  reports.write_page(options, text)


def _scores(
  options: reports.Options, problem: Problem, method: str, size: int
) -> tuple[np.ndarray, dict[str, Any]]:
  """Scores `[F, s, n]`, and what is known of them (seconds, commit, bound)."""
  shape = len(problem.held_out), len(problem.rows), len(problem.labels)
  facts = {"seconds": 0.0, "commit": provenance.commit(), "max_steps": 0}
  if method == PRETRAINED:
    model = predictors.Predictor.pretrained("nb201")
    scores = model.predict(problem.benchmark.genotypes)
    return np.broadcast_to(scores, shape), facts
  if method in (OTHERS, CEILING):
    scores = [_labels(problem, method, fold) for fold in range(shape[0])]
    return np.stack(scores), facts
  return transfer_training.scores(options, problem, method, size)


def _labels(problem: Problem, method: str, fold: int) -> np.ndarray:
  """Scores `[s, n]` that are known accuracies themselves."""
  held_out = problem.held_out[fold]
  if method == CEILING:
    name = problem.names[held_out]
    scores = problem.benchmark.values(f"{name}/seed1")
  else:
    known = multitask.normalize_within(problem.labels)
    scores = np.nanmean(np.delete(known, held_out, axis=1), axis=1)
  return np.broadcast_to(scores, (len(problem.rows), len(scores)))


def _rows(
  options: reports.Options,
  problem: Problem,
  method: str,
  size: int,
  scores: np.ndarray,
  facts: dict[str, Any],
) -> list[results.Row]:
  """Result rows of both test sets, for every held-out image set."""
  rows = []
  for fold, study in enumerate(options.studies):
    label = "seed0" if method == CEILING else "test"
    truth = problem.benchmark.values(f"{study.dataset}/{label}")
    known = np.isfinite(truth) & np.isfinite(scores[fold]).all(axis=0)
    known = np.flatnonzero(known)
    tests = {
      "tau_rest": [
        np.intersect1d(known, problem.rest(s)) for s in range(len(scores[fold]))
      ],
      "tau_all": [known] * len(scores[fold]),
    }
    for metric, cells in tests.items():
      taus = [
        metrics.kendall_tau(row[where], truth[where])
        for row, where in zip(scores[fold], cells, strict=True)
      ]
      rows.append(
        results.make_row(
          study,
          method,
          size,
          metric,
          taus,
          note=problem.benchmark.describe(f"{study.dataset}/{label}"),
          first_seed=options.setup.seed,
          **facts,
        )
      )
  return rows
