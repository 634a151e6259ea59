"""A benchmark: cells of one space with named labels from real trainings."""

import dataclasses
import functools
from collections.abc import Mapping

import numpy as np

from nasjax import errors
from nasjax.spaces import base as spaces_base


@dataclasses.dataclass(frozen=True)
class Label:
  """Description of one column of accuracies.

  Attributes:
    dataset: `cifar10`, `cifar100`, `imagenet16`, ...
    split: `val` or `test`.
    epochs: training epochs behind the number; 0 where not stated.
    seeds: which runs, e.g. `mean of 3`, `one run`.
    note: protocol details worth printing beside a number.
    kind: `accuracy`, or `cost`, of which less is better.
  """

  dataset: str
  split: str
  epochs: int
  seeds: str
  note: str = ""
  kind: str = "accuracy"

  def describe(self) -> str:
    """Returns one line for tables: data set, split, epochs, seeds."""
    note = f"; {self.note}" if self.note else ""
    if self.kind != "accuracy":
      return f"{self.dataset} {self.split}, {self.kind}, {self.seeds}{note}"
    epochs = f"{self.epochs} epochs" if self.epochs else "epochs not stated"
    return f"{self.dataset} {self.split} accuracy, {epochs}, {self.seeds}{note}"


@dataclasses.dataclass(frozen=True)
class Benchmark:
  """Cells and their labels.

  Attributes:
    name: the registered name.
    space: the search space of the cells.
    genotypes: the cells, `[n, G]` int8.
    labels: label name -> what it is; names look like `cifar10/val`.
    columns: label name -> accuracy in percent, `[n]` float64; NaN where the
      benchmark has none.
    source: where the numbers come from, in words.
  """

  name: str
  space: spaces_base.Space
  genotypes: np.ndarray
  labels: Mapping[str, Label]
  columns: Mapping[str, np.ndarray]
  source: str

  def __post_init__(self):
    for name, column in self.columns.items():
      if column.shape != (len(self.genotypes),):
        raise errors.UserError(
          f"label {name!r} of benchmark {self.name!r}: expected "
          f"{len(self.genotypes)} values, got shape {list(column.shape)}"
        )

  def __len__(self) -> int:
    return len(self.genotypes)

  def values(self, label: str) -> np.ndarray:
    """Returns a column in percent, `[n]` float64; NaN where unknown.

    Raises:
      UserError: the benchmark has no such label.
    """
    errors.check_name(f"label of {self.name!r}", label, self.columns)
    return self.columns[label]

  def describe(self, label: str) -> str:
    """Returns one line that says what a label is."""
    self.values(label)
    return self.labels[label].describe()

  @functools.cached_property
  def _index(self) -> tuple[np.ndarray, np.ndarray]:
    keys = self.space.lookup_keys(self.genotypes)
    order = np.argsort(keys, kind="stable")
    return keys[order], order

  def rows(self, genotypes: np.ndarray) -> np.ndarray:
    """Returns the row of each cell `[m, G]`, `[m]` int64; -1 where unknown."""
    keys, order = self._index
    wanted = self.space.lookup_keys(genotypes)
    place = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[place] == wanted, order[place], -1)

  def lookup(self, genotypes: np.ndarray, label: str) -> np.ndarray:
    """Returns the known accuracy (percent) of `[m, G]` cells, `[m]`; or NaN."""
    rows = self.rows(genotypes)
    return np.where(rows >= 0, self.values(label)[rows], np.nan)
