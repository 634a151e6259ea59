"""Converts the official files of NAS-Bench-201.

NATS-Bench: `meta.pickle.pbz2` lists the architectures, and `000000.pickle.pbz2`
and so on hold, for the training recipes `'12'` and `'200'` (epochs), a dict
with `all_results`: (data set, seed) -> one run, whose `eval_acc1es` maps
`SPLIT@EPOCH` to percent (D-X-Y/NATS-Bench, `api_utils.py`). NASLib: one pickle
maps an architecture and a data set to `eval_acc1es`, a number or one for each
epoch (automl/NASLib, `search_spaces/nasbench201`).
"""

import bz2
import io
import pathlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from nasjax import errors, foreign, progress
from nasjax.io import safe_pickle
from nasjax.spaces import registry

META_FILE = "meta.pickle.pbz2"

_ADVICE = "fetch the official files again"
_MAX_UNPACKED = 1 << 26  # bytes of one file; official ones have about 1 MB

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
  if not isinstance(archs, list) or not archs:
    raise errors.UserError(
      f"{str(folder / META_FILE)!r}: expected a list 'meta_archs', got none; "
      "fetch the official folder again"
    )
  with foreign.reading(folder / META_FILE, "the list of NATS-Bench", _ADVICE):
    _check_names(archs)
    genotypes = registry.get_space("nb201").parse(archs)
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
  return {"genotypes": genotypes, **columns}


def _read_pbz2(path: pathlib.Path) -> dict[str, Any]:
  with (
    foreign.reading(path, "a complete pickle, packed by bzip2"),
    bz2.open(path, "rb") as file,
  ):
    stream = io.BytesIO(foreign.unpack(file, path, _MAX_UNPACKED))
    content = safe_pickle.load(stream, safe_pickle.PLAIN, str(path))
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
  with foreign.reading(path, "a file of NATS-Bench", _ADVICE):
    for dataset, splits in _NATS.items():
      val = _runs(recipes, "200", *splits["val"])
      test = _runs(recipes, "200", *splits["test"])
      short = _runs(recipes, "12", *splits["test"])
      row[f"{dataset}/val"] = val[0]
      row[f"{dataset}/val_mean"] = float(np.mean(val))
      row[f"{dataset}/test"] = float(np.mean(test))
      row[f"{dataset}/test_oneseed"] = test[0]
      row[f"{dataset}/test12_oneseed"] = short[0]
  return row


def _check_names(archs: Iterable[Any]) -> None:
  """Refuses architectures whose notation is no text."""
  if {*map(type, archs)} - {str}:
    raise ValueError("an architecture that is no text")


def _percent(value: Any) -> float:
  """Checks an accuracy."""
  if isinstance(value, bool) or not isinstance(value, (int, float)):
    raise ValueError(f"an accuracy that is {type(value).__name__}")
  if not 0 <= value <= 100:
    raise ValueError(f"an accuracy of {errors.quote(value)}")
  return float(value)


def _runs(
  recipes: Mapping[str, Any], epochs: str, dataset: str, split: str
) -> list[float]:
  """Returns the final accuracies by ascending seed; [NaN] where none ran."""
  runs = recipes[epochs]["all_results"] if epochs in recipes else {}
  seeds = sorted(seed for name, seed in runs if name == dataset)
  key = f"{split}@{int(epochs) - 1}"
  values = [_percent(runs[dataset, seed]["eval_acc1es"][key]) for seed in seeds]
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
    with foreign.reading(path, "a NASLib pickle", _ADVICE):
      with open(path, "rb") as file:
        content = safe_pickle.load(file, safe_pickle.PLAIN)
      _check_names(content)
      for arch, datasets in content.items():
        row = known.setdefault(arch, {})
        for name, label in _NASLIB.items():
          if name in datasets:
            accuracies = datasets[name]["eval_acc1es"]
            if isinstance(accuracies, (list, tuple)):
              accuracies = accuracies[-1]
            row.setdefault(label, _percent(accuracies))
  archs = list(known)
  genotypes = registry.get_space("nb201").parse(archs)
  order = np.lexsort(genotypes.T[::-1])
  columns = {}
  for label in _NASLIB.values():
    values = np.array([known[arch].get(label, np.nan) for arch in archs])
    if np.isfinite(values).any():
      columns[label] = values[order]
  return {"genotypes": genotypes[order], **columns}
