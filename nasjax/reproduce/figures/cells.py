"""Figure 10: cells of NAS-Bench-201 that the predictor finds.

Algorithm 2 of Wang et al. 2024: every cell is scored, the ten highest are
looked up, and the best of them is the one that is found, once for each seed.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from nasjax import files
from nasjax.reproduce import catalog, outcomes, reports, results
from nasjax.reproduce.figures import style
from nasjax.spaces import registry as spaces

SPEC = reports.Spec(
  what="NAS-Bench-201 cells that the predictor finds (figure 10 of Wang et al. "
  "2024)",
  spaces=("nb201",),
  methods=("default", "paper"),
  known=("default", "paper", "paper_mlp"),
  sizes={"nb201": (156,)},
)
TOP_K = 10
_MOST = 4
# Edges in the order of the genotype, and how far each is bent upwards: nodes
# stand in a row, and no two edges cross.
_EDGES = ((0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3))
_BENDS = (0.0, 0.55, 0.0, 0.75, -0.55, 0.0)
_STEP = 1.3
_OPS = {
  "nor_conv_3x3": ("3x3", "-", 2.2),
  "nor_conv_1x1": ("1x1", "--", 1.5),
  "avg_pool_3x3": ("avg", ":", 1.5),
  "skip_connect": ("skip", "-", 0.8),
}


class Found(NamedTuple):
  """The best cell of one seed's ten highest scores.

  Attributes:
    seed: the seed.
    genotype: `[6]`.
    accuracy: test accuracy in percent.
  """

  seed: int
  genotype: np.ndarray
  accuracy: float


def run(options: reports.Options) -> None:
  """Searches with every method and draws the distinct cells of each."""

  def found_row(outcome: outcomes.Outcome) -> list[results.Row]:
    cells = find(outcome)
    names = spaces.get_space("nb201").format(
      np.stack([cell.genotype for cell in cells])
    )
    return [
      outcome.row(
        "found_test",
        [cell.accuracy for cell in cells],
        note=f"cells by seed: {' '.join(names)}",
      )
    ]

  found = reports.collect(options, extra_rows=found_row)
  for outcome in found:
    study = outcome.study
    name = f"{options.name}_{outcome.method}"
    if (study.dataset, outcome.size) != ("cifar10", 156):
      name = f"{name}_{study.dataset}_{outcome.size}"
    title = (
      f"{catalog.title(outcome.method)}, {study.dataset}, {outcome.size} "
      "training labels"
    )
    style.save(draw(find(outcome), title), options.results, name)
  reports.finish(options)


def find(outcome: outcomes.Outcome) -> list[Found]:
  """Returns the found cell of every seed, in the order of the seeds."""
  arrays = files.load_npz(outcome.folder / "predictions.npz")
  labels, found = arrays["test_labels"], []
  for index, scores in enumerate(arrays["scores"]):
    known = np.where(np.isfinite(labels), scores, -np.inf)
    top = np.argsort(-known, kind="stable")[:TOP_K]
    best = top[np.nanargmax(labels[top])]
    found.append(
      Found(
        outcome.first_seed + index,
        arrays["genotypes"][best],
        float(labels[best]),
      )
    )
  return found


def draw(cells: Sequence[Found], title: str) -> Any:
  """Draws the best distinct cells, at most four, best first."""
  distinct: dict[bytes, list[Found]] = {}
  for cell in sorted(cells, key=lambda cell: -cell.accuracy):
    distinct.setdefault(cell.genotype.tobytes(), []).append(cell)
  groups = list(distinct.values())[:_MOST]
  figure, axes = style.new(
    columns=len(groups), size=(max(4.2, 3.3 * len(groups)), 2.9)
  )
  for axis, group in zip(axes[0], groups, strict=True):
    draw_cell(axis, group[0].genotype)
    seeds = "seed" if len(group) == 1 else "seeds"
    seeds += " " + ", ".join(str(cell.seed) for cell in group)
    axis.set_title(
      f"{group[0].accuracy:.2f} % test accuracy\n{seeds}", fontsize=9
    )
  figure.suptitle(title, fontsize=10)
  return figure


def draw_cell(axis: Any, genotype: np.ndarray) -> None:
  """Draws a cell `[6]`: nodes are feature maps, edges operations, no `none`."""
  op_names = spaces.get_space("nb201").op_names
  for (source, target), bend, code in zip(
    _EDGES, _BENDS, genotype, strict=True
  ):
    name = op_names[int(code)]
    if name in _OPS:
      _draw_edge(axis, source, target, bend, *_OPS[name])
  for index, name in enumerate(("in", "1", "2", "out")):
    axis.plot(
      index * _STEP,
      0,
      marker="o",
      markersize=19,
      color="0.9",
      markeredgecolor="black",
    )
    axis.text(index * _STEP, 0, name, ha="center", va="center", fontsize=8)
  axis.set_xlim(-0.4, 3 * _STEP + 0.4)
  axis.set_ylim(-1.0, 1.75)
  axis.set_aspect("equal")
  axis.axis("off")


def _draw_edge(
  axis: Any,
  source: int,
  target: int,
  bend: float,
  label: str,
  line: str,
  width: float,
) -> None:
  start, end = source * _STEP, target * _STEP
  axis.annotate(
    "",
    (end, 0),
    (start, 0),
    arrowprops={
      "arrowstyle": "-|>",
      "connectionstyle": f"arc3,rad={-bend}",
      "linestyle": line,
      "linewidth": width,
      "color": "black",
      "shrinkA": 10,
      "shrinkB": 10,
    },
  )
  axis.text(
    (start + end) / 2,
    bend * (end - start) / 2,
    label,
    ha="center",
    va="center",
    fontsize=8,
    bbox={"facecolor": "white", "edgecolor": "none", "pad": 1},
  )
