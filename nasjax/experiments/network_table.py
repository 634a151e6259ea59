"""A user's own labels of networks: a CSV file with a header `model,value`."""

import pathlib
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from nasjax import errors, files, progress
from nasjax.benchmarks import custom
from nasjax.computation.graph import ComputationGraph
from nasjax.predictors.network_ranking import graph_of

_MANY = 20  # models whose reading takes seconds


class Table(NamedTuple):
  """Labelled networks, in the order of the file.

  Attributes:
    path: of the file.
    lines: of the networks, in the file.
    models: how the file names them.
    graphs: the networks.
    values: their labels, `[m]`.
  """

  path: pathlib.Path
  lines: list[int]
  models: list[str]
  graphs: list[ComputationGraph]
  values: np.ndarray


def read(path: files.PathLike, shape: Sequence[int] | None) -> Table:
  """Reads labels and the networks that they are of.

  Args:
    path: CSV file; models are ONNX files, named from its folder.
    shape: of one input without the batch, channels last, for extents that the
      models leave open.

  Raises:
    UserError: the file or a model cannot be read; the message names the line.
  """
  path = files.expand(path)
  rows = list(custom.read_rows(path, key="model"))
  if not rows:
    raise errors.UserError(
      f"{errors.quote(str(path))} has no rows: expected at least one line "
      "below the header"
    )
  graphs, num = [], len(rows)
  shown = num >= _MANY
  with progress.Progress("models", num, unit="models", shown=shown) as bar:
    for row in rows:
      graphs.append(_graph(path, row, shape))
      bar.update()
  return Table(
    path,
    [row.line for row in rows],
    [row.arch for row in rows],
    graphs,
    np.array([row.value for row in rows]),
  )


def _graph(
  path: pathlib.Path, row: custom.Row, shape: Sequence[int] | None
) -> ComputationGraph:
  """The network of a row."""
  try:
    return graph_of(path.parent / files.expand(row.arch), shape)
  except errors.UserError as error:
    raise errors.UserError(
      f"{errors.quote(str(path))}, line {row.line}: {error}"
    ) from error
