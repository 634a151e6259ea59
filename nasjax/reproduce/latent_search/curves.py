"""Curves of test regret against the time of trainings."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from nasjax.reproduce.figures import style
from nasjax.reproduce.latent_search import methods, problems, runs

Panel = tuple[problems.Problem, Sequence[runs.Runs]]

_POINTS = 120
_FIRST = 0.02  # share of the time where the curves begin


def draw(panels: Sequence[Panel]) -> Any:
  """Draws medians over the seeds and quartiles, one panel a problem."""
  figure, axes = style.new(1, len(panels), (4.6 * len(panels), 4.6))
  for axis, (problem, measured) in zip(axes[0], panels, strict=True):
    _panel(axis, problem, measured)
  style.legend_below(figure, axes, list(methods.METHODS.values()), 3)
  return figure


def _panel(
  axis: Any, problem: problems.Problem, measured: Sequence[runs.Runs]
) -> None:
  x = np.geomspace(_FIRST, 1.0, _POINTS) * problems.LIMIT
  for each in measured:
    index = list(methods.METHODS).index(each.method)
    colour = style.COLOURS[index % len(style.COLOURS)]
    regrets = 100 * each.after_seconds(x)
    low, middle, high = np.quantile(regrets, (0.25, 0.5, 0.75), axis=0)
    is_ours = "arch2vec" in each.method
    axis.plot(
      x,
      middle,
      label=methods.METHODS[each.method],
      color=colour,
      linestyle=style.LINES[index % len(style.LINES)],
      marker=style.MARKERS[index % len(style.MARKERS)],
      markevery=(4 + 2 * index, 24),
      markersize=4.5,
      linewidth=2.2 if is_ours else 1.3,
    )
    axis.fill_between(x, low, high, color=colour, alpha=0.09, linewidth=0)
  axis.set_xscale("log")
  axis.set_xlabel("seconds of training")
  axis.set_ylabel("test regret, % accuracy")
  axis.set_title(
    f"{problems.TITLES[problem.name]}\n(median and quartiles)", fontsize=8.5
  )
