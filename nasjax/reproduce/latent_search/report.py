"""The report `arch2vec_search`: runs, rows, curves and tables."""

from collections.abc import Iterator, Sequence

import numpy as np

from nasjax.reproduce import catalog, markdown, reports, results
from nasjax.reproduce.figures import style
from nasjax.reproduce.latent_search import curves, methods, problems, runs

METHODS = methods.METHODS
AFTER = "test_regret_1e6s"
"""Metric after 10^6 s, of the search on validation; see `problems.SUFFIXES`."""
SIZED = "test_regret"
SPEC = reports.Spec(
  what="searches in representations without labels, and others",
  spaces=("nb101",),
  methods=tuple(METHODS),
  known=tuple(METHODS),
  sizes={"nb101": (50, 100, 200, 300)},
  num_seeds={"nb101": 200},
)


def run(options: reports.Options) -> None:
  """Runs every method on both problems; writes rows, curves and tables.

  Raises:
    UserError: data are missing.
  """
  for study in options.studies:
    found = problems.make(study, options.setup.data_dir)
    for method in options.methods:
      for problem in found:
        measured = _runs(options, problem, method)
        if measured is not None:
          reports.save(options, rows(measured, options.sizes_of(study), study))
    panels = [
      (problem, [each for each in _finished(options, problem) if each])
      for problem in found
    ]
    style.save(curves.draw(panels), options.results, options.name)
  data = results.read(options.path)
  text = render(data)
  reports.write_page(options, text)


def _seeds(
  options: reports.Options, problem: problems.Problem, method: str
) -> range:
  first = options.setup.seed
  asked = options.num_seeds or SPEC.num_seeds["nb101"]
  return range(first, first + methods.num_seeds(method, problem.name, asked))


def _runs(
  options: reports.Options, problem: problems.Problem, method: str
) -> runs.Runs | None:
  """Runs of a method; None where the problem has none of it."""
  seeds = _seeds(options, problem, method)
  workdir = options.setup.workdir
  if not seeds:
    return None
  return runs.measure(problem, method, seeds, workdir, limit=problems.LIMIT)


def _finished(
  options: reports.Options, problem: problems.Problem
) -> Iterator[runs.Runs | None]:
  """The runs of all methods that are there with every seed."""
  workdir = options.setup.workdir
  for method in METHODS:
    folder = runs.run_folder(problem, method, problems.LIMIT, workdir)
    seeds = _seeds(options, problem, method)
    if all((folder / f"{seed}.npz").exists() for seed in seeds):
      yield _runs(options, problem, method)


def rows(
  measured: runs.Runs, sizes: Sequence[int], study: catalog.Study
) -> list[results.Row]:
  """Result rows of a method on a problem; regrets are fractions.

  `test_regret_1e6s` after 10^6 s of training (size 0), `test_regret` after as
  many trainings as the size says; both with the suffix `_mean` where the mean
  of three runs guides.
  """
  problem, suffix = measured.problem, problems.SUFFIXES[measured.problem.name]
  limit = np.array([problems.LIMIT])
  points = {(AFTER, 0): measured.after_seconds(limit)[:, 0]}
  for size in sizes:
    at = [np.array([size])] * len(measured.trainings)
    points[SIZED, size] = measured.regrets(at)[:, 0]
  return [
    results.make_row(
      study,
      measured.method,
      size,
      metric + suffix,
      values.tolist(),
      published=methods.PUBLISHED.get(measured.method) if not size else None,
      note=problem.note,
      best=problem.best,
      end=problem.end,
      trainings=float(measured.num_after(problems.LIMIT).mean()),
      commit=", ".join(measured.commits),
      seconds=0.0 if size else measured.seconds,
    )
    for (metric, size), values in points.items()
  ]


_TEXT = (
  "Test regrets, percent of accuracy, of the cell with the highest label that "
  "the search has seen, against the best of the cells: mean over the seeds +- "
  "standard deviation (number of seeds). A training is a look-up; 10^6 s are "
  "those of trainings one after the other. All methods have their defaults. "
  "REINFORCE does not discount, as the published code; where its name says "
  "so, returns are discounted by .8, which that code computes and does not "
  "use. The baseline is the mean of the scores so far, and DNGO improves on "
  "the best score so far, where the published code has .95. A supervised "
  "embedding is the last hidden layer of one network of the default predictor, "
  "which learns the labels of the first 50 cells, drawn at random. "
  "Whether to discount, and the spread of an action, were chosen by the "
  "validation accuracies found in 40 runs. Published: runs of Yan et al. 2020 "
  "in the whole space, guided by validation accuracies that are means of three "
  "runs."
)
_HEADS = {
  problems.VALIDATION: "One run guides, and its luck decides between the best "
  "cells: a search that finds the highest label of all ends with the test "
  "regret that is named last.",
  problems.MEAN: "The test accuracy itself guides: a mean of three runs, as "
  "the validation accuracies of the published searches are; of those, few are "
  "known.",
}


def render(data: results.Data) -> str:
  """Prints a result file as Markdown."""
  commits = {c for row in data["rows"] for c in row["commit"].split(", ")}
  parts = [
    f"# {data['name']}: {SPEC.what}",
    f"Made by {markdown.made_by(data)}; commit {', '.join(sorted(commits))}; "
    f"{results.total_seconds(data['rows']):,.0f} s in all. {_TEXT}",
    f"![{data['name']}]({data['name']}.png)",
  ]
  for name, title in problems.TITLES.items():
    own = [
      row
      for row in data["rows"]
      if row["metric"].endswith("_mean") == (name == problems.MEAN)
    ]
    if own:
      parts += [f"## {title[0].upper()}{title[1:]}", _HEADS[name], _labels(own)]
      parts.append(_table(own))
  return "\n\n".join(parts) + "\n"


def _labels(own: Sequence[results.Row]) -> str:
  *labels, cells = own[0]["note"].split(" | ")
  lines = "; ".join(labels)
  best, end = own[0]["best"], 100 * own[0]["end"]
  return (
    f"{lines[0].upper()}{lines[1:]}. Cells: {cells}. Best test accuracy: "
    f"{best:.2f}; test regret of the cell with the highest label: {end:.3f}."
  )


def _table(own: Sequence[results.Row]) -> str:
  sizes = sorted({row["size"] for row in own} - {0})
  header = ["method", *(f"{size} trainings" for size in sizes)]
  header += ["10^6 s", "published", "trainings in 10^6 s"]
  lines = []
  for method, title in METHODS.items():
    found = {row["size"]: row for row in results.select(own, method=method)}
    if found:
      last = found[0]
      line = [title, *(_percent(found.get(size)) for size in (*sizes, 0))]
      known = last["published"]
      line.append("-" if known is None else f"{100 * known:.3f}")
      lines.append([*line, f"{last['trainings']:.0f}"])
  return markdown.table(header, lines)


def _percent(row: results.Row | None) -> str:
  if row is None:
    return "-"
  mean, std = 100 * row["mean"], 100 * row["std"]
  return f"{mean:.3f} +- {std:.3f} ({len(row['seeds'])})"
