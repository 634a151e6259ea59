"""A user's own labels: one CSV file with the columns `arch` and `value`."""

import csv
import math
import pathlib
import re
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from nasjax import errors, files, foreign
from nasjax.benchmarks import base
from nasjax.spaces import base as spaces_base

LABEL = "custom/value"
FAILED = "failed"
"""Value of a training that failed, where that may be."""
_BYTES_PER_CHARACTER = 8  # that rows take in memory, about
_NUMBER = re.compile(
  r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?", re.ASCII
)
# How a space calls the first one of the notations that it is asked to read.
_FIRST = re.compile(r"( of)? ?\barch(itecture)? 0( of '\w+')?:? ?")
_QUOTE = 'quote an arch that holds commas, as in "Genotype(...)",93.5'


class Row(NamedTuple):
  """A line of a table.

  Attributes:
    line: its number in the file.
    arch: notation of the architecture.
    value: NaN where a training failed.
  """

  line: int
  arch: str
  value: float


def read_table(
  path: files.PathLike, space: spaces_base.Space, target: str = "accuracy"
) -> base.Benchmark:
  """Reads a CSV file (UTF-8) with a header that names `arch` and `value`.

  Further columns are ignored. Notations with commas are quoted, as usual in
  CSV. Values are decimal numbers such as `93.5`, `-2` or `1e3`. A cell that is
  repeated with the same value counts once.

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
  rows = list(read_rows(path))
  if not rows:
    raise errors.UserError(
      f"{errors.quote(str(path))} has no rows: expected at least one line "
      "below the header"
    )
  genotypes = genotypes_of(path, rows, space)
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


def read_rows(
  path: pathlib.Path,
  failures: bool = False,
  *,
  values: bool = True,
  key: str = "arch",
) -> Iterator[Row]:
  """Yields the data rows with their line numbers.

  Args:
    path: the file.
    failures: whether `failed` may stand for a value.
    values: whether values are read; without them the column `arch` is enough.
    key: the column that is read as `Row.arch`.

  Raises:
    UserError: the file is missing or malformed; the message names the line.
  """
  shown = errors.quote(str(path))
  with foreign.reading(path, "a CSV file in UTF-8", "save it as CSV UTF-8"):
    foreign.afford(path, _BYTES_PER_CHARACTER * path.stat().st_size)
    with open(path, encoding="utf-8-sig", newline="") as file:
      reader = csv.reader(file, strict=True)
      try:
        columns = (key, "value") if values else (key,)
        header = _header(shown, next(reader, None), columns)
        for fields in reader:
          if any(field.strip() for field in fields):
            where = f"{shown}, line {reader.line_num}"
            line = reader.line_num
            if values:
              cells = _cut(where, fields, header, columns)
              yield _row(where, line, cells, failures)
            else:
              (arch,) = _cut(where, fields, header, columns)
              yield Row(line, arch, math.nan)
      except csv.Error as error:
        reason = str(error)[:100]
        advice = f"quote what holds commas or quotes in the column {key!r}"
        if reason.startswith("field larger than"):
          reason = f"a field of more than {csv.field_size_limit()} characters"
          advice = "shorten it, or close its quotes"
        raise errors.UserError(
          f"{shown}, line {reader.line_num} cannot be read as CSV: {reason}; "
          f"{advice}"
        ) from error


def _header(
  shown: str, fields: list[str] | None, columns: tuple[str, ...]
) -> list[str]:
  """Checks the first line; returns the names of the columns."""
  if fields is None:
    raise errors.UserError(
      f"{shown} is empty: expected the header '{','.join(columns)}' and rows"
    )
  names = [name.strip() for name in fields]
  text = ",".join(names)
  if set(columns) <= set(names):
    for name in columns:
      alike = [field for field in fields if _plain(field) == name]
      if len(alike) > 1:
        listed = errors.quote(", ".join(alike))
        raise errors.UserError(
          f"{shown}, line 1: expected one column {name!r}, got {len(alike)}, "
          f"{listed}; rename or remove the others"
        )
    return names
  advice = ""
  for name, mark in (("semicolons", ";"), ("tabs", "\t")):
    if mark in text:
      advice = f"; separate columns by commas, not by {name}"
  plural = "columns" if len(columns) > 1 else "column"
  raise errors.UserError(
    f"{shown}, line 1: expected a header with the {plural} "
    f"{' and '.join(map(repr, columns))}, got {errors.quote(text)}{advice}"
  )


def _plain(field: str) -> str:
  """Returns the name of a column without case, blanks and pandas' number.

  Of two columns of one name pandas calls the second one `value.1`.
  """
  name = "".join(field.split()).casefold()
  return re.sub(r"(\.[0-9]+)+$", "", name)


def _row(where: str, line: int, cells: list[str], failures: bool) -> Row:
  arch, text = cells
  if failures and text.casefold() == FAILED:
    return Row(line, arch, math.nan)
  value = float(text) if _NUMBER.fullmatch(text) else math.nan
  if not math.isfinite(value):
    advice = "mend or remove the line"
    if failures:
      advice += f", or write {FAILED} where the training failed"
    if arch.count("(") != arch.count(")") or arch.count("[") != arch.count("]"):
      advice = _QUOTE
    elif re.fullmatch(r"[-+0-9., ]*[0-9],[0-9 ]+", text):
      advice = "write a decimal point and no other marks"
    raise errors.UserError(
      f"{where}: expected a finite number as value, got {errors.quote(text)}; "
      f"{advice}"
    )
  return Row(line, arch, value)


def _cut(
  where: str, fields: list[str], header: list[str], columns: tuple[str, ...]
) -> list[str]:
  """Returns the texts of some columns of a line."""
  while len(fields) > len(header) and not fields[-1].strip():
    fields = fields[:-1]  # spreadsheets fill rows up with commas
  places = [header.index(name) for name in columns]
  if not max(places) < len(fields) <= len(header):
    advice = _QUOTE
    if columns[0] != "arch":
      advice = f"quote a {columns[0]} that holds commas"
    raise errors.UserError(
      f"{where}: expected {len(header)} columns, got {len(fields)}; {advice}, "
      "and write decimal points"
    )
  return [fields[place].strip() for place in places]


def genotypes_of(
  path: pathlib.Path, rows: list[Row], space: spaces_base.Space
) -> spaces_base.Genotypes:
  """Parses all notations; on an error finds the line that has it.

  Args:
    path: the file.
    rows: its rows.
    space: the space of the cells.

  Returns:
    `[n, G]` int8.

  Raises:
    UserError: a notation is bad.
  """
  try:
    return space.parse([row.arch for row in rows])
  except errors.UserError:
    for row in rows:
      try:
        space.parse([row.arch])
      except errors.UserError as error:
        reason = _FIRST.sub(" ", str(error), count=1).strip()
        raise errors.UserError(
          f"{errors.quote(str(path))}, line {row.line}: {reason}"
        ) from error
    raise


def _first_rows(
  path: pathlib.Path, rows: list[Row], keys: np.ndarray
) -> np.ndarray:
  """Returns the first row of each cell, ascending.

  Raises:
    UserError: a cell has two values.
  """
  seen: dict[int, Row] = {}
  first = []
  for at, (row, key) in enumerate(zip(rows, keys.tolist(), strict=True)):
    known = seen.setdefault(key, row)
    if known is row:
      first.append(at)
    elif known.value != row.value:
      raise errors.UserError(
        f"{errors.quote(str(path))}, line {row.line}: expected one value for "
        f"each architecture, got {_shown(row.value)} for the cell that line "
        f"{known.line} gives {_shown(known.value)}; keep one of the lines"
      )
  return np.array(first)


def _shown(value: float) -> str:
  return repr(value).removesuffix(".0")
