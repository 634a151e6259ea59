"""The report `gennape_search`: searches with the ranker of any network.

Evolution in NAS-Bench-101, and Pareto fronts of Once-for-All MobileNetV3. The
score is that of the ranker's member that has not seen the family.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from nasjax.benchmarks import registry as benchmarks
from nasjax.computation import families, measures
from nasjax.experiments import provenance
from nasjax.reproduce import catalog, extras, markdown, reports, results
from nasjax.reproduce.gennape import data, evolved, fronts, report
from nasjax.systems.gennape import ranker

FAMILY = "ofa"
TRUTH = "truth"
GOALS = (94.2, 94.0)
SIZES = (1, 10, 50, 100)
_BEST, _UNTIL = "best", "trainings until"
_VOLUME, _LENGTH = "hypervolume", "networks"
METHODS = {
  evolved.RANKER: "the ranker that has not seen the family",
  evolved.PARAMS: "parameters",
  evolved.RANDOM: "random",
}
_TITLES = {**METHODS, TRUTH: "the true accuracies"}
SPEC = reports.Spec(
  what="searches with the ranker of any network, in families that it has not "
  "seen",
  spaces=("nb101",),
  methods=tuple(METHODS),
  known=tuple(METHODS),
  sizes={"nb101": SIZES},
  num_seeds={"nb101": 3},
)


def run(options: reports.Options) -> None:
  """Searches with every method and seed; writes the tables.

  Raises:
    UserError: data are missing, or moocore is not installed.
  """
  extras.load("moocore", "pareto")
  folder = options.setup.data_dir
  for study in options.studies:
    benchmark = benchmarks.get_benchmark(study.benchmark, folder)
    for method in options.methods:
      reports.save(options, _evolved(options, study, benchmark, method))
  networks = families.load(FAMILY, folder)
  reports.save(options, _fronts(options, data.Sample(FAMILY, networks)))
  text = render(results.read(options.path))
  reports.write_page(options, text)


def _seeds(options: reports.Options) -> range:
  first = options.setup.seed
  return range(first, first + options.num_seeds_of(options.studies[0]))


def _row(options, study, method, size, metric, values, note) -> results.Row:
  return results.make_row(
    study,
    method,
    size,
    metric,
    [float(value) for value in values],
    note=note,
    commit=provenance.commit(),
    seconds=0.0,
    first_seed=options.setup.seed,
  )


def _evolved(
  options: reports.Options, study: catalog.Study, benchmark: Any, method: str
) -> list[results.Row]:
  """What a method finds in NAS-Bench-101, by trainings and by goal."""
  found = [evolved.trained(benchmark, method, s) for s in _seeds(options)]
  values = benchmark.values(evolved.LABEL)
  note = f"{benchmark.describe(evolved.LABEL)}, best {values.max():.3f}"
  rows = []
  for size in options.sizes_of(study):
    best = [evolved.best_after(each, size) for each in found]
    rows.append(_row(options, study, method, size, _BEST, best, note))
  for goal in GOALS:
    until = [evolved.trainings_until(each, goal) for each in found]
    known = f"{(values >= goal).sum()} of {len(values):,} cells reach {goal}"
    metric = f"{_UNTIL} {goal}"
    rows.append(_row(options, study, method, 0, metric, until, known))
  return rows


def _fronts(options: reports.Options, sample: data.Sample) -> list[results.Row]:
  """Hypervolumes of the fronts of Once-for-All, by what chose them.

  Random networks are as many as the front of the ranker has, a draw a seed.
  """
  found, truth = sample.measures, sample.networks.values
  macs = np.expm1(found[:, measures.NAMES.index("log macs")].astype(float))
  params = found[:, measures.NAMES.index("log params")]
  member = ranker.load().members[FAMILY]
  scores = {TRUTH: truth, evolved.RANKER: member.predict(found)}
  scores[evolved.PARAMS] = params
  chosen = {name: [fronts.front(by, macs)] for name, by in scores.items()}
  number = len(chosen[evolved.RANKER][0])
  chosen[evolved.RANDOM] = [
    np.random.default_rng(seed).choice(len(truth), number, replace=False)
    for seed in _seeds(options)
  ]
  note = f"{sample.networks.family.title}: {len(truth):,} networks"
  rows = []
  for name in (TRUTH, *options.methods):
    volumes = [fronts.hypervolume(truth, macs, rows) for rows in chosen[name]]
    lengths = [len(rows) for rows in chosen[name]]
    for metric, values in ((_VOLUME, volumes), (_LENGTH, lengths)):
      study = report.study_of(FAMILY)
      rows.append(_row(options, study, name, 0, metric, values, note))
  return rows


def render(data: results.Data) -> str:
  """Prints a result file as Markdown."""
  rows = data["rows"]
  commits = sorted({row["commit"] for row in rows})
  parts = [
    f"# gennape_search: {SPEC.what}",
    f"Made by {markdown.made_by(data)}; commit {', '.join(commits)}.",
  ]
  own = results.select(rows, benchmark=evolved.FAMILY)
  if own:
    parts += ["## NAS-Bench-101", _about_cells(own), _cells(own)]
  own = results.select(rows, benchmark=FAMILY)
  parts += ["## Once-for-All MobileNetV3, SURROGATE", _about_fronts(own)]
  return "\n\n".join([*parts, _volumes(own)]) + "\n"


def _about_cells(rows: Sequence[results.Row]) -> str:
  metrics = _BEST, *(f"{_UNTIL} {goal}" for goal in GOALS)
  found = [results.select(rows, metric=metric) for metric in metrics]
  notes = dict.fromkeys(row["note"] for each in found for row in each)
  return (
    f"Evolution with its defaults scores {evolved.BUDGET:,} cells; they are "
    "trained, by looking them up, from the highest score to the lowest. "
    "Random trains all cells in a random order. Highest accuracy after so many "
    "trainings: mean +- standard deviation (seeds); trainings until a goal, "
    f"each seed, `-` where no cell that was scored reaches it. Label: "
    f"{'; '.join(notes)}."
  )


def _cells(rows: Sequence[results.Row]) -> str:
  sizes = markdown.sizes_of(results.select(rows, metric=_BEST))
  header = ["score", *(f"best of {size}" for size in sizes)]
  header += [f"{_UNTIL} {goal}" for goal in GOALS]
  lines = []
  for method, title in METHODS.items():
    own = results.select(rows, method=method)
    if own:
      best = [markdown.find(own, size=s, metric=_BEST) for s in sizes]
      line = [title, *map(markdown.measured, best)]
      for goal in GOALS:
        line.append(_each(markdown.find(own, metric=f"{_UNTIL} {goal}")))
      lines.append(line)
  return markdown.table(header, lines)


def _each(row: results.Row | None) -> str:
  values = row["seeds"] if row else []
  return ", ".join("-" if v is None else f"{v:,.0f}" for v in values) or "-"


def _about_fronts(rows: Sequence[results.Row]) -> str:
  return (
    f"{rows[0]['note']}, whose accuracies a model made. The front of a score "
    "against multiply-adds is chosen; its hypervolume is that of the "
    "accuracies and multiply-adds of these networks, both scaled to 0 to 1 "
    "over all networks, with the reference point 0 accuracy, 1 multiply-adds. "
    "Random networks are as many as the ranker's front has."
  )


def _volumes(rows: Sequence[results.Row]) -> str:
  best = markdown.find(rows, method=TRUTH, metric=_VOLUME)
  lines = []
  for method, title in _TITLES.items():
    volume = markdown.find(rows, method=method, metric=_VOLUME)
    length = markdown.find(rows, method=method, metric=_LENGTH)
    if volume and length and best:
      share = 100 * volume["mean"] / best["mean"]
      number = f"{length['mean']:.0f}"
      lines.append([title, number, markdown.measured(volume), f"{share:.1f} %"])
  return markdown.table(
    ["score", "networks", "hypervolume", "of the best"], lines
  )
