"""Folders of saved models: their content, and how they are recognised.

`model.json`, `params/` as Orbax writes it, a `README.md` whose digest is in
`model.json`, and where the model comes with nasjax `train_keys.npz`
(`nasjax.predictors.training_cells`). A folder that holds anything else is
somebody's own.
"""

import hashlib
import json
import os
import pathlib
import re
from typing import Any

import numpy as np

from nasjax import errors, files
from nasjax import foreign as foreign_bytes

FORMAT = 1
META = "model.json"
PARAMS = "params"
CARD = "README.md"
TRAIN_KEYS = "train_keys.npz"
KIND = "a saved model"
CARD_DIGEST = "readme_sha256"
"""Field of the digest of the `README.md` that was saved with a model."""
MAX_BYTES = 1 << 20
"""Size of the largest `model.json` and `README.md`; usual ones have 4 kB."""

_ORBAX = re.compile(
  r"_METADATA|_CHECKPOINT_METADATA|_sharding|commit_success\.txt|"
  r"array_metadatas(/process_\d+)?|"
  r"(ocdbt\.process_\d+/)?(manifest\.ocdbt|d|d/[0-9a-f]{32})|"
  r"ocdbt\.process_\d+"
)


def foreign(folder: pathlib.Path) -> str:
  """Names something in a folder that is no part of a saved model.

  Args:
    folder: an existing folder.

  Returns:
    Its name, or an empty text where the folder is a saved model: a readable
    `model.json` with a format, a config and a card, and nothing beside it but
    `params` with the files of Orbax, the training cells of a model in
    `train_keys.npz`, and the `README.md` that was saved, unchanged.
  """
  names = sorted(os.listdir(folder))
  for name in names:
    if name not in (META, PARAMS, CARD, TRAIN_KEYS):
      return name
  try:
    meta = read(folder)
  except errors.UserError:
    return META if META in names else names[0]
  config = meta.get("config")
  if not isinstance(config, dict) or not isinstance(meta.get("card"), dict):
    return META
  if CARD in names and not _is_card(folder / CARD, meta):
    return CARD
  if TRAIN_KEYS in names and not _are_keys(folder / TRAIN_KEYS):
    return TRAIN_KEYS
  return _foreign_params(folder / PARAMS)


def card_digest(text: bytes) -> str:
  """Returns what `model.json` keeps of a `README.md`."""
  return hashlib.sha256(text).hexdigest()


def _is_card(path: pathlib.Path, meta: dict[str, Any]) -> bool:
  if not path.is_file() or path.stat().st_size > MAX_BYTES:
    return False
  return meta.get(CARD_DIGEST) == card_digest(path.read_bytes())


def _are_keys(path: pathlib.Path) -> bool:
  """Tells lookup keys `[n]` of cells, as `files.save_npz` writes them."""
  try:
    arrays = files.load_npz(path)
  except errors.UserError:
    return False
  keys = arrays.get("keys")
  if keys is None or len(arrays) != 1:
    return False
  return keys.dtype == np.uint64 and keys.ndim == 1


def _foreign_params(folder: pathlib.Path) -> str:
  if folder.is_symlink() or not (folder / "_METADATA").is_file():
    return PARAMS
  for root, folders, names in os.walk(folder):
    for name in (*folders, *names):
      path = pathlib.Path(root, name)
      place = path.relative_to(folder).as_posix()
      if path.is_symlink() or not _ORBAX.fullmatch(place):
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
    if path.stat().st_size > MAX_BYTES:
      raise ValueError(f"more than {MAX_BYTES >> 20} MiB")
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


def to_json(content: dict[str, Any]) -> str:
  """Returns what `model.json` holds, as text.

  Raises:
    UserError: JSON has no such values.
  """
  try:
    return json.dumps(content, indent=2, allow_nan=False)
  except (TypeError, ValueError, RecursionError) as error:
    raise errors.UserError(
      "card: expected values that JSON can hold (texts, finite numbers, lists, "
      f"dicts), got others ({error}); convert them"
    ) from error


def readme_bytes(readme: Any) -> bytes:
  """Returns what `README.md` holds.

  Raises:
    UserError: it is no text, one that UTF-8 cannot hold, or too long.
  """
  try:
    text = readme.encode() if isinstance(readme, str) else None
  except UnicodeError:
    text = None
  if text is None:
    raise errors.UserError(
      "readme: expected a text that UTF-8 can hold, or None, got "
      f"{errors.quote(readme)}"
    )
  check_size("readme", len(text))
  return text


def check_size(name: str, size: int) -> None:
  """Checks that a text of a saved model has less than `MAX_BYTES` bytes.

  Raises:
    UserError: it is longer.
  """
  if size >= MAX_BYTES:
    raise errors.UserError(
      f"{name}: expected less than {MAX_BYTES} bytes, got {size}; shorten it"
    )
