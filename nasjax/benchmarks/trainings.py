"""A user's own trainings: a CSV file to which they are added one by one."""

import dataclasses
import math
import os
import pathlib
import time

import numpy as np

from nasjax import errors, files, foreign
from nasjax.benchmarks import custom
from nasjax.spaces import base as spaces_base

_ATTEMPTS = 5
_SECONDS = 0.2  # in which a writer ends its line


@dataclasses.dataclass(frozen=True, eq=False)
class Trainings:
  """What was trained so far.

  Attributes:
    genotypes: `[n, G]` int8, in the order of the file.
    values: `[n]` float64; NaN where a training failed.
    notes: what a user should know of the rows, a line each.
  """

  genotypes: np.ndarray
  values: np.ndarray
  notes: tuple[str, ...]


def read(
  path: files.PathLike, space: spaces_base.Space, target: str = "accuracy"
) -> Trainings:
  """Reads a CSV file with the columns `arch` and `value`.

  It is as for `custom.read_table`, but `failed` may stand for a value, a cell
  may come again (its values are averaged by whoever fits them, and a note says
  so), and the file may be empty. A file that another process adds to meanwhile
  is read again, and one that may end within a line is given a moment.

  Args:
    path: the file.
    space: the space of the cells.
    target: `accuracy` or `cost`; equal genotypes alone have one cost.

  Raises:
    UserError: the file is missing or malformed, no regular file, or keeps
      changing.
  """
  path = files.expand(path)
  foreign.check_regular(path)
  rows = _stable_rows(path)
  if not rows:
    empty = np.zeros((0, space.genotype_length), np.int8)
    return Trainings(empty, np.zeros(0), ())
  genotypes = custom.genotypes_of(path, rows, space)
  values = np.array([row.value for row in rows])
  notes = _notes(rows, genotypes, space, target)
  if _is_cut(path):
    notes += (
      f"the last line of {errors.quote(str(path))} has no line end: it counts "
      "as it stands; if it was half written, ask again",
    )
  return Trainings(genotypes, values, notes)


def _stable_rows(path: pathlib.Path) -> list[custom.Row]:
  """The rows of a file that did not change while it was read."""
  for _ in range(_ATTEMPTS):
    before = _fingerprint(path)
    rows, problem = [], None
    try:
      rows = [] if before and not before[0] else _rows(path)
    except errors.UserError as error:
      problem = error
    if before is not None and (problem is not None or _is_cut(path)):
      time.sleep(_SECONDS)
    if _fingerprint(path) != before:
      continue
    if problem is not None:
      raise problem
    return rows
  raise errors.UserError(
    f"{errors.quote(str(path))} changed each time while it was read: expected "
    "a file at rest; write a new one and rename it"
  )


def _rows(path: pathlib.Path) -> list[custom.Row]:
  return list(custom.read_rows(path, failures=True))


def _is_cut(path: pathlib.Path) -> bool:
  """Whether a file ends within a line."""
  with foreign.reading(path, "a CSV file"), open(path, "rb") as file:
    if not file.seek(0, os.SEEK_END):
      return False
    file.seek(-1, os.SEEK_END)
    return file.read(1) not in b"\r\n"


def _fingerprint(path: pathlib.Path) -> tuple[int, int] | None:
  try:
    status = os.stat(path)
  except OSError:
    return None
  return status.st_size, status.st_mtime_ns


def _notes(
  rows: list[custom.Row],
  genotypes: np.ndarray,
  space: spaces_base.Space,
  target: str,
) -> tuple[str, ...]:
  """A line each on failures, cells that come again, and equal values."""
  found = []
  failed = sum(math.isnan(row.value) for row in rows)
  if failed:
    found.append(f"{failed} of {len(rows)} trainings failed")
  keys = genotypes if target == "cost" else space.function_keys(genotypes)
  _, counts = np.unique(keys, axis=0, return_counts=True)
  again = int((counts > 1).sum())
  if again:
    found.append(
      f"{again} architectures come again, under one name or several: the means "
      "of their values are used"
    )
  if len(rows) > 1 and len({row.value for row in rows}) == 1:
    found.append("all values are equal: they tell no architecture from another")
  return tuple(found)
