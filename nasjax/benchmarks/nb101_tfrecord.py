"""Converts the official TFRecord files of NAS-Bench-101.

Each record is a JSON row: hash, epochs, adjacency matrix as a string of 0 and
1, operations joined by commas, and a base64 `ModelMetrics` message of one run
(google-research/nasbench, `api.py`).
"""

import array
import base64
import json
import pathlib
from collections.abc import Mapping

import numpy as np

from nasjax import errors, foreign, progress
from nasjax.benchmarks import metrics_proto, tfrecord
from nasjax.spaces import registry

OPERATIONS = ("conv3x3-bn-relu", "conv1x1-bn-relu", "maxpool3x3")
_EPOCHS = (4, 12, 36, 108)
_LAST = 2  # evaluations are: start, halfway, end
_EDGES = [(x, y) for y in range(7) for x in range(y)]


class _Runs:
  """What is kept of the runs read so far."""

  def __init__(self):
    self.cells: dict[str, int] = {}
    self.matrices: list[str] = []
    self.operations: list[str] = []
    self.cell = array.array("l")
    self.epochs = array.array("l")
    self.val = array.array("d")
    self.test = array.array("d")

  def add(self, record: bytes, source: str) -> None:
    """Adds one record.

    Args:
      record: a row of JSON.
      source: what messages call it.

    Raises:
      ValueError: it is no row of the official kind; other damage raises what
        `foreign.DAMAGED` lists.
    """
    name, epochs, matrix, operations, encoded = json.loads(record)
    texts = (name, matrix, operations, encoded)
    if {*map(type, texts)} != {str} or type(epochs) is not int:
      raise ValueError("a field of another type")
    if epochs not in _EPOCHS:
      raise ValueError(f"{errors.quote(epochs)} epochs")
    message = base64.b64decode(encoded, validate=True)
    evaluations = metrics_proto.parse(message, source).evaluation_data
    if len(evaluations) <= _LAST:
      raise ValueError(f"{len(evaluations)} evaluations instead of 3")
    last = evaluations[_LAST]
    val, test = last.validation_accuracy, last.test_accuracy
    if not 0 <= val <= 1 or not 0 <= test <= 1:
      raise ValueError("an accuracy outside 0 .. 1")
    if name not in self.cells:
      self.cells[name] = len(self.cells)
      self.matrices.append(matrix)
      self.operations.append(operations)
    self.cell.append(self.cells[name])
    self.epochs.append(epochs)
    self.val.append(val)
    self.test.append(test)


def convert(path: pathlib.Path) -> dict[str, np.ndarray]:
  """Reads an official file.

  Returns:
    `genotypes` `[n, 26]` int8 in ascending order of the hash, and columns
    `[n]` float64 in percent: `cifar10/val` (first run, 108 epochs),
    `cifar10/val_any` (the same), `cifar10/val_mean`, `cifar10/test` (means of
    all runs), and `cifar10/val4`, `val12`, `val36` where the file has them.

  Raises:
    UserError: the file is damaged or of another kind.
  """
  runs = _Runs()
  count = 0
  with progress.Progress(f"read {path.name}", path.stat().st_size) as bar:
    for records in tfrecord.read(path, bar.update):
      for record in records:
        source = f"{path}, record {count}"
        with foreign.reading(source, "a row of NAS-Bench-101"):
          runs.add(record, source)
        count += 1
  if not count:
    raise errors.UserError(
      f"{str(path)!r} is empty: expected official records, fetch it again"
    )
  return _arrays(runs)


def _arrays(runs: _Runs) -> dict[str, np.ndarray]:
  order = np.argsort(np.array(list(runs.cells)))
  genotypes = genotypes_of(runs.matrices, runs.operations)
  columns = _columns(
    np.array(runs.cell),
    np.array(runs.epochs),
    100 * np.array(runs.val),
    100 * np.array(runs.test),
  )
  ordered = {name: column[order] for name, column in columns.items()}
  genotypes = registry.get_space("nb101").check(genotypes)
  return {"genotypes": genotypes[order], **ordered}


def _columns(
  cell: np.ndarray, epochs: np.ndarray, val: np.ndarray, test: np.ndarray
) -> Mapping[str, np.ndarray]:
  """Gathers runs `[m]` into columns `[n]`; NaN where a cell has no run."""
  num = cell.max() + 1

  def first(budget: int) -> np.ndarray:
    runs = np.flatnonzero(epochs == budget)[::-1]
    column = np.full(num, np.nan)
    column[cell[runs]] = val[runs]  # the last write is the first run
    return column

  def mean(values: np.ndarray) -> np.ndarray:
    final = epochs == 108
    total = np.bincount(cell[final], values[final], num)
    count = np.bincount(cell[final], minlength=num)
    return np.where(count, total / np.maximum(count, 1), np.nan)

  columns = {
    "cifar10/val": first(108),
    "cifar10/val_any": first(108),
    "cifar10/val_mean": mean(val),
    "cifar10/test": mean(test),
  }
  for budget in (4, 12, 36):
    if (epochs == budget).any():
      columns[f"cifar10/val{budget}"] = first(budget)
  return columns


def genotypes_of(matrices: list[str], operations: list[str]) -> np.ndarray:
  """Reads official cells, `[n, 26]` int8.

  Args:
    matrices: V x V adjacency matrices, row by row, as strings of 0 and 1.
    operations: comma-joined names from `input` to `output`.

  Raises:
    UserError: a matrix or an operation is none of NAS-Bench-101.
  """
  codes = {text: _inner_codes(text) for text in set(operations)}
  genotypes = np.full((len(matrices), 26), -1, np.int8)
  genotypes[:, 21:] = [codes[text] for text in operations]
  genotypes[:, :21] = 0
  sizes = 2 + (genotypes[:, 21:] >= 0).sum(1)
  lengths = np.array([len(matrix) for matrix in matrices])
  bad = lengths != sizes**2
  for size in np.unique(sizes[~bad]):
    rows = np.flatnonzero((sizes == size) & ~bad)
    text = "".join(matrices[row] for row in rows)
    bits = (
      np.frombuffer(text.encode("latin1"), np.uint8).reshape(-1, size, size)
      - 48
    )
    edges = [(x, y) for x, y in _EDGES if y < size]
    genotypes[rows, : len(edges)] = np.stack(
      [bits[:, x, y] for x, y in edges], 1
    )
    lower = np.tril(np.ones((size, size), bool))
    bad[rows] = (bits > 1).any((1, 2)) | (bits * lower).any((1, 2))
  if bad.any():
    got = errors.quote(matrices[np.argmax(bad)])
    raise errors.UserError(
      f"cell {np.argmax(bad)}: expected an upper triangular matrix of 0 and 1 "
      f"that fits its operations, got {got}; fetch the file again"
    )
  return genotypes


def _inner_codes(text: str) -> list[int]:
  names = text.split(",")
  inner = names[1:-1]
  ends = (names[0], names[-1])
  if ends != ("input", "output") or len(inner) > 5:
    raise errors.UserError(
      "expected operations from input to output, at most 7, got "
      f"{errors.quote(text)}; fetch the file again"
    )
  for name in inner:
    errors.check_name("operation of NAS-Bench-101", name, OPERATIONS)
  return [OPERATIONS.index(name) for name in inner] + [-1] * (5 - len(inner))
