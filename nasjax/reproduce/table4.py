"""Table 4: the accuracy of the cells that a search finds, and transfer.

Every cell of NAS-Bench-201 is scored by the predictor. `found_top1` is the test
accuracy of the highest score. `found_top10` is algorithm 2 of Wang et al. 2024:
the ten highest scores are evaluated for real, which is looked up here, the one
of the best validation accuracy is taken, and its test accuracy is reported.

Transfer: a predictor that was trained on CIFAR-10 labels alone ranks the cells
on another data set, without any label or image of it (`NAME, trained on
cifar10`); on CIFAR-100 and ImageNet16-120 of NAS-Bench-201, and on the 199
cells of SVHN, spherical CIFAR-100 and NinaPro, where no cell is chosen.
"""

import dataclasses

import numpy as np

from nasjax import errors, files
from nasjax.benchmarks import base, registry
from nasjax.reproduce import catalog, outcomes, published, reports, results
from nasjax.training import metrics

TOP_K = 10
SOURCE = "cifar10"
SPEC = reports.Spec(
  what="test accuracy of the NAS-Bench-201 cell that is found, and transfer "
  "(table 4 and section 4.3 of Wang et al. 2024, who do not say how many "
  "labels stand behind the published accuracies)",
  spaces=("nb201",),
  methods=("default", "paper"),
  known=tuple(catalog.TRAINED),
  sizes={"nb201": (156,)},
  datasets=(SOURCE, "cifar100", "imagenet16"),
)
_FURTHER = "nb201_9x199"


def run(options: reports.Options) -> None:
  """Trains, searches, ranks other data sets, and writes the table."""

  def further_rows(outcome: outcomes.Outcome) -> list[results.Row]:
    data_dir = options.setup.data_dir
    benchmark = registry.get_benchmark(outcome.study.benchmark, data_dir)
    scores = _scores(outcome)
    rows = _found_rows(outcome, benchmark, outcome.study, "", scores)
    if outcome.study.dataset == SOURCE:
      rows += transfer_rows(outcome, benchmark, scores, data_dir)
    return rows

  reports.collect(options, extra_rows=further_rows)
  reports.finish(options)


def _scores(outcome: outcomes.Outcome) -> np.ndarray:
  """Scores of all cells of the benchmark, `[S, n]`."""
  return files.load_npz(outcome.folder / "predictions.npz")["scores"]


def found(
  scores: np.ndarray, val: np.ndarray, test: np.ndarray, top_k: int
) -> float:
  """Test accuracy of the cell of best validation accuracy among the top_k.

  Args:
    scores: `[n]`, higher = better.
    val: validation accuracy `[n]`, percent.
    test: test accuracy `[n]`, percent.
    top_k: cells that are evaluated.
  """
  top = np.argsort(-scores, kind="stable")[:top_k]
  return float(test[top[np.argmax(val[top])]])


def _found_rows(
  outcome: outcomes.Outcome,
  benchmark: base.Benchmark,
  study: catalog.Study,
  suffix: str,
  scores: np.ndarray,
) -> list[results.Row]:
  """Rows of the cells found on the data set of `study`."""
  val = benchmark.values(f"{study.dataset}/val")
  test = benchmark.values(f"{study.dataset}/test")
  return [
    _row(
      outcome,
      study,
      benchmark,
      suffix,
      f"found_top{top_k}",
      [found(row, val, test, top_k) for row in scores],
    )
    for top_k in (1, TOP_K)
  ]


def transfer_rows(
  outcome: outcomes.Outcome,
  benchmark: base.Benchmark,
  scores: np.ndarray,
  data_dir: str | None,
) -> list[results.Row]:
  """Rows of one CIFAR-10 predictor on every other data set."""
  suffix = f", trained on {SOURCE}"
  rows = []
  for dataset in SPEC.datasets[1:]:
    study = dataclasses.replace(outcome.study, dataset=dataset)
    label = benchmark.values(f"{dataset}/test")
    taus = [metrics.kendall_tau(row, label) for row in scores]
    rows.append(_row(outcome, study, benchmark, suffix, "tau_all", taus))
    rows += _found_rows(outcome, benchmark, study, suffix, scores)
  try:
    further = registry.get_benchmark(_FURTHER, data_dir)
  except errors.UserError as error:
    print(f"not measured: {error}")
    return rows
  known = benchmark.rows(further.genotypes)
  for name in further.columns:
    dataset, label = name.split("/")
    study = dataclasses.replace(
      outcome.study, benchmark=_FURTHER, dataset=dataset, test_label=label
    )
    taus = [
      metrics.kendall_tau(row[known], further.values(name)) for row in scores
    ]
    rows.append(_row(outcome, study, further, suffix, "tau_all", taus))
  return rows


def _row(
  outcome: outcomes.Outcome,
  study: catalog.Study,
  benchmark: base.Benchmark,
  suffix: str,
  metric: str,
  values: list[float],
) -> results.Row:
  row = outcome.row(metric, values)
  method = f"{outcome.method}{suffix}"
  key = study.benchmark, study.dataset, method, outcome.size, metric
  trained = row["note"].split(" | test: ")[0]
  test = benchmark.describe(f"{study.dataset}/{study.test_label}")
  return {
    **row,
    "benchmark": study.benchmark,
    "dataset": study.dataset,
    "note": f"{trained} | test: {test}",
    "method": method,
    "published": published.lookup(*key),
    "seconds": 0.0 if suffix else row["seconds"],  # no further training
  }
