"""A user's own labels: one CSV file with the columns `arch` and `value`."""

import csv
import math
import pathlib
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from nasjax import errors, files
from nasjax.benchmarks import base
from nasjax.spaces import base as spaces_base

LABEL = "custom/value"


class _Row(NamedTuple):
  line: int
  arch: str
  value: float


def read_table(
  path: files.PathLike, space: spaces_base.Space, target: str = "accuracy"
) -> base.Benchmark:
  """Reads a CSV file (UTF-8) with a header that names `arch` and `value`.

  Further columns are ignored. Notations with commas are quoted, as usual in
  CSV. A cell that is repeated with the same value counts once.

  Args:
    path: the file.
    space: the space of the cells; `arch` is in its official notation.
    target: what the values are: `accuracy`, or `cost`; isomorphic cells are one
      cell unless they have costs.

  Returns:
    A benchmark with the one label `custom/value`, rows in file order.

  Raises:
    UserError: the file is missing or malformed; the message names the line.
  """
  path = files.expand(path)
  rows = list(_rows(path))
  if not rows:
    raise errors.UserError(
      f"{str(path)!r} has no rows: expected at least one line below the header"
    )
  genotypes = _genotypes(path, rows, space)
  values = np.array([row.value for row in rows])
  if target == "accuracy":
    keys = space.lookup_keys(genotypes)
  else:
    keys = np.unique(genotypes, axis=0, return_inverse=True)[1].reshape(-1)
  first = _first_rows(path, rows, keys)
  return base.Benchmark(
    name="custom",
    space=space,
    genotypes=genotypes[first],
    labels={LABEL: base.Label("custom", "value", 0, "as given", kind=target)},
    columns={LABEL: values[first]},
    source=f"table {path.name}",
  )


def _rows(path: pathlib.Path) -> Iterator[_Row]:
  """Yields the data rows with their line numbers."""
  try:
    with open(path, encoding="utf-8-sig", newline="") as file:
      reader = csv.reader(file, strict=True)
      header = next(reader, None)
      places = _places(path, header)
      for fields in reader:
        if fields:
          yield _row(path, reader.line_num, fields, places)
  except FileNotFoundError as error:
    raise errors.UserError(f"no such file: {str(path)!r}") from error
  except UnicodeDecodeError as error:
    raise errors.UserError(
      f"{str(path)!r} is not UTF-8 text ({error.reason} at byte "
      f"{error.start}); save it as CSV UTF-8"
    ) from error
  except (csv.Error, OSError) as error:
    raise errors.UserError(
      f"{str(path)!r} cannot be read as CSV: {error}"
    ) from error


def _places(path: pathlib.Path, header: list[str] | None) -> tuple[int, int]:
  if header is None:
    raise errors.UserError(
      f"{str(path)!r} is empty: expected the header 'arch,value' and rows"
    )
  names = [name.strip() for name in header]
  if "arch" not in names or "value" not in names:
    raise errors.UserError(
      f"{str(path)!r}, line 1: expected a header with the columns 'arch' and "
      f"'value', got {','.join(names)[:80]!r}"
    )
  return names.index("arch"), names.index("value")


def _row(
  path: pathlib.Path, line: int, fields: list[str], places: tuple[int, int]
) -> _Row:
  if len(fields) <= max(places):
    raise errors.UserError(
      f"{str(path)!r}, line {line}: expected at least {max(places) + 1} "
      f"columns, got {len(fields)}; quote an arch that holds commas"
    )
  arch, text = (fields[place].strip() for place in places)
  try:
    value = float(text)
  except ValueError:
    value = math.nan
  if not math.isfinite(value):
    raise errors.UserError(
      f"{str(path)!r}, line {line}: expected a finite number as value, got "
      f"{text!r}; mend or remove the line"
    )
  return _Row(line, arch, value)


def _genotypes(
  path: pathlib.Path, rows: list[_Row], space: spaces_base.Space
) -> spaces_base.Genotypes:
  """Parses all notations; on an error finds the line that has it."""
  try:
    return space.parse([row.arch for row in rows])
  except errors.UserError:
    for row in rows:
      try:
        space.parse([row.arch])
      except errors.UserError as error:
        raise errors.UserError(
          f"{str(path)!r}, line {row.line}: {error}"
        ) from error
    raise


def _first_rows(
  path: pathlib.Path, rows: list[_Row], keys: np.ndarray
) -> np.ndarray:
  """Returns the first row of each cell, ascending.

  Raises:
    UserError: a cell has two values.
  """
  seen: dict[int, _Row] = {}
  first = []
  for at, (row, key) in enumerate(zip(rows, keys.tolist(), strict=True)):
    known = seen.setdefault(key, row)
    if known is row:
      first.append(at)
    elif known.value != row.value:
      raise errors.UserError(
        f"{str(path)!r}, line {row.line}: expected one value for each "
        f"architecture, got {row.value:g} for the cell that line {known.line} "
        f"gives {known.value:g}; keep one of the lines"
      )
  return np.array(first)
