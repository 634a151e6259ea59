"""The table of `transfer`: held-out image sets by methods, and paired tests."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from nasjax.reproduce import markdown, paired, results

_PAIRS = (
  ("images_training", "blind_training"),
  ("images_inference", "blind_inference"),
  ("images_training", "images_inference"),
  ("blind_training", "blind_inference"),
  ("images_training", "pretrained"),
)


def render(
  data: results.Data,
  what: str,
  methods: Mapping[str, str],
  card: Mapping[str, Any],
) -> str:
  """Prints the result file.

  Args:
    data: content of the result file.
    what: what the table is.
    methods: method -> its title, in order.
    card: the card of `mini201`.

  Returns:
    Markdown.
  """
  rows = data["rows"]
  commits = sorted({row["commit"] for row in rows})
  runs = {(row["method"], row["size"]): row["seconds"] for row in rows}
  parts = [
    f"# transfer: {what}",
    f"Made by {markdown.made_by(data)}; commit {', '.join(commits)}; "
    f"{sum(runs.values()):,.0f} s of training and scoring in all. Every "
    "predictor is trained on the accuracies of some cells on all image sets "
    "but one, and ranks cells on that one: `rest` are cells that it was not "
    "trained on, `all` are all of them. Mean +- standard deviation (number of "
    f"seeds, a training sample each). Labels: {card['cells']} cells, "
    f"{card['trainings']} trainings, mean test accuracy of two seeds after "
    f"{card['recipe']['epochs']} epochs; {card['training_hours']} hours.",
  ]
  bounded = {row["max_steps"] for row in rows if row["max_steps"]}
  if bounded:
    steps = ", ".join(f"{each:,}" for each in sorted(bounded))
    parts.append(f"Some are trained for less than the recipe: {steps} steps.")
  for size in markdown.sizes_of(rows):
    for metric in ("tau_rest", "tau_all"):
      own = results.select(rows, size=size, metric=metric)
      parts += [
        f"## {size} training cells: {markdown.METRICS[metric]}",
        _table(own, methods),
        _paired(own, methods),
      ]
  return "\n\n".join(parts) + "\n"


def _table(rows: Sequence[results.Row], methods: Mapping[str, str]) -> str:
  datasets = list(dict.fromkeys(row["dataset"] for row in rows))
  present = [m for m in methods if results.select(rows, method=m)]
  lines = []
  for dataset in datasets:
    found = [markdown.find(rows, method=m, dataset=dataset) for m in present]
    lines.append([dataset, *(markdown.measured(row) for row in found)])
  means = [_means(rows, method) for method in present]
  lines.append(
    ["**mean**", *(markdown.number(float(np.mean(each))) for each in means)]
  )
  return markdown.table(["held out", *(methods[m] for m in present)], lines)


def _means(rows: Sequence[results.Row], method: str) -> list[float]:
  """Mean over the seeds of every held-out set; NaN where one is unknown."""
  return [
    float("nan") if row["mean"] is None else row["mean"]
    for row in results.select(rows, method=method)
  ]


def _paired(rows: Sequence[results.Row], methods: Mapping[str, str]) -> str:
  """Paired tests whose units are the held-out sets."""
  lines = []
  for first, second in _PAIRS:
    values = _means(rows, first), _means(rows, second)
    if not values[0] or len(values[0]) != len(values[1]):
      continue
    test = paired.compare(*values)
    lines.append(
      [
        f"{methods[first]} - {methods[second]}",
        markdown.number(test.difference),
        f"{test.wins} of {test.num}",
        "-" if test.t is None else f"{test.t:.2f}",
        "-" if test.p is None else f"{test.p:.2g}",
      ]
    )
  header = ["paired over held-out sets", "difference", "won", "t", "p"]
  return markdown.table(header, lines)
