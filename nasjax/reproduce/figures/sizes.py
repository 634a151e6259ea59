"""Figure 9: width of the node features, and batch size."""

from collections.abc import Sequence
from typing import Any

from nasjax.reproduce import catalog, reports, results
from nasjax.reproduce.figures import style

WIDTHS = (16, 32, 64, 128, 256)
BATCH_SIZES = (1, 10, 32, 64, 128)
SPEC = reports.Spec(
  what="width of the node features and batch size (figure 9 of Wang et al. "
  "2024; its 0.05 %, 1 % and 5 % are taken as 78, 156 and 781 cells)",
  spaces=("nb201",),
  methods=("paper",),
  known=("paper", "default"),
  sizes={"nb201": (78, 156, 781)},
)
VARIANTS = {
  **{f"width={width}": {"model.width": width} for width in WIDTHS},
  **{f"batch_size={size}": {"batch_size": size} for size in BATCH_SIZES},
}


def run(options: reports.Options) -> None:
  """Measures every width and every batch size and draws both panels."""
  reports.collect(options, variants=VARIANTS)
  rows = results.read(options.path)["rows"]
  for method in options.methods:
    for study in options.studies:
      own = results.select(rows, benchmark=study.benchmark)
      own = results.select(own, dataset=study.dataset)
      name = options.name
      if (method, *study.key) != ("paper", "nb201", "nb201", "cifar10"):
        name = f"{name}_{method}_{study.benchmark}_{study.dataset}"
      style.save(draw(own, method), options.results, name)
  reports.finish(options)


def draw(rows: Sequence[results.Row], method: str) -> Any:
  """Draws tau (`rest`) over width and over batch size, a line per size."""
  rows = results.select(rows, metric="tau_rest")
  figure, axes = style.new(columns=2, size=(7.6, 3.6))
  panels = (
    ("width", "width of the node features", WIDTHS),
    ("batch_size", "batch size", BATCH_SIZES),
  )
  for axis, (field, label, values) in zip(axes[0], panels, strict=True):
    series = {}
    for size in sorted({row["size"] for row in rows}):
      points = {
        value: row
        for value in values
        for row in results.select(
          rows, method=f"{method} {field}={value}", size=size
        )
        if row["mean"] is not None
      }
      series[f"{size} training labels"] = (
        [values.index(value) for value in points],
        [row["mean"] for row in points.values()],
        [row["std"] for row in points.values()],
      )
    style.lines(axis, series)
    axis.set_xticks(range(len(values)), [str(value) for value in values])
    axis.set_xlabel(label)
  limits = [limit for axis in axes[0] for limit in axis.get_ylim()]
  for axis in axes[0]:
    axis.set_ylim(min(limits), max(limits))
  axes[0][0].set_ylabel("Kendall tau-b, cells not trained on")
  handles, names = axes[0][0].get_legend_handles_labels()
  first = rows[0]
  figure.suptitle(
    f"{catalog.title(method)}: {first['benchmark']}, {first['dataset']}",
    fontsize=10,
  )
  figure.legend(handles, names, loc="outside lower center", ncols=len(names))
  return figure
