"""The report `tgnas_independence`: what scores without labels have in common.

Qiao et al. 2024, section 4.1 and figure 10: rank correlations of proxies and
TG-NAS on 1,000 cells of NAS-Bench-201. Beside theirs stand all proxies of
nasjax, the transfer predictor and the zero-label ranking.

Dimensions: `n` cells, `S` seeds.
"""

from collections.abc import Mapping

import numpy as np

from nasjax.benchmarks import registry as benchmarks
from nasjax.experiments import provenance
from nasjax.reproduce import (
  catalog,
  correlations,
  independence_page,
  reports,
  results,
)
from nasjax.reproduce import independence_scores as scores
from nasjax.reproduce import zero_label_scores as zero

METHODS = {**scores.OWN, **scores.PUBLISHED}
SPEC = reports.Spec(
  what="rank correlations of proxies and TG-NAS with each other (figure 10 of "
  "Qiao et al. 2024)",
  spaces=("nb201",),
  methods=tuple(METHODS),
  known=tuple(METHODS),
  sizes={"nb201": (1000,)},
  datasets=("cifar10", "cifar100", "imagenet16"),
  num_seeds={"nb201": scores.NUM_SEEDS},
)


def run(options: reports.Options) -> None:
  """Scores the drawn cells by every method; writes rows, page and figures.

  Raises:
    UserError: data are missing, or there are none of the space.
  """
  studies = reports.studies_of(options, "nb201")
  size = options.sizes_of(studies[0])[0]
  problem = draw(size, options.setup.data_dir)
  found = {
    method: scores.score(options, problem, method) for method in options.methods
  }
  values = {method: each.scores for method, each in found.items()}
  rows = []
  for method, each in found.items():
    rows += [
      _among(method, metric, each, values) for metric in correlations.METRICS
    ]
    for study in studies:
      label = f"{study.dataset}/{study.test_label}"
      truth = problem.benchmark.values(label)[problem.rows]
      rows += _with_accuracy(study, method, each, truth)
  data = reports.save(options, rows)
  text = independence_page.write(data, METHODS, SPEC.what, options.results)
  reports.write_page(options, text)


def draw(size: int, data_dir: str | None) -> zero.Problem:
  """Cells of NAS-Bench-201, drawn once: the same for all seeds."""
  benchmark = benchmarks.get_benchmark("nb201", data_dir)
  number = len(benchmark)
  rng = np.random.default_rng(0)
  rows = rng.choice(number, min(size, number), replace=False)
  return zero.Problem(benchmark, np.sort(rows), data_dir)


def _among(
  method: str,
  metric: str,
  own: scores.Found,
  values: Mapping[str, np.ndarray],
) -> results.Row:
  """A method with itself, in pairs of seeds, and with each other method."""
  correlate = correlations.METRICS[metric]
  others = {
    name: correlations.of_seeds(own.scores, each, correlate)
    for name, each in values.items()
    if name != method
  }
  study = catalog.Study(
    "nb201", "nb201", independence_page.NO_LABEL, "-", "-", (), 0
  )
  return _row(
    study,
    method,
    metric,
    own,
    correlations.between_seeds(own.scores, correlate),
    others={
      name: round(float(np.mean(each)), 4)
      for name, each in others.items()
      if np.isfinite(each).all()
    },
  )


def _with_accuracy(
  study: catalog.Study, method: str, own: scores.Found, truth: np.ndarray
) -> list[results.Row]:
  """A method with the test accuracies `[n]` of a data set."""
  return [
    _row(
      study,
      method,
      metric,
      own,
      correlations.of_seeds(own.scores, truth[None], correlate),
    )
    for metric, correlate in correlations.METRICS.items()
  ]


def _row(study, method, metric, own: scores.Found, found, **facts):
  return results.make_row(
    study,
    method,
    own.scores.shape[1],
    metric,
    found,
    note=own.note,
    failed=int(np.isnan(own.scores).any(0).sum()),
    commit=provenance.commit(),
    seconds=own.seconds if "others" in facts else 0.0,  # counts once
    **facts,
  )
