"""The report `proxies`: scores of untrained networks beside published ones.

Published are the scores of NAS-Bench-Suite-Zero (Krishnakumar et al. 2022,
NeurIPS), CIFAR-10, in the table `nb201_zero_cost.npz` of the data folder. Cells
are drawn once from those that it has; `size` is their number. They have no dead
operation. Ours are measured with the official skeleton on Gaussian noise.
"""

import time
from typing import NamedTuple

import numpy as np

from nasjax import errors, files, foreign
from nasjax.benchmarks import registry as benchmarks
from nasjax.experiments import provenance
from nasjax.proxies import PROXIES, Scores, measure
from nasjax.reproduce import catalog, markdown, reports, results
from nasjax.training import metrics

TABLE = "nb201_zero_cost.npz"
_SKELETON = "official"

METHODS = {name: name for name in PROXIES}
PUBLISHED = (
  "epe_nas",
  "fisher",
  "flops",
  "grad_norm",
  "grasp",
  "jacov",
  "l2_norm",
  "nwot",
  "params",
  "plain",
  "snip",
  "synflow",
  "zen",
)
"""Proxies of the table `nb201_zero_cost.npz` (Krishnakumar et al. 2022)."""

SPEC = reports.Spec(
  what="scores of untrained networks beside published ones",
  spaces=("nb201",),
  methods=PUBLISHED,
  known=tuple(METHODS),
  sizes={"nb201": (1000,)},
  datasets=("cifar10", "cifar100", "imagenet16"),
  num_seeds={"nb201": 1},
)


class Measured(NamedTuple):
  """Scores of the drawn cells, NaN where there is none.

  Attributes:
    name: name of the proxy.
    cells: rows of the benchmark, `[n]`.
    own: our scores, `[n]`.
    published: published scores, `[n]`; NaN where the table has no such proxy.
    seconds: what measuring ours took, compilation included; of all proxies of
      one command, which share a program.
    note: how ours were made.
  """

  name: str
  cells: np.ndarray
  own: np.ndarray
  published: np.ndarray
  seconds: float
  note: str


def run(options: reports.Options) -> None:
  """Measures every method on the drawn cells; writes rows and a table.

  Raises:
    UserError: data are missing, or there are none of the space.
  """
  studies = reports.studies_of(options, "nb201")
  data_dir = options.setup.data_dir
  benchmark = benchmarks.get_benchmark("nb201", data_dir)
  index, published = read(data_dir)
  for size in options.sizes_of(studies[0]):
    rng = np.random.default_rng(options.setup.seed)
    places = rng.permutation(len(index))[:size]
    genotypes = benchmark.genotypes[index[places]]
    found, seconds = _measure(options, genotypes)
    for method in options.methods:
      known = published.get(method, np.full(len(index), np.nan))[places]
      note = _note(method, found.images)
      each = Measured(
        method, index[places], found[method], known, seconds, note
      )
      for study in studies:
        labels = benchmark.values(f"{study.dataset}/{study.test_label}")
        reports.save(options, rows(study, each, labels[each.cells]))
  _write(options)


def read(data_dir: str | None) -> tuple[np.ndarray, dict[str, np.ndarray]]:
  """Reads the published scores.

  Returns:
    Rows of the cells in the benchmark, `[n]`, and scores `[n]` by name.

  Raises:
    UserError: the table is missing or damaged.
  """
  folder = files.data_dir(data_dir)
  path = None if folder is None else folder / TABLE
  if path is None or not path.exists():
    raise errors.UserError(
      f"proxies: expected {TABLE} in the folder of --data_dir or NASJAX_DATA, "
      f"got {errors.quote(str(folder))}; without it nothing can be compared"
    )
  arrays = files.read_npz(path)
  with foreign.reading(path, "scores by proxy"):
    names = [str(name) for name in arrays["proxy_names"]]
    scores = arrays["cifar10"].astype(np.float64).T
    return arrays["index"], dict(zip(names, scores, strict=True))


def _measure(
  options: reports.Options, genotypes: np.ndarray
) -> tuple[Scores, float]:
  """Scores of all methods, by one program, and the seconds of it."""
  first = options.setup.seed
  seeds = range(first, first + (options.num_seeds or 1))
  began = time.monotonic()
  scores = measure(
    "nb201",
    genotypes,
    options.methods,
    skeleton=_SKELETON,
    seeds=tuple(seeds),
  )
  return scores, round(time.monotonic() - began, 1)


def _note(method: str, images: str) -> str:
  note = f"{_SKELETON} skeleton"
  return f"{note}, {images}" if PROXIES[method].needs_images else note


def rows(
  study: catalog.Study, each: Measured, labels: np.ndarray
) -> list[results.Row]:
  """Result rows of a proxy and a data set, over the cells with both scores.

  `spearman_published` compares the two scores, `tau` and `tau_published` each
  of them with accuracy.

  Args:
    study: the data set.
    each: the scores.
    labels: test accuracies of the cells, `[n]`.
  """
  ours, known = np.isfinite(each.own), np.isfinite(each.published)
  both = ours & known
  values = {"tau": metrics.kendall_tau(each.own[ours], labels[ours])}
  if known.any():
    values["spearman_published"] = metrics.spearman_rho(
      each.own[both], each.published[both]
    )
    values["tau_published"] = metrics.kendall_tau(
      each.published[known], labels[known]
    )
  return [
    results.make_row(
      study,
      each.name,
      len(labels),
      metric,
      [value],
      note=each.note,
      failed=int((~ours).sum()),
      distinct=len(np.unique(each.own[ours])),
      commit=provenance.commit(),
      seconds=each.seconds,
    )
    for metric, value in values.items()
  ]


def _write(options: reports.Options) -> None:
  """Writes and prints the page."""
  data = results.read(options.path)
  text = page(data)
  reports.write_page(options, text)


def page(data: results.Data) -> str:
  """Markdown of all rows: a table a data set."""
  parts = [
    f"# {data['name']}: {SPEC.what}",
    f"Made by {markdown.made_by(data)}.",
    "Cells are drawn once from the 9,445 with published scores; one seed. "
    "Published: NAS-Bench-Suite-Zero, CIFAR-10 images; ours: Gaussian noise, "
    "random labels, the skeleton `official`. Cells without a score of ours are "
    "left out of a row; proxies without a row were not measured. Seconds are "
    "those of all proxies that one command names.",
  ]
  for key in results.studies(data["rows"]):
    space, benchmark, dataset = key
    own = results.select(data["rows"], benchmark=benchmark, dataset=dataset)
    parts += [f"## {space}, {dataset}", _table(own)]
  return "\n\n".join(parts) + "\n"


def _table(own: list[results.Row]) -> str:
  lines = []
  for row in results.select(own, metric="tau"):
    keys = {"method": row["method"], "size": row["size"]}
    line = [row["method"], str(row["size"])]
    for metric in ("spearman_published", "tau_published", "tau"):
      found = markdown.find(own, metric=metric, **keys)
      line.append(markdown.number(found["mean"] if found else None))
    line += [str(row["failed"]), str(row["distinct"]), f"{row['seconds']:.0f}"]
    lines.append(line)
  header = [
    "proxy",
    "cells",
    "Spearman, ours with published",
    "tau, published with accuracy",
    "tau, ours with accuracy",
    "no score",
    "distinct",
    "seconds",
  ]
  return markdown.table(header, lines)
