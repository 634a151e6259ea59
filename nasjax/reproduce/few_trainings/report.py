"""The report `few_trainings`: runs, rows, curves and tables."""

import math
import pathlib
from collections.abc import Iterator, Sequence

import numpy as np

from nasjax.reproduce import catalog, reports, results
from nasjax.reproduce.few_trainings import (
  curves,
  methods,
  problems,
  runs,
  table,
  winners,
)
from nasjax.reproduce.figures import style

METHODS = methods.METHODS
_BENCHMARKS = ("nb201", "nb101", "nb301")
_Point = tuple[tuple[str, int, str], tuple[np.ndarray, int]]

SPEC = reports.Spec(
  what="which architecture to train next: the best cell in the fewest "
  "trainings",
  spaces=("nb201", "nb101", "darts"),
  methods=tuple(METHODS),
  known=tuple(METHODS),
  sizes={
    "nb201": (10, 20, 30, 50, 80, 100, 150),
    "nb101": (50, 100, 150, 200, 300),
    "nb301": (10, 20, 30, 50, 80, 100, 150),
  },
  datasets=("cifar10", "cifar100", "imagenet16"),
  num_seeds={"nb201": 50, "nb101": 20, "nb301": 10},
)


def run(options: reports.Options) -> None:
  """Runs every method on every problem; writes rows, curves and tables.

  Raises:
    UserError: data are missing.
  """
  studies = [s for s in options.studies if s.benchmark in _BENCHMARKS]
  shown = []
  for study in studies:
    found = problems.make(study, options.setup.data_dir)
    for method in options.methods:
      measured = [_runs(options, problem, method) for problem in found]
      reports.save(options, rows(measured, options.sizes_of(study)))
    shown += found
  _draw(options, shown)
  _write(options, studies)


def _seeds(options: reports.Options, study: catalog.Study) -> Sequence[int]:
  first = options.setup.seed
  return range(first, first + options.num_seeds_of(study))


def _runs(
  options: reports.Options, problem: problems.Problem, method: str
) -> runs.Runs:
  study = problem.study
  return runs.measure(
    problem,
    method,
    max(options.sizes_of(study)),
    _seeds(options, study),
    options.setup.workdir,
  )


def rows(
  measured: Sequence[runs.Runs], sizes: Sequence[int]
) -> list[results.Row]:
  """Result rows of one method on the problems of a study.

  `chosen` is the reported label of the cell of the highest validation accuracy
  so far, `best` the highest reported label so far, after as many trainings as
  the size says. `until_best` are the trainings until the best cell of the
  space, the limit where it was not trained (`num_cut` of the seeds); the size
  is the limit. Of the strategy `model` a second method `model_named` has
  `chosen` of the cell that its model expects to be the best.
  """
  limit = max(sizes)
  found = []
  for each in measured:
    problem = each.problem
    for (method, size, metric), (values, num_cut) in _points(each, sizes):
      # Once for all rows of a method: they are points of the same runs.
      is_last = size == limit and method == each.method
      row = results.make_row(
        problem.study,
        method,
        size,
        metric,
        values.tolist(),
        note=problem.note,
        best=problem.best if math.isfinite(problem.best) else None,
        num_cut=num_cut,
        commit=", ".join(each.commits),
        seconds=sum(e.seconds for e in measured) if is_last else 0.0,
      )
      found.append(row)
  return found


def _points(each: runs.Runs, sizes: Sequence[int]) -> Iterator[_Point]:
  """Method, size and metric, with the values `[s]` and how many were cut."""
  problem, name = each.problem, each.method
  is_same = problem.protocol == problems.SAME
  metric = "best" if is_same else "chosen"
  for size in sizes:
    at = min(size, each.found.shape[1]) - 1
    yield (name, size, metric), (each.found[:, at], 0)
    if name == "model" and not is_same:
      yield (methods.NAMED, size, metric), (winners.named(each, size), 0)
  if is_same and math.isfinite(problem.best):
    until = each.until_best(problem.best)
    cut = np.isnan(until)
    values = np.where(cut, max(sizes), until)
    yield (name, max(sizes), "until_best"), (values, int(cut.sum()))


def _draw(options: reports.Options, shown: Sequence[problems.Problem]) -> None:
  """Draws the curves of each space, of all methods whose runs are there."""
  for space in dict.fromkeys(problem.study.space for problem in shown):
    panels = [
      (problem, _finished(options, problem))
      for problem in shown
      if problem.study.space == space
    ]
    name = f"{options.name}_{space}"
    style.save(curves.draw(panels), options.results, name)
    timed = [panel for panel in panels if panel[0].seconds is not None]
    if timed:
      figure = curves.draw(timed, over_time=True)
      style.save(figure, options.results, f"{name}_time")


def _finished(
  options: reports.Options, problem: problems.Problem
) -> list[runs.Runs]:
  """The runs of all methods that are there with every seed."""
  limit = max(options.sizes_of(problem.study))
  seeds = _seeds(options, problem.study)
  workdir = options.setup.workdir
  return [
    _runs(options, problem, name)
    for name in METHODS
    if runs.is_finished(problem, name, limit, seeds, workdir)
  ]


def _write(options: reports.Options, studies: Sequence[catalog.Study]) -> None:
  """Writes the page of all rows, and prints the tables of these studies."""
  data = results.read(options.path)
  pictures = _pictures(options.results, options.name)
  text = table.render(data, SPEC.what, pictures)
  keys = [study.key for study in studies]
  asked = [
    row
    for row in data["rows"]
    if (row["space"], row["benchmark"], row["dataset"]) in keys
  ]
  shown = table.render({**data, "rows": asked}, SPEC.what)
  reports.write_page(options, text, shown)


def _pictures(folder: pathlib.Path, name: str) -> list[str]:
  return sorted(path.name for path in folder.glob(f"{name}_*.png"))
