"""The report `zero_label`: rankings that saw no label of the space."""

import math
from collections.abc import Sequence

import numpy as np

from nasjax.benchmarks import registry
from nasjax.experiments import provenance
from nasjax.reproduce import catalog, markdown, reports, results
from nasjax.reproduce import zero_label_scores as scores
from nasjax.training import metrics

_BENCHMARKS = ("nb201", "nb101", "darts545", "nb301", "nats_size")
_METRICS = {
  "tau_all": "Kendall tau-b",
  "spearman_all": "Spearman rho",
  "found_top1": "accuracy of the first",
  "found_top10": "best of the first ten",
}
METHODS = {name: title for name, (title, _) in scores.METHODS.items()}
SPEC = reports.Spec(
  what="rankings of spaces without one label from them",
  spaces=("nb201", "nb101", "darts", "size"),
  methods=tuple(METHODS),
  known=tuple(METHODS),
  datasets=("cifar10", "cifar100", "imagenet16"),
)


def run(options: reports.Options) -> None:
  """Scores the cells of every benchmark by every method; writes the tables.

  Raises:
    UserError: data are missing.
  """
  studies = [s for s in options.studies if s.benchmark in _BENCHMARKS]
  problems: dict[str, scores.Problem] = {}
  for study in studies:
    name = study.benchmark
    if name not in problems:
      problems[name] = _problem(name, options.setup.data_dir)
    for method in options.methods:
      if scores.has(method, name):
        reports.save(options, _rows(study, problems[name], method))
  data = results.read(options.path)
  text = render(data)
  reports.write_page(options, text)


def _problem(name: str, data_dir: str | None) -> scores.Problem:
  """All cells of a benchmark, of NAS-Bench-101 a sample."""
  benchmark = registry.get_benchmark(name, data_dir)
  rows = np.arange(len(benchmark))
  if name == "nb101":
    rng = np.random.default_rng(0)
    rows = np.sort(rng.choice(rows, scores.MOST, replace=False))
  return scores.Problem(benchmark, rows, data_dir)


def _rows(
  study: catalog.Study, problem: scores.Problem, method: str
) -> list[results.Row]:
  """Result rows of a method on the cells that have the label."""
  label = f"{study.dataset}/{study.test_label}"
  truth = problem.benchmark.values(label)[problem.rows]
  known = np.isfinite(truth)
  truth = truth[known]
  found, seconds = scores.score(problem, method)
  found = found[known]
  order = np.argsort(-found, kind="stable")
  values = {
    "tau_all": metrics.kendall_tau(found, truth),
    "spearman_all": metrics.spearman_rho(found, truth),
    "found_top1": float(truth[order[0]]),
    "found_top10": float(truth[order[:10]].max()),
  }
  return [
    results.make_row(
      study,
      method,
      0,
      metric,
      [value],
      note=f"{known.sum():,} cells, {problem.benchmark.describe(label)}",
      commit=provenance.commit(),
      seconds=seconds,
    )
    for metric, value in values.items()
  ]


def render(data: results.Data) -> str:
  """Prints a result file as Markdown."""
  rows = data["rows"]
  commits = sorted({row["commit"] for row in rows})
  parts = [
    f"# zero_label: {SPEC.what}",
    f"Made by {markdown.made_by(data)}; commit {', '.join(commits)}. Every "
    "method scores all cells that are named once; no label of their space is "
    "fitted. What had been seen of the labels when the methods were chosen: "
    "docs/zero_label.md. Cells of NAS-Bench-101 are drawn once. Published "
    "proxies are those of the cell without its dead operations; cells that "
    "compute nothing rank last.",
  ]
  for key in results.studies(rows):
    parts += _study(rows, key)
  return "\n\n".join(parts) + "\n"


def _study(rows: Sequence[results.Row], key: tuple[str, str, str]) -> list[str]:
  space, benchmark, dataset = key
  own = results.select(rows, space=space, benchmark=benchmark, dataset=dataset)
  lines = []
  for method in METHODS:
    if not results.select(own, method=method):
      continue
    cells = [
      _cell(markdown.find(own, method=method, metric=metric))
      for metric in _METRICS
    ]
    lines.append([METHODS[method], *cells])
  return [
    f"## {space}, {benchmark}, {dataset}",
    f"{own[0]['note']}.",
    markdown.table(["method", *_METRICS.values()], lines),
  ]


def _cell(row: results.Row | None) -> str:
  if row is None or row["mean"] is None or not math.isfinite(row["mean"]):
    return "-"
  digits = 2 if row["metric"].startswith("found") else 3
  return markdown.number(row["mean"], digits)
