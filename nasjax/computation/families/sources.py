"""Reads the labelled networks of families from the data folder.

Dimensions: `n` networks, `G` integers that describe one.
"""

import dataclasses
import pathlib

import numpy as np

from nasjax import errors, files
from nasjax.benchmarks import registry as benchmarks
from nasjax.benchmarks import tables

Found = tuple[np.ndarray, np.ndarray]
"""Descriptions `[n, G]` and labels `[n]`, NaN where there is none."""


@dataclasses.dataclass(frozen=True)
class Benchmark:
  """The cells of a benchmark of nasjax, official files included.

  Attributes:
    name: of the benchmark.
  """

  name: str

  def __call__(self, folder: pathlib.Path | None, label: str) -> Found:
    """Reads all cells."""
    found = benchmarks.get_benchmark(self.name, folder)
    return found.genotypes.astype(np.int64), found.values(label)


@dataclasses.dataclass(frozen=True)
class Table:
  """A table of the data folder.

  Attributes:
    file: its name.
    codes: columns that are joined to a description, with their widths and the
      largest value allowed.
    values: column of the labels.
    names: column of the names of the labels where there are several.
  """

  file: str
  codes: tuple[tuple[str, int, int], ...]
  values: str
  names: str = ""

  def __call__(self, folder: pathlib.Path | None, label: str) -> Found:
    """Reads all rows."""
    columns = [name for name, _, _ in self.codes]
    place = _folder(folder, self.file)
    table = tables.read(place, self.file, (*columns, self.values))
    parts = [
      tables.integers(table, name, self.file, 0, most, (width,))
      for name, width, most in self.codes
    ]
    name = self.values
    if self.names:
      table = tables.named_columns(table, name, self.names, self.file)
      errors.check_name(f"label of {self.file}", label, table)
      name = label
    values = tables.numbers(table, name, self.file)
    return np.concatenate(parts, axis=1), values


def read_macro(folder: pathlib.Path | None, label: str) -> Found:
  """Reads the table of NAS-Bench-Macro: mean test accuracies of three runs."""
  del label
  name = "nas-bench-macro_cifar10.json"
  path = _folder(folder, name) / name
  rows = files.read_json(path, "a table of networks")
  is_table = isinstance(rows, dict) and all(
    len(key) == 8
    and set(key) <= set("012")
    and isinstance(row, dict)
    and isinstance(row.get("mean_acc"), float)
    for key, row in rows.items()
  )
  if not is_table or not rows:
    raise errors.UserError(
      f"{errors.quote(str(path))}: expected accuracies of networks by their "
      "eight choices, got something else; fetch the table again"
    )
  codes = np.array([[int(code) for code in key] for key in rows])
  return codes, np.array([row["mean_acc"] for row in rows.values()])


def _folder(folder: pathlib.Path | None, file: str) -> pathlib.Path:
  found = files.data_dir(folder)
  if found is None or not (found / file).is_file():
    where = "no folder" if found is None else repr(str(found))
    raise errors.UserError(
      f"labelled networks: expected {file} in the folder of --data_dir or "
      f"NASJAX_DATA, got {where}; name the folder that holds it"
    )
  return found
