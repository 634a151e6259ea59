"""Figure 6: Kendall tau against the number of parameters."""

from collections.abc import Sequence
from typing import Any

from nasjax.reproduce import catalog, outcomes, reports, results
from nasjax.reproduce.figures import style

SPEC = reports.Spec(
  what="parameters of the predictor against Kendall tau (figure 6 of Wang et "
  "al. 2024)",
  spaces=("nb201",),
  methods=tuple(
    name
    for name in catalog.TRAINED
    if name not in ("paper_onehot", "paper_inference", "regression")
  ),
  known=tuple(catalog.TRAINED),
  sizes={
    "nb101": (424,),
    "nb201": (156,),
    "nb301": (1000,),
    "darts545": (300,),
  },
)

_HOME = ("nb201", 156)


def run(options: reports.Options) -> None:
  """Measures the methods and draws one picture per study and size."""

  def count(outcome: outcomes.Outcome) -> list[results.Row]:
    return [outcome.row("num_params", [outcome.num_params or 0])]

  reports.collect(options, extra_rows=count)
  rows = results.read(options.path)["rows"]
  for study in options.studies:
    for size in options.sizes_of(study):
      space, benchmark, dataset = study.key
      own = results.select(
        rows, space=space, benchmark=benchmark, dataset=dataset, size=size
      )
      name = style.file_name(options.name, study, size, _HOME)
      style.save(draw(own), options.results, name)
  reports.finish(options)


def draw(rows: Sequence[results.Row]) -> Any:
  """Draws tau over parameters for the rows of one study and size.

  As in the paper, the area of a point grows with the number of parameters.
  """
  figure, axes = style.new(size=(6, 4))
  axis = axes[0][0]
  counts = {
    row["method"]: row["mean"] for row in rows if row["metric"] == "num_params"
  }
  taus = [
    row
    for row in rows
    if row["metric"] == "tau_rest"
    and row["method"] in counts
    and row["mean"] is not None
  ]
  largest = max(counts.values())
  for index, row in enumerate(taus):
    count = counts[row["method"]]
    colour = style.COLOURS[index % len(style.COLOURS)]
    marker = style.MARKERS[index % len(style.MARKERS)]
    axis.errorbar(
      count,
      row["mean"],
      yerr=row["std"],
      color="black",
      capsize=3,
      zorder=4,
      lw=0.8,
    )
    axis.scatter(
      count,
      row["mean"],
      s=30 + 170 * count / largest,
      marker=marker,
      color=colour,
      edgecolor="black",
      linewidth=0.6,
      zorder=3,
    )
    axis.plot(
      [],
      [],
      linestyle="",
      marker=marker,
      color=colour,
      markeredgecolor="black",
      label=catalog.title(row["method"]),
    )
  first = rows[0]
  style.log_axis(axis.xaxis)
  axis.set_xlabel("parameters of one model")
  axis.set_ylabel("Kendall tau-b, cells not trained on")
  axis.set_title(
    f"{first['benchmark']}, {first['dataset']}, {first['size']} training labels"
  )
  figure.legend(loc="outside lower center", ncols=2, fontsize=8)
  return figure
