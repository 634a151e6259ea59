"""Figure 7: predicted against true accuracy, GCN head and MLP head."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from nasjax import files
from nasjax.reproduce import catalog, outcomes, reports
from nasjax.reproduce.figures import style

SPEC = reports.Spec(
  what="predicted against true accuracy, GCN head and MLP head (figure 7 of "
  "Wang et al. 2024, sample size not stated there)",
  spaces=("nb201",),
  methods=("paper", "paper_mlp"),
  sizes={
    "nb101": (424,),
    "nb201": (156,),
    "nb301": (1000,),
    "darts545": (300,),
  },
)
_HOME = ("nb201", 156)
_MAX_POINTS = 20_000


def run(options: reports.Options) -> None:
  """Trains both heads and draws the first seed of each."""
  groups: dict[Any, list[outcomes.Outcome]] = {}
  for outcome in reports.collect(options):
    groups.setdefault((outcome.study, outcome.size), []).append(outcome)
  for (study, size), group in groups.items():
    panels = {
      outcome.method: predictions(outcome)
      for outcome in group
      if outcome.num_params is not None
    }
    if panels:
      title = f"{study.benchmark}, {study.dataset}, {size} training labels"
      name = style.file_name(options.name, study, size, _HOME)
      style.save(draw(panels, title), options.results, name)
  reports.finish(options)


def predictions(outcome: outcomes.Outcome) -> tuple[np.ndarray, np.ndarray]:
  """Scores and test labels of the first seed's unseen cells, `[m]` each."""
  arrays = files.load_npz(outcome.folder / "predictions.npz")
  labels = arrays["test_labels"]
  unseen = np.isfinite(labels)
  unseen[arrays["train_rows"][0]] = False
  return arrays["scores"][0][unseen], labels[unseen]


def draw(
  panels: Mapping[str, tuple[np.ndarray, np.ndarray]], title: str
) -> Any:
  """Draws one panel per method: (predicted `[m]`, true `[m]`), in percent."""
  figure, axes = style.new(
    columns=len(panels), size=(3.6 * len(panels) + 0.4, 3.9)
  )
  rng = np.random.default_rng(0)
  for axis, (method, (predicted, true)) in zip(
    axes[0], panels.items(), strict=True
  ):
    taken = rng.permutation(len(true))[:_MAX_POINTS]
    axis.scatter(
      true[taken],
      predicted[taken],
      s=4,
      color="0.25",
      alpha=0.25,
      linewidth=0,
      rasterized=True,
    )
    low, high = float(true.min()), float(true.max())
    axis.plot([low, high], [low, high], "k--", linewidth=1, label="equal")
    axis.set_xlabel("true test accuracy (%)")
    axis.set_ylabel("predicted (%)")
    axis.set_title(catalog.title(method), fontsize=9)
    axis.legend(loc="upper left")
  figure.suptitle(title, fontsize=10)
  return figure
