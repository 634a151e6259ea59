"""`NAME.json` of a folder of results: rows that commands measured, merged.

A row says what was measured (space, benchmark, data set, method, size, metric),
the published value, the value of each seed with mean and standard deviation
(over the seeds, not divided by n - 1), a note (the labels), the commit and
seconds of the training behind it, and the command that measured it.
"""

import contextlib
import json
import math
import re
from collections.abc import Mapping, Sequence
from importlib import metadata
from typing import Any

import numpy as np

from nasjax import errors, files
from nasjax.reproduce import catalog, published

Row = dict[str, Any]
Data = dict[str, Any]

KEY = ("space", "benchmark", "dataset", "method", "size", "metric")
_PACKAGES = ("jax", "jaxlib", "flax", "optax", "numpy", "scipy")
_OPTIONAL = ("scikit-learn", "xgboost-cpu", "onnxruntime", "matplotlib")


def make_row(
  study: catalog.Study,
  method: str,
  size: int,
  metric: str,
  values: Sequence[float],
  **facts: Any,
) -> Row:
  """Returns a row; NaN becomes null.

  Args:
    study: cells and labels.
    method: name of the method.
    size: number of training labels.
    metric: name of the metric.
    values: one value a seed.
    **facts: `note`, `commit`, `seconds`, `first_seed` and the like.
  """
  finite = bool(len(values)) and all(math.isfinite(value) for value in values)
  return {
    "space": study.space,
    "benchmark": study.benchmark,
    "dataset": study.dataset,
    "method": method,
    "size": size,
    "metric": metric,
    "published": published.lookup(
      study.benchmark, study.dataset, method, size, metric
    ),
    "mean": round(float(np.mean(values)), 6) if finite else None,
    "std": round(float(np.std(values)), 6) if finite else None,
    "seeds": [
      round(float(value), 6) if math.isfinite(value) else None
      for value in values
    ],
    **facts,
  }


def versions() -> dict[str, str]:
  """Returns the versions of the packages behind the numbers."""
  found = {name: metadata.version(name) for name in _PACKAGES}
  for name in _OPTIONAL:
    with contextlib.suppress(metadata.PackageNotFoundError):
      found[name] = metadata.version(name)
  return found


def read(path: files.PathLike) -> Data:
  """Reads a result file; no rows where there is none.

  Raises:
    UserError: the file is damaged.
  """
  path = files.expand(path)
  if not path.exists():
    return {"name": path.stem, "rows": []}
  try:
    data = json.loads(path.read_text())
    for row in data["rows"]:
      _key(row)
  except (OSError, ValueError, KeyError, TypeError) as error:
    raise errors.UserError(
      f"{str(path)!r} is no result file of nasjax.reproduce ({error!r}): "
      "restore or delete it and run the command again"
    ) from error
  return data


def merge(old: Sequence[Row], new: Sequence[Row]) -> list[Row]:
  """Joins rows; a new row replaces the old one of the same `KEY`.

  The order is that of the catalogue, whatever was measured first.
  """
  rows = {_key(row): row for row in (*old, *new)}
  return sorted(rows.values(), key=_order)


def update(
  path: files.PathLike, name: str, command: str, commit: str, rows: list[Row]
) -> Data:
  """Merges rows into a result file, atomically; returns what it holds now.

  Two processes that write into one folder wait for each other.

  Raises:
    UserError: the file is damaged or cannot be written.
  """
  path = files.expand(path)
  with files.hold(path.parent, wait=True):
    old = read(path)
    kept = _with_commands(old["rows"], old.get("command", ""))
    fresh = [{**row, "command": command} for row in rows]
    merged = merge(
      [*fresh, *kept], [row for row in fresh if _is_new(row, kept)]
    )
    data = {
      "name": name,
      "command": command,
      "commit": commit,
      "seconds": total_seconds(merged),
      "versions": versions(),
      "rows": merged,
    }
    files.write_json(path, data)
  return data


def total_seconds(rows: Sequence[Row]) -> float:
  """Returns the seconds of all trainings, each counted once."""
  runs = {_key(row)[:-1]: row.get("seconds") or 0.0 for row in rows}
  return round(sum(runs.values()), 1)


def _with_commands(rows: Sequence[Row], command: str) -> list[Row]:
  """Names the command of rows that do not name theirs."""
  return [{**row, "command": row.get("command", command)} for row in rows]


def _is_new(row: Row, rows: Sequence[Row]) -> bool:
  """Whether no row says the same, whichever command measured it."""
  return not any({**other, "command": row["command"]} == row for other in rows)


def commands(data: Data) -> list[str]:
  """Returns the commands that measured the rows, in the order of the rows."""
  last = data.get("command", "")
  return list(dict.fromkeys(row.get("command", last) for row in data["rows"]))


def studies(rows: Sequence[Row]) -> list[tuple[str, str, str]]:
  """Returns (space, benchmark, data set) of the rows, in their order."""
  return list(
    dict.fromkeys(
      (row["space"], row["benchmark"], row["dataset"]) for row in rows
    )
  )


def select(rows: Sequence[Row], **wanted: Any) -> list[Row]:
  """Returns the rows whose fields have the wanted values."""
  return [
    row
    for row in rows
    if all(row[name] == value for name, value in wanted.items())
  ]


def _key(row: Mapping[str, Any]) -> tuple:
  return tuple(row[name] for name in KEY)


def _order(row: Row) -> tuple:
  keys = [study.key for study in catalog.STUDIES]
  key = row["space"], row["benchmark"], row["dataset"]
  place = keys.index(key) if key in keys else len(keys)
  name, variant = catalog.split_variant(row["method"])
  methods = list(catalog.TITLES)
  known = methods.index(name) if name in methods else len(methods)
  return place, known, name, _natural(variant), row["size"], row["metric"]


def _natural(text: str) -> list[tuple[int, str]]:
  """Sorts `width=16` before `width=128`: digits as a number, then the rest."""
  parts = re.findall(r"\d+|\D+", text)
  return [(int(p), "") if p.isdecimal() else (-1, p) for p in parts]
