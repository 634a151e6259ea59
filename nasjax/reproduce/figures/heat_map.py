"""A heat map of correlations, darker = stronger, the number in each square."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from nasjax.reproduce.figures import style

_SQUARE = 0.36  # inches


def order(values: np.ndarray) -> np.ndarray:
  """An order in which related rows are neighbours.

  Average linkage of one minus the absolute value, leaves ordered optimally.

  Args:
    values: symmetric correlations `[m, m]`; unknown ones are NaN.

  Returns:
    Rows `[m]`.
  """
  from scipy.cluster import hierarchy
  from scipy.spatial import distance

  apart = 1 - np.abs(np.nan_to_num(values))
  np.fill_diagonal(apart, 0)
  condensed = distance.squareform(apart, checks=False)
  tree = hierarchy.linkage(condensed, "average", optimal_ordering=True)
  return hierarchy.leaves_list(tree)


def draw(
  values: np.ndarray,
  rows: Sequence[str],
  columns: Sequence[str],
  title: str,
  rule: int,
) -> Any:
  """Draws correlations `[r, c]`: grey by absolute value, signed numbers.

  Args:
    values: in [-1, 1]; unknown ones are NaN and stay empty.
    rows: names of the rows, `r`.
    columns: names of the columns, `c`.
    title: what is shown.
    rule: rows above a line.
  """
  height, width = values.shape
  size = _SQUARE * width + 2.2, _SQUARE * height + 2.2
  figure, axes = style.new(size=size)
  axis = axes[0][0]
  strength = np.abs(values)
  axis.imshow(strength, cmap="Greys", vmin=0, vmax=1.25, aspect="equal")
  for row, column in zip(*np.nonzero(np.isfinite(values)), strict=True):
    dark = strength[row, column] > 0.7
    axis.text(
      column,
      row,
      _short(float(values[row, column])),
      ha="center",
      va="center",
      fontsize=7,
      color="white" if dark else "black",
    )
  axis.set_xticks(range(width), columns, rotation=90, fontsize=8)
  axis.set_yticks(range(height), rows, fontsize=8)
  axis.tick_params(length=0)
  axis.xaxis.tick_top()
  axis.grid(False)
  axis.spines[["left", "bottom"]].set_visible(False)
  axis.axhline(rule - 0.5, color="black", linewidth=1)
  axis.set_title(title, fontsize=10, pad=14)
  return figure


def _short(value: float) -> str:
  """Two digits: `.62`, `-.08`, `1`."""
  text = f"{value:.2f}"
  if text in ("1.00", "-1.00"):
    return text.removesuffix(".00")
  return text.replace("-0.00", "0.00").replace("0.", ".", 1)
