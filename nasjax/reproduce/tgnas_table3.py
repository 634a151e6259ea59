"""TG-NAS on spaces without labels: sentence length by variant (its table 3).

Every predictor is trained on cells of NAS-Bench-101 alone and ranks the cells
of other spaces; multiply-adds and parameters stand beside it.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from nasjax.benchmarks import base as benchmarks_base
from nasjax.benchmarks import registry
from nasjax.experiments import provenance
from nasjax.reproduce import catalog, reports, results, tgnas_training
from nasjax.training import metrics

FLOORS = ("flops", "params")
METHODS = {
  **catalog.TRANSFERRED,
  **{name: catalog.FLOORS[name] for name in FLOORS},
}
SPEC = reports.Spec(
  what="TG-NAS trained on NAS-Bench-101 alone, on other spaces (tables 2 and "
  "3 of Qiao et al. 2024)",
  spaces=("nb201", "darts"),
  methods=tuple(METHODS),
  known=tuple(METHODS),
  datasets=("cifar10", "cifar100", "imagenet16"),
  source=tgnas_training.SOURCE,
)


def run(options: reports.Options) -> None:
  """Trains every variant at every size, and writes the table."""
  for size in options.sizes or tgnas_training.SOURCE.sizes:
    for method in options.methods:
      if method in FLOORS:
        reports.save(options, _floors(options, method, size))
        continue
      for variant in tgnas_training.variants(size):
        found = tgnas_training.measure(options, method, variant, size)
        rows = _rows(options, f"{method} {variant}", size, *found)
        reports.save(options, rows)
  reports.finish(options)


def _rows(
  options: reports.Options,
  method: str,
  size: int,
  scores: tgnas_training.Scores,
  facts: Mapping[str, Any],
) -> list[results.Row]:
  """Rows of NAS-Bench-101 and of every study."""
  data_dir = options.setup.data_dir
  source = registry.get_benchmark("nb101", data_dir)
  test = tgnas_training.draw(source, 1, 0, 1)[1]
  facts = {**facts, "first_seed": options.setup.seed}
  rows = _study_rows(
    tgnas_training.SOURCE, method, size, scores["nb101"], source, test, facts
  )
  facts = {**facts, "seconds": 0.0}  # of the training, which counts once
  for study in options.studies:
    benchmark = registry.get_benchmark(study.benchmark, data_dir)
    for suffix in ("", tgnas_training.BOTH):
      own = scores.get(study.benchmark + suffix)
      if own is not None:
        name = method + suffix
        rows += _study_rows(
          study, name, size, own, benchmark, slice(None), facts
        )
  return rows


def _floors(
  options: reports.Options, method: str, size: int
) -> list[results.Row]:
  """Rows of counts, which no training changes."""
  facts = {"seconds": 0.0, "commit": provenance.commit(), "max_steps": 0}
  facts["first_seed"] = options.setup.seed
  rows = []
  for study in options.studies:
    benchmark = registry.get_benchmark(study.benchmark, options.setup.data_dir)
    space = benchmark.space
    count = space.flops if method == "flops" else space.num_params
    scores = count(benchmark.genotypes).astype(np.float64)[None]
    rows += _study_rows(
      study, method, size, scores, benchmark, slice(None), facts
    )
  return rows


def _study_rows(
  study: catalog.Study,
  method: str,
  size: int,
  scores: np.ndarray,
  benchmark: benchmarks_base.Benchmark,
  cells: Any,
  facts: Mapping[str, Any],
) -> list[results.Row]:
  """Kendall tau-b and Spearman rho of scores `[S, n]` of some cells."""
  label = f"{study.dataset}/{study.test_label}"
  truth = benchmark.values(label)[cells]
  known = np.isfinite(truth)
  trained = "NAS-Bench-101, CIFAR-10 test accuracy, mean of three runs"
  note = f"train: {trained} | test: {benchmark.describe(label)}"
  measured = {
    "tau_all": metrics.kendall_tau,
    "spearman_all": metrics.spearman_rho,
  }
  return [
    results.make_row(
      study,
      method,
      size,
      metric,
      [correlate(row[known], truth[known]) for row in scores],
      note=note,
      **facts,
    )
    for metric, correlate in measured.items()
  ]
