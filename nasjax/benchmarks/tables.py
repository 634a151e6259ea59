"""Reads the tables (`.npz`) that a data folder may hold."""

import pathlib
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from nasjax import errors, files


def read(folder: pathlib.Path, name: str, columns: Sequence[str]) -> dict:
  """Reads a table and checks that it has its columns, all equally long.

  Args:
    folder: the data folder.
    name: file name of the table.
    columns: arrays with one row for each architecture.

  Raises:
    UserError: the file is missing, damaged, or another table.
  """
  path = folder / name
  table = files.read_npz(path)
  missing = [column for column in columns if column not in table]
  if missing:
    raise errors.UserError(
      f"{str(path)!r}: expected a column {missing[0]!r}, got "
      f"{', '.join(table)}; fetch the table again"
    )
  lengths = {column: table[column].shape[:1] for column in columns}
  if len(set(lengths.values())) > 1:
    raise errors.UserError(
      f"{str(path)!r}: expected columns of one length, got {lengths}; "
      "fetch the table again"
    )
  return table


def recode(
  codes: np.ndarray, names: Iterable[Any], op_names: Sequence[str], where: str
) -> np.ndarray:
  """Translates a table's operation codes into those of a space.

  Args:
    codes: codes of any shape, positions in `names`.
    names: the table's operations by code.
    op_names: the space's operations by code.
    where: how an error calls the table.

  Returns:
    Codes of the same shape, positions in `op_names`, int8.

  Raises:
    UserError: the table holds an operation that the space lacks.
  """
  names = [str(name) for name in names]
  for name in names:
    if name not in op_names:
      raise errors.one_of(f"operation in {where}", name, op_names)
  if codes.size and not 0 <= codes.min() <= codes.max() < len(names):
    raise errors.UserError(
      f"{where}: expected operation codes 0 .. {len(names) - 1}, got "
      f"{codes.min()} .. {codes.max()}; fetch the table again"
    )
  translation = np.array([op_names.index(name) for name in names], np.int8)
  return translation[codes]


def percent(values: np.ndarray) -> np.ndarray:
  """Returns accuracies that a table gives in percent, `[n]` float64."""
  return np.asarray(values, np.float64)


def percent_of_fraction(values: np.ndarray) -> np.ndarray:
  """Returns accuracies that a table gives as fractions, `[n]` float64."""
  return 100 * np.asarray(values, np.float64)
