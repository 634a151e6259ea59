"""Page and figures of the report `tgnas_independence`, made from its rows."""

import pathlib
from collections.abc import Mapping, Sequence

import numpy as np

from nasjax.reproduce import correlations, markdown, results
from nasjax.reproduce.figures import heat_map, style

NO_LABEL = "scores"
"""Stands for the data set in rows of scores with each other."""
_ACCURACIES = {
  "cifar10": "CIFAR-10",
  "cifar100": "CIFAR-100",
  "imagenet16": "ImageNet16-120",
}
_COUNTS = ("params", "flops")
_TITLES = {"tau": "Kendall tau-b", "spearman": "Spearman rho"}
_PAPER = ("tgnas_code", "tgnas_paper", "transfer", "zero")
"""What stands beside the published proxies in their figure."""
_NAME = "tgnas_independence"


def write(
  data: results.Data,
  titles: Mapping[str, str],
  what: str,
  folder: pathlib.Path,
) -> str:
  """Draws the figures into a folder; returns the page, Markdown.

  Args:
    data: content of the result file.
    titles: method -> title, in the order of the page.
    what: what the report is.
    folder: where the figures go.
  """
  rows = data["rows"]
  known = {row["method"] for row in rows}
  methods = [name for name in titles if name in known]
  published = [name for name in methods if name.startswith("published_")]
  own = [name for name in methods if name not in published]
  paper = [*published, *(name for name in own if name in _PAPER)]
  pictures = []
  for group, suffix in ((own, ""), (paper, "_published")):
    for metric in _TITLES if len(group) > 1 else ():
      name = f"{_NAME}{suffix}_{metric}"
      _draw(rows, group, titles, metric, folder, name)
      pictures.append(name)
  return _page(data, titles, what, methods, pictures)


def matrix(
  rows: Sequence[results.Row], methods: Sequence[str], metric: str
) -> np.ndarray:
  """Correlations of methods `[m, m]`, of pairs of seeds on the diagonal."""
  found = np.full((len(methods), len(methods)), np.nan)
  for i, name in enumerate(methods):
    others = _others(rows, name, metric)
    found[i] = [others.get(other, np.nan) for other in methods]
    found[i, i] = _mean(rows, name, NO_LABEL, metric)
  return found


def _mean(rows, method: str, dataset: str, metric: str) -> float:
  """The value of a row, NaN where there is none."""
  keys = {"method": method, "dataset": dataset, "metric": metric}
  return _number(markdown.find(rows, **keys))


def _number(row: results.Row | None) -> float:
  return np.nan if row is None or row["mean"] is None else row["mean"]


def _others(rows, method: str, metric: str) -> Mapping[str, float]:
  """Correlations of a method with others of its group, by name."""
  keys = {"method": method, "dataset": NO_LABEL, "metric": metric}
  (row,) = results.select(rows, **keys)
  return row["others"]


def _datasets(rows: Sequence[results.Row]) -> list[str]:
  found = {row["dataset"] for row in rows}
  return [name for name in _ACCURACIES if name in found]


def _draw(rows, methods, titles, metric, folder, name) -> None:
  square = matrix(rows, methods, metric)
  order = heat_map.order(square)
  names = [methods[place] for place in order]
  accuracies = [
    [_mean(rows, each, dataset, metric) for each in names]
    for dataset in _datasets(rows)
  ]
  values = np.concatenate([square[order][:, order], np.array(accuracies)])
  shown = [titles[each].removesuffix(", published") for each in names]
  labels = [f"{_ACCURACIES[each]} accuracy" for each in _datasets(rows)]
  kind = "published proxies" if "published" in name else "our proxies"
  title = f"{_TITLES[metric]}, {rows[0]['size']:,} NAS-Bench-201 cells, {kind}"
  figure = heat_map.draw(values, [*shown, *labels], shown, title, len(shown))
  style.save(figure, folder, name)


def _page(data, titles, what, methods, pictures) -> str:
  rows = data["rows"]
  commits = sorted({row["commit"] for row in rows})
  parts = [
    f"# {data['name']}: {what}",
    f"Made by {markdown.made_by(data)}; commit {', '.join(commits)}.",
    _WORDS,
    _table(rows, titles, methods),
  ]
  parts += [f"![{name}]({name}.png)" for name in pictures]
  return "\n\n".join(parts) + "\n"


_WORDS = (
  "Cells are drawn once, uniformly from all 15,625. A correlation is that of "
  "single seeds (weights, images, trainings), averaged over the seeds; the "
  "same seed means the same weights and images for all proxies. `own` and the "
  "diagonals compare two seeds of one method: what agrees little with itself "
  "agrees little with anything, and is not independent for that. Cells count "
  "that have both scores; `none` counts those without one. `beyond params` is "
  "the partial Spearman rho with CIFAR-10 accuracy, the parameters of the live "
  "part held fixed. `closest` is among our own scores, for published ones "
  "among those. Our proxies read Gaussian noise and random classes, so that "
  "one score stands for three data sets, whose test accuracies are in the last "
  "rows of the figures. Published scores have read CIFAR-10 images, and are "
  "those of the cell without its dead operations. Every pair is in the file "
  "`tgnas_independence.json` (`others`)."
)


def _table(rows, titles, methods) -> str:
  """What each score is worth, what it resembles, and what it adds."""
  datasets = _datasets(rows)
  published = [name for name in methods if name.startswith("published_")]
  lines = []
  for name in methods:
    others = {name: 1.0, **_others(rows, name, "tau")}
    accuracies = [_mean(rows, name, dataset, "tau") for dataset in datasets]
    numbers = [
      *accuracies,
      np.nan if name in published else _mean(rows, name, NO_LABEL, "tau"),
      *(others.get(count, np.nan) for count in _COUNTS),
    ]
    row = results.select(rows, method=name, dataset=NO_LABEL, metric="tau")[0]
    lines.append(
      [
        titles[name],
        *map(_digits, numbers),
        _closest(name, others, titles),
        _digits(_beyond(rows, name)),
        str(row["failed"]),
        row["note"],
      ]
    )
  header = [
    "score",
    *(f"tau, {_ACCURACIES[each]}" for each in datasets),
    "own",
    *(f"tau with {each}" for each in _COUNTS),
    "closest",
    "beyond params",
    "none",
    "what is read",
  ]
  return markdown.table(header, lines)


def _closest(name: str, others: Mapping[str, float], titles) -> str:
  """The other score of the group with the strongest correlation."""
  is_published = name.startswith("published_")
  group = [
    other
    for other in others
    if other != name and other.startswith("published_") == is_published
  ]
  if not group:
    return "-"
  best = max(group, key=lambda other: abs(others[other]))
  title = titles[best].removesuffix(", published")
  return f"{title} {_digits(others[best])}"


def _beyond(rows, name: str) -> float:
  """Partial correlation with CIFAR-10 accuracy, parameters held fixed."""
  if not results.select(rows, method="params"):
    return np.nan
  label, count = (
    _mean(rows, each, "cifar10", "spearman") for each in (name, "params")
  )
  others = _others(rows, name, "spearman")
  return correlations.beyond(label, others.get("params", np.nan), count)


def _digits(value: float) -> str:
  return markdown.number(value if np.isfinite(value) else None)
