"""The cells whose accuracies a saved predictor has seen, by their lookup keys.

A rank correlation over a whole space includes them; without them it says what
the predictor is worth on cells that it has not seen.
"""

import pathlib
from typing import Any

import numpy as np

from nasjax import errors, files
from nasjax.predictors import predictor
from nasjax.spaces import base as spaces_base
from nasjax.training import model_folders

FILE = model_folders.TRAIN_KEYS
_PREDICTIONS = "predictions.npz"


def find(
  space: spaces_base.Space, checkpoint: str | None, model: Any
) -> np.ndarray | None:
  """Returns the lookup keys of the training cells of a predictor.

  A student has seen no accuracy; those that its teacher saw count.

  Args:
    space: the space of the predictor.
    checkpoint: the words by which `checkpoints.open_predictor` opened it.
    model: the opened predictor, with `config` and `card`.

  Returns:
    `[n]` uint64, or None where they are not known: a predictor that was fitted
    and saved by one's own code does not keep them.

  Raises:
    UserError: the file that names them is damaged.
  """
  config = getattr(model, "config", None)
  if config is None:
    return None
  teacher = config.get("teacher", "")
  if teacher:
    return find_named(space, teacher)
  folder = _folder(space, checkpoint)
  if (folder / FILE).is_file():
    return _check(files.load_npz(folder / FILE), folder / FILE)
  if (folder / _PREDICTIONS).is_file():
    return _of_run(space, folder, model.card)
  return None


def find_named(space: spaces_base.Space, name: str) -> np.ndarray | None:
  """Like `find`, for a predictor given by its name, folder or workdir."""
  if name in predictor.pretrained_names():
    return find(space, name, predictor.Predictor.pretrained(name))
  return find(space, name, predictor.Predictor.load(name))


def _folder(space: spaces_base.Space, checkpoint: str | None) -> pathlib.Path:
  name = checkpoint or space.name
  for each in (f"{space.name}_{name}", name):
    if each in predictor.pretrained_names():
      return predictor.PRETRAINED / each
  return files.expand(name)


def _of_run(
  space: spaces_base.Space, workdir: pathlib.Path, card: dict[str, Any]
) -> np.ndarray | None:
  """Training cells of the first seed of a workdir; all cells after a refit."""
  arrays = files.load_npz(workdir / _PREDICTIONS)
  cells, rows = arrays["genotypes"], arrays["train_rows"][0]
  num_train = card.get("num_train")
  if num_train != len(rows):  # a refit on all cells that have the label
    rows = np.flatnonzero(np.isfinite(arrays["test_labels"]))
  if num_train != len(rows):
    return None
  return space.lookup_keys(space.check(cells[rows]))


def _check(arrays: dict[str, np.ndarray], path: pathlib.Path) -> np.ndarray:
  keys = arrays.get("keys")
  if keys is None or keys.dtype != np.uint64 or keys.ndim != 1:
    raise errors.UserError(
      f"{str(path)!r}: expected an array keys [n] of uint64; delete the file, "
      "or fetch it again"
    )
  return keys


def keep(workdir: files.PathLike, folder: files.PathLike) -> bool:
  """Writes the training cells of a finished training beside a saved predictor.

  Args:
    workdir: folder of the training.
    folder: folder of the predictor.

  Returns:
    Whether they are known.

  Raises:
    UserError: a file is damaged or cannot be written.
  """
  workdir = files.expand(workdir)
  model = predictor.Predictor.load(workdir)
  if model.config.get("teacher", ""):
    return False
  keys = _of_run(model.space, workdir, model.card)
  if keys is None:
    return False
  files.save_npz(pathlib.Path(folder) / FILE, keys=np.sort(keys))
  return True
