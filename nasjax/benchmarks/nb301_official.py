"""Converts the official results of NAS-Bench-301.

One JSON file for each training, `OPTIMISER/results_*.json`. Its
`optimized_hyperparamater_config` names the operations (`edge_normal_0` ..
`edge_normal_13`; an edge's number is the offset of its node, 0, 2, 5 or 9,
plus its input) and the inputs of nodes 3 to 5 (`inputs_node_normal_3`:
`'0_2'`); `info[0].val_accuracy` and `test_accuracy` are percent
(automl/nasbench301, `surrogate_models/utils.py` and `representations.py`).
"""

import pathlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from nasjax import errors, foreign, progress
from nasjax.spaces import registry

_KIND = "an official result of NAS-Bench-301"
_MAX_FILE = 1 << 24  # bytes; official files have some kilobytes
_MAX_EPOCHS = 10_000
_PREFIX = "NetworkSelectorDatasetInfo:darts:"
_OFFSETS = {2: 0, 3: 2, 4: 5, 5: 9}


def result_paths(root: pathlib.Path) -> list[pathlib.Path]:
  """Returns the result files in a folder and one level below, sorted."""
  found = [*root.glob("results_*.json"), *root.glob("*/results_*.json")]
  return sorted(found)


def convert(paths: Sequence[pathlib.Path]) -> dict[str, np.ndarray]:
  """Reads result files.

  Where several files hold one architecture, the first counts.

  Args:
    paths: the files, at least one.

  Returns:
    `genotypes` `[n, 32]` int8, `cifar10/val` and `cifar10/test` `[n]` float64
    in percent (NaN where absent), and `epochs` `[n]` int64.

  Raises:
    UserError: a file is damaged or of another kind.
  """
  rows = []
  with progress.Progress("read NAS-Bench-301", len(paths), unit="files") as bar:
    for path in paths:
      rows.append(_read(path))
      bar.update(1)
  space = registry.get_space("darts")
  genotypes = space.check(np.array([row[0] for row in rows], np.int8))
  _, first = np.unique(space.lookup_keys(genotypes), return_index=True)
  first = np.sort(first)
  val, test, epochs = (np.array([row[i] for row in rows]) for i in (1, 2, 3))
  return {
    "genotypes": genotypes[first],
    "cifar10/val": val[first].astype(np.float64),
    "cifar10/test": test[first].astype(np.float64),
    "epochs": epochs[first].astype(np.int64),
  }


def _read(path: pathlib.Path) -> tuple[list[int], float, float, int]:
  """Returns genotype, validation and test accuracy, and epochs of a file."""
  with foreign.reading(path, _KIND, "fetch the folder again"):
    with open(path, "rb") as file:
      content = foreign.unpack(file, path, _MAX_FILE)
    result = foreign.parse_json(content, path, _KIND)
    config = result["optimized_hyperparamater_config"]
    info = result["info"]
    info = info[0] if isinstance(info, list) else info
    genotype = _cell(config, "normal") + _cell(config, "reduce")
    epochs = info.get("epochs", 0)
    if type(epochs) not in (int, float) or not 0 <= epochs <= _MAX_EPOCHS:
      raise ValueError(f"{errors.quote(epochs)} epochs")
    return (
      genotype,
      _percent(info["val_accuracy"]),
      _percent(result.get("test_accuracy", np.nan)),
      int(epochs),
    )


def _percent(value: Any) -> float:
  """Checks an accuracy; NaN where it is unknown."""
  if type(value) not in (int, float) or value < 0 or value > 100:
    raise ValueError(f"an accuracy of {errors.quote(value)}")
  return float(value)


def _cell(config: dict[str, Any], cell: str) -> list[int]:
  """Returns the eight (input, operation) pairs of one cell, flattened."""
  op_names = registry.get_space("darts").op_names
  pairs = []
  for node, offset in _OFFSETS.items():
    text = "0_1"
    if node > 2:
      text = config[f"{_PREFIX}inputs_node_{cell}_{node}"]
    if len(text) > 3:
      raise ValueError(f"inputs {errors.quote(text)}")
    for source in map(int, text.split("_")):
      if not 0 <= source < node:
        raise ValueError(f"input {source} of node {node}")
      op = config[f"{_PREFIX}edge_{cell}_{offset + source}"]
      pairs += [source, op_names.index(op)]
  if len(pairs) != 16:
    raise ValueError(f"{len(pairs) // 2} edges instead of 8")
  return pairs
