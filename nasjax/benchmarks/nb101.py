"""NAS-Bench-101 (Ying et al., ICML 2019): tables and the official file.

Both give the same rows: all cells in ascending order of the official MD5 hash.
"""

import pathlib
from collections.abc import Mapping

import numpy as np

from nasjax import errors
from nasjax.benchmarks import base, nb101_tfrecord, tables
from nasjax.io import cache
from nasjax.spaces import registry

TABLES = ("nb101_full.npz", "nb101_records.npz")
OFFICIAL_FILES = ("nasbench_full.tfrecord", "nasbench_only108.tfrecord")

_CODES = {
  "vertices": (2, 7),
  "edge_bits": (0, (1 << 21) - 1),
  "label_base3": (0, 3**5 - 1),
}
_UNIFORM_SOURCES = 0b11  # the two uniform samples among the records' sources
_UNIFORM = "only cells of two uniform samples, so free of search bias"


def _label(split: str, epochs: int, seeds: str, note: str = "") -> base.Label:
  return base.Label("cifar10", split, epochs, seeds, note)


_TABLE_LABELS = {
  "cifar10/val": _label("val", 108, "one run", _UNIFORM),
  "cifar10/val_any": _label("val", 108, "one run", "cells of any sample"),
  "cifar10/test": _label("test", 108, "mean of 3"),
  "cifar10/val4": _label("val", 4, "one run"),
  "cifar10/val12": _label("val", 12, "one run"),
  "cifar10/val36": _label("val", 36, "one run"),
  "cifar10/seconds": base.Label(
    "cifar10", "train", 108, "one run", "seconds of a training", "cost"
  ),
}
_OFFICIAL_LABELS = {
  "cifar10/val": _label("val", 108, "first of 3 runs"),
  "cifar10/val_any": _label("val", 108, "first of 3 runs"),
  "cifar10/val_mean": _label("val", 108, "mean of 3"),
  "cifar10/test": _label("test", 108, "mean of 3"),
  "cifar10/val4": _label("val", 4, "first of 3 runs"),
  "cifar10/val12": _label("val", 12, "first of 3 runs"),
  "cifar10/val36": _label("val", 36, "first of 3 runs"),
}


def _benchmark(
  genotypes: np.ndarray,
  columns: Mapping[str, np.ndarray],
  labels: Mapping[str, base.Label],
  source: str,
) -> base.Benchmark:
  return base.Benchmark(
    name="nb101",
    space=registry.get_space("nb101"),
    genotypes=genotypes,
    labels={name: labels[name] for name in columns},
    columns=columns,
    source=source,
  )


def load_tables(folder: pathlib.Path) -> base.Benchmark | None:
  """Loads the tables of a folder; None where it has none.

  `nb101_full.npz` has all cells with their test accuracy. Where
  `nb101_records.npz` lies beside it, validation accuracies of some cells are
  joined; cells without one are NaN.

  Raises:
    UserError: a table is damaged, or the two do not belong together.
  """
  if not (folder / TABLES[0]).exists():
    return None
  table = tables.read(folder, TABLES[0], (*_CODES, "test_acc"))
  where = errors.quote(str(folder / TABLES[0]))
  cells = [
    tables.integers(table, name, where, low, high)
    for name, (low, high) in _CODES.items()
  ]
  genotypes = genotypes_of(*cells)
  packed = _pack(*cells)
  tables.check_rows(packed, where)
  columns = {}
  if (folder / TABLES[1]).exists():
    columns = _record_columns(folder, packed)
  columns["cifar10/test"] = tables.percent(table, "test_acc", where)
  columns = {name: columns[name] for name in _TABLE_LABELS if name in columns}
  return _benchmark(
    registry.get_space("nb101").check(genotypes),
    columns,
    _TABLE_LABELS,
    "NAS-Bench-101 results collected from published lists (tables)",
  )


