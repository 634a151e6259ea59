"""The DARTS space: NAS-Bench-301 (Zela et al., ICLR 2022) and others.

The official results are real trainings, one JSON file each. The table of
`darts_nb301yahpo11221.npz` is not: its labels are a surrogate's predictions.
"""

import pathlib
from collections.abc import Mapping

from nasjax import errors
from nasjax.benchmarks import base, nb301_official, tables
from nasjax.io import cache
from nasjax.spaces import registry

TABLES = ("darts_nb301yahpo11221.npz",)
TABLES_545 = ("darts_oncenas545.npz",)
TABLES_9X199 = ("darts_9x199.npz",)
OFFICIAL_FOLDERS = "nb_301*"

_UNSTATED = "runs not stated"
_SURROGATE = (
  "SURROGATE: predicted by the YAHPO Gym network, no training behind it"
)


def _load(
  folder: pathlib.Path,
  table_name: str,
  stored: Mapping[str, tuple[str, base.Label]],
  name: str,
  source: str,
) -> base.Benchmark | None:
  """Loads a table; `stored` maps a label to its column and description."""
  if not (folder / table_name).exists():
    return None
  space = registry.get_space("darts")
  columns = [column for column, _ in stored.values()]
  table = tables.read(folder, table_name, ("genotype", *columns))
  if "ops" not in table:
    raise errors.UserError(
      f"{table_name}: expected the names of its operations in 'ops', got none; "
      "fetch the table again"
    )
  cells = tables.integers(table, "genotype", table_name, 0, 127, (2, 8, 2))
  cells[..., 1] = tables.recode(
    cells[..., 1], table["ops"].ravel(), space.op_names, table_name
  )
  genotypes = space.check(cells.reshape(len(cells), -1))
  return base.Benchmark(
    name=name,
    space=space,
    genotypes=tables.check_rows(genotypes, table_name),
    labels={label: meaning for label, (_, meaning) in stored.items()},
    columns={
      label: tables.percent(table, column, table_name)
      for label, (column, _) in stored.items()
    },
    source=source,
  )


def load_tables(folder: pathlib.Path) -> base.Benchmark | None:
  """Loads the surrogate's labels of a folder; None where it has none.

  Raises:
    UserError: the table is damaged.
  """
  stored = {
    label: (
      f"val_acc{epochs}_surrogate",
      base.Label("cifar10", "val", epochs, "surrogate", _SURROGATE),
    )
    for label, epochs in (("cifar10/val", 98), ("cifar10/val50", 50))
  }
  return _load(
    folder,
    TABLES[0],
    stored,
    "nb301",
    "SURROGATE labels (YAHPO Gym, NAS-Bench-301) of random genotypes",
  )


def load_545(folder: pathlib.Path) -> base.Benchmark | None:
  """Loads the 545 trained genotypes of OnceNAS-Bench; None without the table.

  Its `val50` and `test50` agree but for rounding: both are of one image set.

  Raises:
    UserError: the table is damaged.
  """
  stored = {
    "cifar10/val50": ("valid_acc50", "val", 50),
    "cifar10/val10": ("valid_acc10", "val", 10),
    "cifar10/test50": ("test_acc50", "test", 50),
  }
  return _load(
    folder,
    TABLES_545[0],
    {
      label: (column, base.Label("cifar10", split, epochs, _UNSTATED))
      for label, (column, split, epochs) in stored.items()
    },
    "darts545",
    "OnceNAS-Bench, trained DARTS genotypes (table)",
  )


def load_9x199(folder: pathlib.Path) -> base.Benchmark | None:
  """Loads 199 genotypes on SVHN, spherical CIFAR-100 and NinaPro, or None.

  Published with NAS-Bench-Suite-Zero (Krishnakumar et al., NeurIPS 2022).

  Raises:
    UserError: the table is damaged.
  """
  return _load(
    folder,
    TABLES_9X199[0],
    {
      f"{name}/val": (name, base.Label(name, "val", 0, _UNSTATED))
      for name in ("svhn", "scifar100", "ninapro")
    },
    "darts_9x199",
    "NAS-Bench-Suite-Zero, DARTS genotypes on further data sets (table)",
  )


def load_official(folder: pathlib.Path) -> base.Benchmark | None:
  """Loads the official results of a folder; None where it has none.

  The first load reads every file; later loads use the cache.

  Args:
    folder: holds a folder `nb_301*` (or is one) with `OPTIMISER/results_*.json`
      below it.

  Raises:
    UserError: a file is damaged or of another kind.
  """
  roots = sorted(folder.glob(OFFICIAL_FOLDERS))
  if folder.match(OFFICIAL_FOLDERS):
    roots.append(folder)
  for root in roots:
    paths = nb301_official.result_paths(root)
    if paths:
      break
  else:
    return None
  arrays = dict(
    cache.cached(
      "nb301",
      cache.source_key(paths),
      lambda: nb301_official.convert(paths),
    )
  )
  epochs = arrays.pop("epochs")
  mixed = epochs.min() != epochs.max()
  note = f"{epochs.min()} to {epochs.max()} epochs" if mixed else ""
  budget = 0 if mixed else int(epochs[0])
  return base.Benchmark(
    name="nb301",
    space=registry.get_space("darts"),
    genotypes=arrays.pop("genotypes"),
    labels={
      f"cifar10/{split}": base.Label("cifar10", split, budget, "one run", note)
      for split in ("val", "test")
    },
    columns=arrays,
    source=f"NAS-Bench-301, official results of {root.name}",
  )
