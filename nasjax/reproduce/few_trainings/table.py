"""The tables of `few_trainings`, as Markdown."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from nasjax.reproduce import markdown, published, results
from nasjax.reproduce.few_trainings import methods

Row = results.Row

_INTRO = (
  "A training is a look-up of the label of a cell. A method sees the label "
  "that is searched; what counts is the label that is reported. All methods "
  "with a model begin with the same number of cells, 20 in NAS-Bench-101 and "
  "10 elsewhere: random ones, but for the strategy `model`, whose first cells "
  "are spread over the space. Labels of NAS-Bench-201 had been seen when its "
  "settings were chosen (docs/experiments.md). Curves over the time of "
  "trainings are drawn where a table has times: NAS-Bench-101, search on "
  "validation. Accuracies are mean +- standard deviation (number of seeds)."
)
_HEADS = {
  "best": "### Search and report the same label: best accuracy after trainings",
  "chosen": "### Search on validation, report test: test accuracy of the cell "
  "of best validation accuracy after trainings",
}


def render(data: results.Data, what: str, pictures: Sequence[str] = ()) -> str:
  """Prints a result file.

  Args:
    data: content of the result file.
    what: what the tables are.
    pictures: file names of the curves.

  Returns:
    Markdown.
  """
  rows = sorted(data["rows"], key=_place)
  commits = {each for row in rows for each in row["commit"].split(", ")}
  parts = [
    f"# {data['name']}: {what}",
    f"Made by {markdown.made_by(data)}; commit {', '.join(sorted(commits))}; "
    f"{results.total_seconds(rows):,.0f} s in all. {_INTRO}",
    _settings(rows),
  ]
  for space in dict.fromkeys(row["space"] for row in data["rows"]):
    parts += [
      f"![{name}]({name})"
      for name in pictures
      if name.split(".")[0].split("_")[2] == space
    ]
    for key in results.studies(results.select(data["rows"], space=space)):
      parts += _study(rows, key)
  return "\n\n".join(part for part in parts if part) + "\n"


def _place(row: Row) -> int:
  """Place of the method of a row in the tables."""
  return list(methods.TITLES).index(row["method"])


def _settings(rows: Sequence[Row]) -> str:
  """What the compared methods are, those that were measured."""
  named = {row["method"] for row in rows}
  lines = [
    f"- {methods.TITLES[name]}: {text}"
    for name, text in methods.SETTINGS.items()
    if name in named
  ]
  if named & set(methods.COMPARED):
    lines += ["", methods.CHECKED]
  return "\n".join(lines)


def _study(rows: Sequence[Row], key: tuple[str, str, str]) -> list[str]:
  space, benchmark, dataset = key
  rows = results.select(rows, space=space, benchmark=benchmark, dataset=dataset)
  parts = [f"## {space}, {benchmark}, {dataset}"]
  until = results.select(rows, metric="until_best")
  if until:
    parts += [_until_head(until), _until(until)]
  for metric, head in _HEADS.items():
    own = results.select(rows, metric=metric)
    if own:
      parts += [head, _labels(own[0]), _accuracies(own)]
  return parts


def _labels(row: Row) -> str:
  search, report, cells = row["note"].split(" | ")
  best = row["best"]
  known = "not known" if best is None else f"{best:.2f}"
  return (
    f"S{search[1:]}. R{report[1:]}. Cells: {cells}; best "
    f"reported label of these: {known}."
  )


def _until_head(rows: Sequence[Row]) -> str:
  limits = ", ".join(str(size) for size in markdown.sizes_of(rows))
  return (
    f"### Trainings until the best cell, limit {limits}\n\nSearch and report "
    f"the same label (below), {rows[0]['best']:.2f} for the best cell. A run "
    "that did not train it counts with the limit."
  )


def _until(rows: Sequence[Row]) -> str:
  lines = []
  for row in rows:
    values = np.array(row["seeds"])
    low, middle, high = np.quantile(values, (0.25, 0.5, 0.75))
    lines.append(
      [
        methods.TITLES[row["method"]],
        f"{values.mean():.1f}",
        f"{middle:g}",
        f"{low:g} - {high:g}",
        f"{values.max():g}",
        f"{row['num_cut']} of {len(values)}",
      ]
    )
  header = ["method", "mean", "median", "quartiles", "most", "not reached"]
  return markdown.table(header, lines)


def _accuracies(rows: Sequence[Row]) -> str:
  sizes = markdown.sizes_of(rows)
  lines = [
    [methods.TITLES[method], *_cells(rows, method, sizes)]
    for method in dict.fromkeys(row["method"] for row in rows)
  ]
  first = rows[0]
  known: dict[str, Any] = published.few_trainings(
    first["benchmark"], first["dataset"], first["metric"]
  )
  for source, values in known.items():
    cells = [markdown.number(values.get(size), 2) for size in sizes]
    if set(values) & set(sizes):
      lines.append([f"{source}, published", *cells])
  return markdown.table(["method", *map(str, sizes)], lines)


def _cells(rows: Sequence[Row], method: str, sizes: Sequence[int]) -> list[str]:
  return [
    markdown.measured(markdown.find(rows, method=method, size=size))
    for size in sizes
  ]
