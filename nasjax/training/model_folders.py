"""What the folder of a saved model holds, and how nasjax tells that it is one.

`model.json`, `params/` as Orbax writes it, and where the model comes with
nasjax `README.md` and `train_keys.npz` (`nasjax.training_cells`). A folder that
holds anything else is somebody's own.
"""

import json
import os
import pathlib
import re
from typing import Any

from nasjax import errors, files
from nasjax import foreign as foreign_bytes

FORMAT = 1
META = "model.json"
PARAMS = "params"
CARD = "README.md"
TRAIN_KEYS = "train_keys.npz"
KIND = "a saved model"
CARD_SAYS = "trained by nasjax"
"""What the card of a model that comes with nasjax says."""

_MAX_META = 16 << 20  # bytes
_MAX_CARD = 1 << 20
_ORBAX = re.compile(
  r"_[A-Za-z_]+|manifest\.ocdbt|commit_success\.txt|descriptor(\.pbtxt)?|d|"
  r"array_metadatas|ocdbt\.process_\d+|process_\d+|[0-9a-f]{32}"
)


def foreign(folder: pathlib.Path) -> str:
  """Names something in a folder that is no part of a saved model.

  Args:
    folder: an existing folder.

  Returns:
    Its name, or an empty text where the folder is a saved model: a readable
    `model.json` with a format, and nothing beside it but `params` with files
    that Orbax names, `train_keys.npz`, and a `README.md` that is the card of a
    model.
  """
  names = sorted(os.listdir(folder))
  for name in names:
    if name not in (META, PARAMS, CARD, TRAIN_KEYS):
      return name
  if CARD in names and not _is_card(folder / CARD):
    return CARD
  try:
    read(folder)
  except errors.UserError:
    return META if META in names else names[0]
  return _foreign_params(folder / PARAMS)


def _is_card(path: pathlib.Path) -> bool:
  if not path.is_file() or path.stat().st_size > _MAX_CARD:
    return False
  return CARD_SAYS.encode() in path.read_bytes()


def _foreign_params(folder: pathlib.Path) -> str:
  if folder.is_symlink() or not folder.is_dir():
    return PARAMS
  for root, folders, names in os.walk(folder):
    for name in (*folders, *names):
      path = pathlib.Path(root, name)
      if path.is_symlink() or not _ORBAX.fullmatch(name):
        return str(path.relative_to(folder.parent))
  return ""


def read(folder: files.PathLike) -> dict[str, Any]:
  """Reads the description of a saved model, unchecked but for its format.

  Raises:
    UserError: the folder holds no nasjax model, or one of another format.
  """
  path = files.expand(folder) / META
  name = errors.quote(str(folder))
  try:
    if not path.is_file():
      raise FileNotFoundError(path)
    if path.stat().st_size > _MAX_META:
      raise ValueError(f"more than {_MAX_META >> 20} MiB")
    meta = json.loads(
      path.read_bytes(),
      parse_int=foreign_bytes.whole,
      parse_constant=_refuse,
      object_pairs_hook=_once,
    )
    if not isinstance(meta, dict):
      raise TypeError(f"{type(meta).__name__} for an object")
  except (OSError, ValueError, TypeError, RecursionError) as error:
    reason = " ".join(str(error).split())[:120]
    raise errors.UserError(
      f"{name} is not a saved nasjax model: expected a readable model.json in "
      f"it ({type(error).__name__}: {reason})"
    ) from error
  found = meta.get("format")
  if type(found) is not int or found != FORMAT:
    raise errors.UserError(
      f"{name} has format {errors.quote(found)}, expected {FORMAT}: save the "
      "model again with this version of nasjax"
    )
  return meta


def _refuse(constant: str) -> Any:
  raise ValueError(f"{constant} is no JSON number")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
  found = dict(pairs)
  if len(found) < len(pairs):
    raise ValueError("a key occurs twice")
  return found
