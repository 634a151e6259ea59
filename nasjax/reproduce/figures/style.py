"""Style and saving of all figures; legible without colours.

Matplotlib is an extra and loaded when a figure is drawn.
"""

import io
import pathlib
from collections.abc import Sequence
from typing import Any

from nasjax import files
from nasjax.reproduce import catalog, extras

MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*", "<", ">")
LINES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)))
COLOURS = (
  "#0072b2",
  "#d55e00",
  "#009e73",
  "#cc79a7",
  "#000000",
  "#56b4e9",
  "#b58900",
  "#7f7f7f",
  "#882255",
  "#332288",
)
HATCHES = ("", "///", "...", "xxx", "\\\\\\")

_SETTINGS = {
  "font.size": 9,
  "axes.grid": True,
  "axes.axisbelow": True,
  "grid.color": "0.88",
  "axes.spines.top": False,
  "axes.spines.right": False,
  "legend.frameon": False,
  "svg.hashsalt": "nasjax",
}


def new(rows: int = 1, columns: int = 1, size: tuple[float, float] = (5, 3.6)):
  """Returns a figure and its axes `[rows][columns]`; `size` in inches.

  Raises:
    UserError: matplotlib is not installed.
  """
  matplotlib: Any = extras.load("matplotlib", "plots")
  figure_module: Any = extras.load("matplotlib.figure", "plots")
  with matplotlib.rc_context(_SETTINGS):
    figure = figure_module.Figure(figsize=size, layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False)
  return figure, axes


def save(figure: Any, folder: pathlib.Path, name: str) -> None:
  """Writes `name.png` and `name.svg`; equal figures give equal SVG files."""
  matplotlib: Any = extras.load("matplotlib", "plots")
  for kind, options in (
    ("png", {"dpi": 200}),
    ("svg", {"metadata": {"Date": None}}),
  ):
    buffer = io.BytesIO()
    with matplotlib.rc_context(_SETTINGS):
      figure.savefig(buffer, format=kind, **options)
    data = buffer.getvalue()
    files.write_atomic(
      folder / f"{name}.{kind}", lambda file, data=data: file.write(data)
    )


def lines(
  axes: Any,
  series: dict[str, tuple[Sequence[float], Sequence[Any], Sequence[Any]]],
) -> None:
  """Draws named series (x, mean, std) as lines with error bars."""
  for index, (name, (x, mean, std)) in enumerate(series.items()):
    axes.errorbar(
      x,
      mean,
      yerr=std,
      label=name,
      marker=MARKERS[index % len(MARKERS)],
      linestyle=LINES[index % len(LINES)],
      color=COLOURS[index % len(COLOURS)],
      markersize=5,
      capsize=2,
      linewidth=1.3,
    )


def legend_below(
  figure: Any, axes: Any, order: Sequence[str], columns: int
) -> None:
  """Draws one legend of all axes `[rows][columns]` below them.

  Args:
    figure: the figure.
    axes: its axes; a name that several have is shown once.
    order: all names.
    columns: of the legend.
  """
  handles: dict[str, Any] = {}
  for axis in (axis for line in axes for axis in line):
    for handle, name in zip(*axis.get_legend_handles_labels(), strict=True):
      handles.setdefault(name, handle)
  names = [name for name in order if name in handles]
  figure.legend(
    [handles[name] for name in names],
    names,
    loc="outside lower center",
    ncols=columns,
    handlelength=4,
    fontsize=8.5,
    frameon=False,
  )


def log_axis(axis: Any) -> None:
  """Makes `axes.xaxis` or `axes.yaxis` logarithmic, ticks at 1, 2, 5, 10."""
  ticker: Any = extras.load("matplotlib.ticker", "plots")
  axis.axes.set(**{f"{axis.axis_name}scale": "log"})
  axis.set_major_locator(ticker.LogLocator(subs=(1, 2, 5)))
  axis.set_major_formatter(ticker.FuncFormatter(lambda x, _: f"{x:,g}"))
  axis.set_minor_locator(ticker.NullLocator())


def file_name(
  name: str, study: catalog.Study, size: int, home: tuple[str, int]
) -> str:
  """File name of a picture: bare for the published benchmark and size.

  Args:
    name: name of the figure.
    study: what the picture shows.
    size: training labels of the picture.
    home: benchmark and size of the published figure, on CIFAR-10.
  """
  if (study.benchmark, size) == home and study.dataset == "cifar10":
    return name
  return f"{name}_{study.benchmark}_{study.dataset}_{size}"
