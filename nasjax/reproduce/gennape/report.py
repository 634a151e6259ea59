"""The report `gennape`: predictors of any network on nine families.

Mills et al., "GENNAPE", AAAI 2023: learnt from NAS-Bench-101, tested on other
families without a label of them and with 50; beside it what nasjax learns from
all families but the tested one.
"""

from collections.abc import Sequence

import numpy as np

from nasjax.computation import families
from nasjax.experiments import provenance
from nasjax.reproduce import catalog, markdown, reports, results
from nasjax.reproduce.gennape import data, methods, untrained
from nasjax.training import metrics

METHODS = {name: title for name, (title, _) in methods.METHODS.items()}
_METRICS = {
  "spearman_rest": "Spearman rho",
  "tau_rest": "Kendall tau-b",
  "ndcg10_rest": "NDCG@10",
}
_TOP = 10
_FAMILIES = {"nats_size": "size"}
"""Benchmarks whose networks are a family of another name."""
PUBLISHED = 0.815
"""Spearman of GENNAPE, NAS-Bench-101 to NAS-Bench-201 without labels."""
SPEC = reports.Spec(
  what="predictors of any network, on families that they have not seen "
  "(GENNAPE, Mills et al. 2023)",
  spaces=("nb101", "nb201", "darts"),
  methods=tuple(METHODS),
  known=tuple(METHODS),
  num_seeds=dict.fromkeys(("nb101", "nb201", "darts545", "nb301"), 2),
)


def study_of(name: str) -> catalog.Study:
  """The networks and labels of a family."""
  label = families.get_family(name).labels[0]
  dataset, _, split = label.rpartition("/")
  sizes = (0, methods.LABELS)
  return catalog.Study(
    name, name, dataset or name, split, split, sizes, sizes[-1]
  )


def chosen(options: reports.Options) -> list[str]:
  """The tested families: those of the named spaces, all where all are named."""
  names = [study.benchmark for study in options.studies]
  asked = {_FAMILIES.get(name, name) for name in names}
  known = {study.benchmark for study in catalog.STUDIES}
  is_all = {"nb101", "nb201", "darts545", "nb301"} <= asked
  return [
    name
    for name in families.family_names()
    if name in asked or (is_all and name not in known)
  ]


def run(options: reports.Options) -> None:
  """Scores the tested networks of every family; writes the tables.

  Raises:
    UserError: data are missing, or scikit-learn is not installed.
  """
  samples = data.load(options.setup.data_dir)
  names = chosen(options)
  seeds = options.num_seeds_of(options.studies[0])
  first = options.setup.seed
  settings = [
    methods.Setting(samples, seed) for seed in range(first, first + seeds)
  ]
  for method in options.methods:
    for name in names:
      for size in methods.sizes(method):
        if methods.has(method, name, size):
          reports.save(options, _rows(settings, method, name, size))
  text = render(results.read(options.path))
  reports.write_page(options, text)


def _rows(
  settings: Sequence[methods.Setting], method: str, name: str, size: int
) -> list[results.Row]:
  """Rows of a method on the tested networks without given labels."""
  score = methods.METHODS[method][1]
  values: dict[str, list[float]] = {metric: [] for metric in _METRICS}
  for setting in settings:
    tested = setting.tested(name)
    rest = np.ones(len(tested), bool)
    if size:
      rest[setting.labelled(name)] = False
    scores = np.asarray(score(setting, name, size), np.float64)[rest]
    truth = tested.networks.values[rest]
    values["spearman_rest"].append(metrics.spearman_rho(scores, truth))
    values["tau_rest"].append(metrics.kendall_tau(scores, truth))
    values["ndcg10_rest"].append(ndcg(scores, truth))
  family = families.get_family(name)
  kind = "SURROGATE labels" if family.is_surrogate else "trained networks"
  note = f"{family.title}: {len(settings[0].tested(name))} networks, {kind}"
  return [
    results.make_row(
      study_of(name),
      method,
      size,
      metric,
      found,
      note=note,
      commit=provenance.commit(),
      first_seed=settings[0].seed,
    )
    for metric, found in values.items()
  ]


def ndcg(scores: np.ndarray, truth: np.ndarray) -> float:
  """Normalised discounted cumulative gain of the first ten.

  The gain of a network is its label, from 0 of the worst to 1 of the best
  (Jarvelin and Kekalainen 2002).
  """
  gains = (truth - truth.min()) / max(np.ptp(truth), 1e-12)
  weights = 1 / np.log2(np.arange(2, min(_TOP, len(truth)) + 2))
  order = np.argsort(-scores, kind="stable")[:_TOP]
  best = np.sort(gains)[::-1][:_TOP]
  return float(gains[order] @ weights / (best @ weights))


def render(data: results.Data) -> str:
  """Prints a result file as Markdown."""
  rows = data["rows"]
  commits = sorted({row["commit"] for row in rows})
  parts = [
    f"# gennape: {SPEC.what}",
    f"Made by {markdown.made_by(data)}; commit {', '.join(commits)}. "
    f"{methods.TESTED} networks of each family are tested, the same for all "
    f"methods; with {methods.LABELS} labels those networks are left out. "
    f"{', '.join(untrained.PROXIES)} are of untrained networks (the "
    f"{untrained.SKELETON} skeleton on noise), and the zero-label score saw no "
    "label of its space: both where networks are cells of a space of nasjax. "
    "Mean and standard deviation over seeds. What was seen when the methods "
    "were chosen: docs/gennape.md.",
  ]
  for metric, title in _METRICS.items():
    parts += [f"## {title}", _table(rows, metric)]
  parts.append(
    f"Published: GENNAPE from NAS-Bench-101 on NAS-Bench-201 without labels, "
    f"Spearman {markdown.number(PUBLISHED)}, as cited by later work."
  )
  return "\n\n".join(parts) + "\n"


def _table(rows: Sequence[results.Row], metric: str) -> str:
  lines, columns = [], []
  for method in METHODS:
    for size in methods.sizes(method):
      if results.select(rows, method=method, size=size):
        columns.append((method, size))
  for name in families.family_names():
    own = results.select(rows, benchmark=name, metric=metric)
    if own:
      cells = [
        markdown.measured(markdown.find(own, method=m, size=s))
        for m, s in columns
      ]
      lines.append([families.get_family(name).title, *cells])
  header = [
    METHODS[method] + (f", {size} labels" if size else "")
    for method, size in columns
  ]
  return markdown.table(["family", *header], lines)
