"""Curves of regret against trainings, or against the time that they take."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from nasjax.reproduce.few_trainings import methods, problems, runs
from nasjax.reproduce.figures import style

Panel = tuple[problems.Problem, Sequence[runs.Runs]]

_TITLES = {
  problems.SAME: "search and report one label",
  problems.VALIDATION: "search on validation, report test",
}
_DAY = 86_400.0
_LEAST = 0.01  # regret of a hundredth of a percent: below, the axis is linear


def draw(panels: Sequence[Panel], *, over_time: bool = False) -> Any:
  """Draws medians over the seeds, with quartiles; a row for each protocol.

  Args:
    panels: problems of one space, each with the runs of some methods.
    over_time: whether the horizontal axis is the time of the trainings.
  """
  protocols = [
    protocol
    for protocol in (problems.SAME, problems.VALIDATION)
    if any(problem.protocol == protocol for problem, _ in panels)
  ]
  datasets = list(dict.fromkeys(p.study.dataset for p, _ in panels))
  size = 3.7 * len(datasets) + 0.6, 3.3 * len(protocols) + 0.7
  figure, axes = style.new(len(protocols), len(datasets), size)
  for problem, measured in panels:
    row = protocols.index(problem.protocol)
    axis = axes[row][datasets.index(problem.study.dataset)]
    _panel(axis, problem, measured, over_time)
  style.legend_below(
    figure, axes, list(methods.METHODS.values()), min(4, 2 * len(datasets))
  )
  return figure


def _panel(
  axis: Any,
  problem: problems.Problem,
  measured: Sequence[runs.Runs],
  over_time: bool,
) -> None:
  best = _best(problem, measured)
  names = list(methods.METHODS)
  for each in measured:
    regrets = np.maximum(best - each.found, 0.0)
    x = np.arange(1, regrets.shape[1] + 1.0)
    if over_time:
      x, regrets = _over_time(each, regrets)
    low, middle, high = np.quantile(regrets, (0.25, 0.5, 0.75), axis=0)
    index = names.index(each.method)
    colour = style.COLOURS[index % len(style.COLOURS)]
    first, every = 3 + 2 * index, max(len(x) // 6, 1)
    axis.errorbar(
      x[first::every],
      middle[first::every],
      yerr=np.stack([middle - low, high - middle])[:, first::every],
      fmt="none",
      ecolor=colour,
      elinewidth=0.8,
      capsize=2,
    )
    axis.plot(
      x,
      middle,
      label=methods.METHODS[each.method],
      color=colour,
      linestyle=style.LINES[index % len(style.LINES)],
      marker=style.MARKERS[index % len(style.MARKERS)],
      markevery=(first, every),
      markersize=4.5,
      linewidth=2.2 if each.method == "model" else 1.3,
    )
  axis.set_yscale("symlog", linthresh=_LEAST, linscale=0.4)
  axis.set_ylim(-0.15 * _LEAST, None)
  ticks = [0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50]
  ticks = [tick for tick in ticks if tick <= axis.get_ylim()[1]]
  axis.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
  axis.minorticks_off()
  axis.set_xlabel("days of training" if over_time else "trainings")
  axis.set_ylabel("regret, % accuracy")
  known = math.isfinite(problem.best)
  what = f"best {best:.2f}" if known else f"best of all runs {best:.2f}"
  axis.set_title(
    f"{problem.study.dataset}, {_TITLES[problem.protocol]}\n({what})",
    fontsize=8.5,
  )


def _best(problem: problems.Problem, measured: Sequence[runs.Runs]) -> float:
  if math.isfinite(problem.best):
    return problem.best
  return max((float(each.reported.max()) for each in measured), default=0.0)


def _over_time(
  each: runs.Runs, regrets: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
  """Regret at equal times that all seeds reach: days `[p]`, `[s, p]`.

  One training after the other; before the end of the first a seed has the
  regret of its first cell.
  """
  days = np.cumsum(each.seconds_of_trainings, axis=1) / _DAY
  x = np.linspace(days[:, 0].max(), days[:, -1].min(), 200)
  at = [np.searchsorted(row, x, side="right") - 1 for row in days]
  return x, np.take_along_axis(regrets, np.maximum(np.stack(at), 0), axis=1)
