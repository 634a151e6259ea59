"""Figure 8: one-hot against hyper-dimensional embedding."""

from collections.abc import Sequence
from typing import Any

from nasjax.reproduce import catalog, reports, results
from nasjax.reproduce.figures import style

SPEC = reports.Spec(
  what="one-hot against hyper-dimensional embedding (figure 8 of Wang et al. "
  "2024)",
  spaces=("nb101", "nb201"),
  methods=("paper", "paper_onehot"),
)
_LABELS = {"paper": "hyper-dimensional", "paper_onehot": "one-hot"}


def run(options: reports.Options) -> None:
  """Measures both embeddings and draws a panel for each study."""
  reports.collect(options)
  rows = results.read(options.path)["rows"]
  style.save(draw(rows), options.results, options.name)
  reports.finish(options)


def draw(rows: Sequence[results.Row]) -> Any:
  """Draws grouped bars of tau (`rest`) by size, one panel per study."""
  rows = results.select(rows, metric="tau_rest")
  keys = results.studies(rows)
  figure, axes = style.new(columns=len(keys), size=(4.2 * len(keys), 3.6))
  for axis, key in zip(axes[0], keys, strict=True):
    _, benchmark, dataset = key
    own = results.select(rows, benchmark=benchmark, dataset=dataset)
    _bars(axis, own)
    axis.set_title(f"{benchmark}, {dataset}")
  handles, names = axes[0][0].get_legend_handles_labels()
  figure.legend(handles, names, loc="outside lower center", ncols=len(names))
  return figure


def _bars(axis: Any, rows: Sequence[results.Row]) -> None:
  sizes = sorted({row["size"] for row in rows})
  methods = list(dict.fromkeys(row["method"] for row in rows))
  width = 0.8 / len(methods)
  for index, method in enumerate(methods):
    own = [row for row in rows if row["method"] == method and row["mean"]]
    axis.bar(
      [sizes.index(row["size"]) + (index + 0.5) * width - 0.4 for row in own],
      [row["mean"] for row in own],
      width,
      yerr=[row["std"] for row in own],
      label=_LABELS.get(method, catalog.title(method)),
      color=("0.85", "0.55", "0.7", "1.0")[index % 4],
      edgecolor="black",
      hatch=style.HATCHES[index % len(style.HATCHES)],
      capsize=3,
      linewidth=0.8,
    )
  means = [row["mean"] for row in rows if row["mean"]]
  axis.set_ylim(bottom=max(0.0, min(means, default=0.0) - 0.15))
  axis.set_xticks(range(len(sizes)), [str(size) for size in sizes])
  axis.set_xlabel("training labels")
  axis.set_ylabel("Kendall tau-b, cells not trained on")
