"""NAS-Bench-201 (Dong and Yang, ICLR 2020): tables and official files.

The official files are the folder of NATS-Bench (Dong et al., TPAMI 2021),
`NATS-tss-v1_0-3ffb9-simple`, or the pickles that NASLib distributes.
"""

import pathlib
from collections.abc import Mapping, Sequence

import numpy as np

from nasjax.benchmarks import base, nb201_official, tables
from nasjax.io import cache
from nasjax.spaces import registry

TABLES = ("nb201_full.npz",)
TABLES_9X199 = ("nb201_9x199.npz",)
NATS_FOLDER = "NATS-tss-v1_0-3ffb9-simple"
NASLIB_FILES = (
  "nb201_cifar10_full_training.pickle",
  "nb201_cifar100_full_training.pickle",
  "nb201_ImageNet16_full_training.pickle",
  "nb201_all.pickle",
)

_DATASETS = ("cifar10", "cifar100", "imagenet16")
_HALF = "cifar10-valid protocol: trained on half of the training images"
_WHOLE = "trained on all training images"


def _label(dataset: str, split: str, epochs: int, seeds: str) -> base.Label:
  note = ""
  if dataset == "cifar10":
    note = _HALF if split == "val" else _WHOLE
  return base.Label(dataset, split, epochs, seeds, note)


def _labels(mean: str, one: str) -> dict[str, base.Label]:
  """Labels of all data sets.

  Args:
    mean: how the runs behind `test` and `val_mean` are called.
    one: how the single run behind the others is called.
  """
  labels = {}
  for dataset in _DATASETS:
    for name, split, epochs, seeds in (
      ("val", "val", 200, one),
      ("val_mean", "val", 200, mean),
      ("test", "test", 200, mean),
      ("test_oneseed", "test", 200, one),
      ("test12_oneseed", "test", 12, one),
    ):
      labels[f"{dataset}/{name}"] = _label(dataset, split, epochs, seeds)
  return labels


_TABLE_COLUMNS = {
  "val": "val200",
  "test": "test200_mean",
  "test_oneseed": "test200_oneseed",
  "test12_oneseed": "test12_oneseed",
}


def _benchmark(
  name: str,
  genotypes: np.ndarray,
  columns: Mapping[str, np.ndarray],
  labels: Mapping[str, base.Label],
  source: str,
) -> base.Benchmark:
  space = registry.get_space("nb201")
  return base.Benchmark(
    name=name,
    space=space,
    genotypes=tables.check_rows(space.check(genotypes), source),
    labels={label: labels[label] for label in columns},
    columns=columns,
    source=source,
  )


def load_tables(folder: pathlib.Path) -> base.Benchmark | None:
  """Loads `nb201_full.npz` of a folder; None where it has none.

  Raises:
    UserError: the table is damaged.
  """
  if not (folder / TABLES[0]).exists():
    return None
  stored = {
    f"{dataset}/{name}": f"{column}_{dataset}"
    for dataset in _DATASETS
    for name, column in _TABLE_COLUMNS.items()
  }
  table = tables.read(folder, TABLES[0], ("ops", *stored.values()))
  return _benchmark(
    "nb201",
    _genotypes(table, TABLES[0]),
    {
      label: tables.percent(table, name, TABLES[0])
      for label, name in stored.items()
    },
    _labels("mean of seeds", "one run"),
    "NAS-Bench-201 / NATS-Bench results (table)",
  )


def _genotypes(table: Mapping[str, np.ndarray], where: str) -> np.ndarray:
  op_names = registry.get_space("nb201").op_names
  # Without names, codes are in the official order.
  names = table.get("op_names", np.array(op_names))
  codes = tables.integers(table, "ops", where, 0, len(names) - 1, (6,))
  return tables.recode(codes, names.ravel(), op_names, where)


def load_9x199(folder: pathlib.Path) -> base.Benchmark | None:
  """Loads `nb201_9x199.npz` of a folder; None where it has none.

  199 cells on SVHN, spherical CIFAR-100 and NinaPro, published with
  NAS-Bench-Suite-Zero (Krishnakumar et al., NeurIPS 2022).

  Raises:
    UserError: the table is damaged.
  """
  if not (folder / TABLES_9X199[0]).exists():
    return None
  datasets = ("svhn", "scifar100", "ninapro")
  table = tables.read(folder, TABLES_9X199[0], ("ops", *datasets))
  return _benchmark(
    "nb201_9x199",
    _genotypes(table, TABLES_9X199[0]),
    {
      f"{name}/val": tables.percent(table, name, TABLES_9X199[0])
      for name in datasets
    },
    {
      f"{name}/val": base.Label(name, "val", 0, "runs not stated")
      for name in datasets
    },
    "NAS-Bench-Suite-Zero, NAS-Bench-201 cells on further data sets (table)",
  )


def load_official(folder: pathlib.Path) -> base.Benchmark | None:
  """Loads the official files of a folder; None where it has none.

  The first load reads every file (minutes); later loads use the cache.

  Args:
    folder: holds `NATS-tss-v1_0-3ffb9-simple` (or is it), or NASLib pickles.

  Raises:
    UserError: a file is damaged, missing, or names foreign objects.
  """
  for nats in (folder / NATS_FOLDER, folder):
    if (nats / nb201_official.META_FILE).exists():
      return _load_nats(nats)
  pickles = [folder / name for name in NASLIB_FILES]
  pickles = [path for path in pickles if path.exists()]
  return _load_naslib(pickles) if pickles else None


def _load_nats(folder: pathlib.Path) -> base.Benchmark:
  paths = sorted(folder.glob("*.pickle.pbz2"))
  arrays = dict(
    cache.cached(
      "nb201",
      cache.source_key(paths),
      lambda: nb201_official.convert_nats(folder),
    )
  )
  return _benchmark(
    "nb201",
    arrays.pop("genotypes"),
    arrays,
    _labels("mean of all runs (1 to 3)", "run of the lowest seed"),
    f"NATS-Bench topology space, official folder {NATS_FOLDER}",
  )


def _load_naslib(paths: Sequence[pathlib.Path]) -> base.Benchmark:
  arrays = dict(
    cache.cached(
      "nb201-naslib",
      cache.source_key(paths),
      lambda: nb201_official.convert_naslib(paths),
    )
  )
  return _benchmark(
    "nb201",
    arrays.pop("genotypes"),
    arrays,
    _labels("runs as NASLib stores them", "runs as NASLib stores them"),
    f"NAS-Bench-201 as distributed by NASLib: {paths[0].name}",
  )