def genotypes_of(
  vertices: np.ndarray, edge_bits: np.ndarray, label: np.ndarray
) -> np.ndarray:
  """Unpacks the cells of a table into genotypes, `[n, 26]` int8.

  Args:
    vertices: number of vertices, `[n]`.
    edge_bits: bit x + y(y-1)/2 is the edge x -> y, `[n]`.
    label: operations of the inner vertices as base-3 digits, the first inner
      vertex most significant, `[n]`.

  Raises:
    UserError: a number is out of range.
  """
  inner = vertices - 2
  fits = (inner >= 0) & (inner <= 5) & (label >= 0) & (edge_bits >= 0)
  num_edges = vertices * (vertices - 1) // 2
  fits &= (label < 3 ** np.maximum(inner, 0)) & (edge_bits < 1 << num_edges)
  if not fits.all():
    raise errors.UserError(
      f"row {np.argmin(fits)} of the NAS-Bench-101 table is no cell: expected "
      "2 to 7 vertices and fitting codes; fetch the table again"
    )
  place = inner[:, None] - 1 - np.arange(5)
  digits = label[:, None] // 3 ** np.maximum(place, 0) % 3
  ops = np.where(place >= 0, digits, -1)
  edges = edge_bits[:, None] >> np.arange(21) & 1
  return np.concatenate([edges, ops], axis=1).astype(np.int8)


def _pack(vertices, edge_bits, label) -> np.ndarray:
  return edge_bits << 11 | label << 3 | vertices


def _record_columns(
  folder: pathlib.Path, packed: np.ndarray
) -> dict[str, np.ndarray]:
  """Joins the records to the packed cells `[n]`; columns `[n]` float64."""
  accuracies = ("val108", "val4", "val12", "val36")
  names = ("num_vertices", "edge_bits", "ops", "source", *accuracies)
  records = tables.read(folder, TABLES[1], names)
  where = errors.quote(str(folder / TABLES[1]))
  vertices = tables.integers(records, "num_vertices", where, 2, 7)
  ops = tables.integers(records, "ops", where, -9, 2, (7,))
  edges = tables.integers(records, "edge_bits", where, 0, (1 << 21) - 1)
  source = tables.integers(records, "source", where, 0, 255)
  label = np.zeros(len(vertices), np.int64)
  for place in range(1, 6):
    inner = place < vertices - 1
    if (ops[inner, place] < 0).any():
      raise errors.UserError(
        f"{where}: expected an operation 0 .. 2 of every inner vertex; fetch "
        "the table again"
      )
    label = np.where(inner, 3 * label + ops[:, place], label)
  wanted = _pack(vertices, edges, label)
  tables.check_rows(wanted, where)
  order = np.argsort(packed)
  at = np.minimum(np.searchsorted(packed[order], wanted), len(packed) - 1)
  rows = order[at]
  if (packed[rows] != wanted).any():
    raise errors.UserError(
      f"{TABLES[1]}: expected cells of {TABLES[0]}, got "
      f"{(packed[rows] != wanted).sum()} others; fetch both tables again"
    )
  columns = {}
  if "time108" in records:
    columns["cifar10/seconds"] = np.full(len(packed), np.nan)
    seconds = tables.seconds(records, "time108", where)
    columns["cifar10/seconds"][rows] = seconds
  uniform = (source & _UNIFORM_SOURCES) > 0
  for name in accuracies:
    values = np.full(len(packed), np.nan)
    values[rows] = tables.percent_of_fraction(records, name, where)
    columns[f"cifar10/{name}"] = values
  columns["cifar10/val_any"] = columns.pop("cifar10/val108")
  columns["cifar10/val"] = np.full(len(packed), np.nan)
  keep = rows[uniform]
  columns["cifar10/val"][keep] = columns["cifar10/val_any"][keep]
  return columns


def load_official(folder: pathlib.Path) -> base.Benchmark | None:
  """Loads the official TFRecord file of a folder; None where it has none.

  The first load reads and checks every record; later loads use the cache.
  `nasbench_full.tfrecord` also has the runs of 4, 12 and 36 epochs.

  Raises:
    UserError: the file is damaged.
  """
  paths = [folder / name for name in OFFICIAL_FILES]
  path = next((path for path in paths if path.exists()), None)
  if path is None:
    return None
  arrays = cache.cached(
    "nb101", cache.source_key([path]), lambda: nb101_tfrecord.convert(path)
  )
  columns = {name: arrays[name] for name in _OFFICIAL_LABELS if name in arrays}
  return _benchmark(
    arrays["genotypes"],
    columns,
    _OFFICIAL_LABELS,
    f"NAS-Bench-101, official file {path.name}",
  )
