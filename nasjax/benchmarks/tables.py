"""Reads the tables (`.npz`) that a data folder may hold."""

import pathlib
from collections.abc import Iterable, Mapping, Sequence
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
      f"{errors.quote(str(path))}: expected a column {missing[0]!r}, got "
      f"{errors.quote(', '.join(table))}; fetch the table again"
    )
  lengths = {column: table[column].shape[:1] for column in columns}
  if len(set(lengths.values())) > 1 or lengths[columns[0]] in ((), (0,)):
    raise errors.UserError(
      f"{errors.quote(str(path))}: expected columns of one length, got "
      f"{errors.quote(lengths)}; fetch the table again"
    )
  return table


def _wrong(where: str, name: str, expected: str, got: str) -> errors.UserError:
  return errors.UserError(
    f"{where}: expected {expected} in column {name!r}, got {got}; fetch the "
    "table again"
  )


def integers(
  table: Mapping[str, np.ndarray],
  name: str,
  where: str,
  low: int,
  high: int,
  shape: tuple[int, ...] = (),
) -> np.ndarray:
  """Returns a column of integers `[n, *shape]` as int64.

  Args:
    table: what `read` returned.
    name: name of the column.
    where: how an error calls the table.
    low: smallest value that is allowed.
    high: largest value that is allowed.
    shape: shape of one row.

  Raises:
    UserError: the type or the shape is another, or a value is out of range.
  """
  column = table[name]
  if column.dtype.kind not in "iu" or column.shape[1:] != shape:
    expected = f"integers of shape {['n', *shape]}"
    got = f"{column.dtype} of shape {list(column.shape)}"
    raise _wrong(where, name, expected.replace("'", ""), got)
  if column.size and not low <= column.min() <= column.max() <= high:
    got = f"{column.min()} .. {column.max()}"
    raise _wrong(where, name, f"{low} .. {high}", got)
  return column.astype(np.int64)


def check_rows(genotypes: np.ndarray, where: str) -> np.ndarray:
  """Checks that genotypes `[n, G]`, or keys `[n]`, are distinct; returns them.

  Raises:
    UserError: one occurs twice, so that its accuracy is not known.
  """
  first = np.unique(
    genotypes, axis=0 if genotypes.ndim > 1 else None, return_index=True
  )[1]
  if len(first) < len(genotypes):
    again = np.setdiff1d(np.arange(len(genotypes)), first)[0]
    raise errors.UserError(
      f"{where}: expected each cell once, got row {again} twice; fetch the "
      "table again"
    )
  return genotypes


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
  if len(set(names)) < len(names):
    raise errors.UserError(
      f"{where}: expected each operation once, got {errors.quote(names)}; "
      "fetch the table again"
    )
  for name in names:
    errors.check_name(f"operation in {where}", name, op_names)
  if codes.dtype.kind not in "iu":
    raise _wrong(where, "of operations", "integers", str(codes.dtype))
  if codes.size and not 0 <= codes.min() <= codes.max() < len(names):
    raise errors.UserError(
      f"{where}: expected operation codes 0 .. {len(names) - 1}, got "
      f"{codes.min()} .. {codes.max()}; fetch the table again"
    )
  translation = np.array([op_names.index(name) for name in names], np.int8)
  return translation[codes]


def percent(
  table: Mapping[str, np.ndarray], name: str, where: str
) -> np.ndarray:
  """Returns a column of accuracies in percent, `[n]` float64; NaN stays.

  Args:
    table: what `read` returned.
    name: name of the column.
    where: how an error calls the table.

  Raises:
    UserError: the column is of another kind, or a value is outside 0 .. 100.
  """
  return _within(table, name, where, "accuracies", 100)


def percent_of_fraction(
  table: Mapping[str, np.ndarray], name: str, where: str
) -> np.ndarray:
  """Returns a column of fractions in percent, as `percent` does."""
  return 100 * _within(table, name, where, "accuracies", 1)


def seconds(
  table: Mapping[str, np.ndarray], name: str, where: str
) -> np.ndarray:
  """Returns a column of durations, `[n]` float64; NaN stays.

  Raises:
    UserError: the column is of another kind, or a value is no duration up to
      a year.
  """
  return _within(table, name, where, "seconds", 366 * 86_400)


def numbers(
  table: Mapping[str, np.ndarray], name: str, where: str
) -> np.ndarray:
  """Returns a column of numbers, `[n]` float64; NaN stays.

  Args:
    table: what `read` returned.
    name: name of the column.
    where: how an error calls the table.

  Raises:
    UserError: the column is of another kind or shape, or a value is infinite.
  """
  values = _numbers(table, name, where)
  if np.isinf(values).any():
    raise _wrong(where, name, "finite numbers", "an infinite one")
  return values


def named_columns(
  table: Mapping[str, np.ndarray], name: str, names: str, where: str
) -> dict[str, np.ndarray]:
  """Returns the columns `[n]` of a matrix `[n, m]` by their names.

  Args:
    table: what `read` returned.
    name: name of the matrix.
    names: name of the array with the names of its columns, `[m]`.
    where: how an error calls the table.

  Raises:
    UserError: the names are missing, or are not one for each column.
  """
  matrix, found = table[name], np.asarray(table.get(names, ()))
  if found.ndim != 1 or matrix.shape[1:] != found.shape:
    got = f"shape {list(matrix.shape)} and names of shape {list(found.shape)}"
    raise _wrong(where, name, f"one column for each of {names!r}", got)
  return {str(each): matrix[:, place] for place, each in enumerate(found)}


def _numbers(
  table: Mapping[str, np.ndarray], name: str, where: str
) -> np.ndarray:
  column = table[name]
  if column.dtype.kind not in "fiu" or column.ndim != 1:
    got = f"{column.dtype} of shape {list(column.shape)}"
    raise _wrong(where, name, "numbers of shape [n]", got)
  return column.astype(np.float64)


def _within(
  table: Mapping[str, np.ndarray], name: str, where: str, what: str, most: int
) -> np.ndarray:
  values = _numbers(table, name, where)
  known = values[~np.isnan(values)]
  if known.size and not 0 <= known.min() <= known.max() <= most:
    got = f"{known.min()} .. {known.max()}"
    raise _wrong(where, name, f"{what} 0 .. {most}", got)
  return values
