"""Converts the official files of NAS-Bench-201.

NATS-Bench: `meta.pickle.pbz2` lists the architectures, and `000000.pickle.pbz2`
and so on hold, for the training recipes `'12'` and `'200'` (epochs), a dict
with `all_results`: (data set, seed) -> one run, whose `eval_acc1es` maps
`SPLIT@EPOCH` to percent (D-X-Y/NATS-Bench, `api_utils.py`). NASLib: one pickle
maps an architecture and a data set to `eval_acc1es`, a number or one for each
epoch (automl/NASLib, `search_spaces/nasbench201`).
"""

import bz2
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from nasjax import errors, progress
from nasjax.benchmarks import safe_pickle
from nasjax.spaces import registry

META_FILE = "meta.pickle.pbz2"

# Our data set -> split: (data set, split) in the names of NATS-Bench.
_NATS = {
  "cifar10": {
    "val": ("cifar10-valid", "x-valid"),
    "test": ("cifar10", "ori-test"),
  },
  "cifar100": {
    "val": ("cifar100", "x-valid"),
    "test": ("cifar100", "x-test"),
  },
  "imagenet16": {
    "val": ("ImageNet16-120", "x-valid"),
    "test": ("ImageNet16-120", "x-test"),
  },
}


def convert_nats(folder: pathlib.Path) -> dict[str, np.ndarray]:
  """Reads the folder `NATS-tss-v1_0-3ffb9-simple`.

  Returns:
    `genotypes` `[n, 6]` int8 in the order of the official index, and columns
    `[n]` float64 in percent; NaN where a run is missing. The single runs are
    those of the lowest seed.

  Raises:
    UserError: a file is damaged, missing, or names foreign objects.
  """
  archs = _read_pbz2(folder / META_FILE).get("meta_archs")
  if not archs:
    raise errors.UserError(
      f"{str(folder / META_FILE)!r}: expected a list 'meta_archs', got none; "
      "fetch the official folder again"
    )
  paths = [folder / f"{i:06d}.pickle.pbz2" for i in range(len(archs))]
  missing = [path.name for path in paths if not path.exists()]
  if missing:
    raise errors.UserError(
      f"{str(folder)!r}: expected {len(archs)} files, {len(missing)} are "
      f"missing ({missing[0]}, ...); unpack the official archive again"
    )
  rows = []
  with progress.Progress("read NATS-Bench", len(paths), unit="files") as bar:
    for path in paths:
      rows.append(_nats_row(_read_pbz2(path), path))
      bar.update(1)
  columns = {
    name: np.array([row[name] for row in rows], np.float64) for name in rows[0]
  }
  genotypes = registry.get_space("nb201").parse(list(archs))
  return {"genotypes": genotypes, **columns}


def _read_pbz2(path: pathlib.Path) -> dict[str, Any]:
  try:
    with bz2.open(path, "rb") as file:
      content = safe_pickle.load(file, safe_pickle.PLAIN, repr(str(path)))
  except (OSError, EOFError) as error:
    raise errors.UserError(
      f"{str(path)!r} cannot be unpacked ({error}); fetch it again"
    ) from error
  if not isinstance(content, dict):
    raise errors.UserError(
      f"{str(path)!r}: expected a dict, got {type(content).__name__}; "
      "fetch the official folder again"
    )
  return content


def _nats_row(
  recipes: Mapping[str, Any], path: pathlib.Path
) -> dict[str, float]:
  """Returns the accuracies of one architecture by label, NaN where unknown."""
  row = {}
  try:
    for dataset, splits in _NATS.items():
      val = _runs(recipes, "200", *splits["val"])
      test = _runs(recipes, "200", *splits["test"])
      short = _runs(recipes, "12", *splits["test"])
      row[f"{dataset}/val"] = val[0]
      row[f"{dataset}/val_mean"] = float(np.mean(val))
      row[f"{dataset}/test"] = float(np.mean(test))
      row[f"{dataset}/test_oneseed"] = test[0]
      row[f"{dataset}/test12_oneseed"] = short[0]
  except (KeyError, TypeError, ValueError, AttributeError) as error:
    raise errors.UserError(
      f"{str(path)!r}: expected runs of NATS-Bench, got no {error}; "
      "fetch the official folder again"
    ) from error
  return row


def _runs(
  recipes: Mapping[str, Any], epochs: str, dataset: str, split: str
) -> list[float]:
  """Returns the final accuracies by ascending seed; [NaN] where none ran."""
  runs = recipes[epochs]["all_results"] if epochs in recipes else {}
  seeds = sorted(seed for name, seed in runs if name == dataset)
  key = f"{split}@{int(epochs) - 1}"
  values = [float(runs[dataset, seed]["eval_acc1es"][key]) for seed in seeds]
  return values or [np.nan]


_NASLIB = {
  "cifar10-valid": "cifar10/val",
  "cifar100": "cifar100/val",
  "ImageNet16-120": "imagenet16/val",
}


def convert_naslib(paths: Sequence[pathlib.Path]) -> dict[str, np.ndarray]:
  """Reads NASLib pickles of NAS-Bench-201.

  Args:
    paths: the pickles; the first one that has an accuracy gives it.

  Returns:
    `genotypes` `[n, 6]` int8 in the order of the space's index, and columns
    `[n]` float64 in percent, NaN where unknown.

  Raises:
    UserError: a file is damaged or names foreign objects.
  """
  known: dict[str, dict[str, float]] = {}
  for path in paths:
    with open(path, "rb") as file:
      content = safe_pickle.load(file, safe_pickle.PLAIN)
    try:
      for arch, datasets in content.items():
        row = known.setdefault(arch, {})
        for name, label in _NASLIB.items():
          if name in datasets:
            accuracies = np.ravel(datasets[name]["eval_acc1es"])
            row.setdefault(label, float(accuracies[-1]))
    except (AttributeError, LookupError, TypeError, ValueError) as error:
      raise errors.UserError(
        f"{str(path)!r}: expected architecture -> data set -> 'eval_acc1es', "
        f"got {error!r}; fetch the file again from NASLib"
      ) from error
  archs = sorted(known)
  genotypes = registry.get_space("nb201").parse(archs)
  order = np.lexsort(genotypes.T[::-1])
  columns = {}
  for label in _NASLIB.values():
    values = np.array([known[arch].get(label, np.nan) for arch in archs])
    if np.isfinite(values).any():
      columns[label] = values[order]
  return {"genotypes": genotypes[order], **columns}
