"""Workdirs: the training that one holds, and the one that a training gets."""

import hashlib
import json
import os
import pathlib
from typing import Any

from nasjax import config as configs
from nasjax import errors, files, foreign
from nasjax.config import checks

CONFIG = "config.json"
_FOREIGN = f"the {CONFIG} of another program"
TABLE = "table.json"
"""Digest of the user's own table (`config.table`), where there is one."""


def write(folder: pathlib.Path, config: configs.Config) -> None:
  """Notes in a workdir which training it holds.

  Raises:
    UserError: the folder cannot be written.
  """
  files.write_json(folder / CONFIG, json.loads(config.to_json()))
  if config.get("table"):
    files.write_json(folder / TABLE, {"sha256": _table(config)})


def check(folder: files.PathLike, config: configs.Config) -> None:
  """Stops where a training cannot use a workdir, before anything is loaded.

  Raises:
    UserError: it is no folder, cannot be written, or holds another training,
      and then the message has the fields that differ; or the user's own table
      is missing.
  """
  if config.get("table"):
    checks.check_table(config)
  folder = files.expand(folder)
  there = next(each for each in (folder, *folder.parents) if each.exists())
  if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
    raise errors.UserError(
      f"--workdir {errors.quote(str(folder))}: expected a folder that can be "
      f"written, got {errors.quote(str(there))}; give --workdir another one"
    )
  found = difference(folder, config)
  if found == _FOREIGN:
    raise errors.UserError(
      f"{errors.quote(str(folder))} holds {_FOREIGN}: expected a new folder or "
      "one of a training; give --workdir another one (nothing was changed)"
    )
  if found:
    raise errors.UserError(
      f"{str(folder)!r} holds another training ({found}): expected the same "
      "config and labels, to resume it; else give --workdir a new folder"
    )


def difference(folder: files.PathLike, config: configs.Config) -> str:
  """Describes how a workdir's training differs: `field: its -> this one's`.

  Returns:
    The fields in one line, or `labels of FILE` where only those differ, or
    that `config.json` is none of ours; nothing where the training is the same,
    or none is there.
  """
  folder = files.expand(folder)
  saved = _read(folder / CONFIG)
  if saved is None:
    return ""
  if not {"space", "table"} & set(saved) or not isinstance(
    saved.get("model"), dict
  ):
    return _FOREIGN
  found = configs.differences(*_comparable(saved, config))
  if not found and config.get("table"):
    noted = _read(folder / TABLE)
    if noted is not None and noted.get("sha256") != _table(config):
      return f"labels of {config.table}"
  return found


def _comparable(
  saved: dict[str, Any], config: configs.Config
) -> tuple[dict[str, Any], dict[str, Any]]:
  """The fields of a workdir's config and those of this one, by their names.

  A field that is newer than the workdir has its default there.
  """
  former = configs.modern(saved)
  wanted = configs.modern(json.loads(config.to_json()))
  same_model = former.get("model.name") == wanted.get("model.name")
  if same_model and set(former) != set(wanted):  # which loads JAX
    former, wanted = configs.completed(former), configs.completed(wanted)
  if not wanted.get("model.operators", ""):
    for fields in (former, wanted):  # a fit filled them in for the space
      fields.pop("model.operators", None)
  return former, wanted


def default(
  name: str, config: configs.Config, runs: files.PathLike = "runs"
) -> pathlib.Path:
  """Chooses a workdir: that of the same training, else a free one.

  It is `runs/NAME`, or `runs/NAME-DIGEST` where that holds another training;
  the digest is one of all fields and of the user's own table.

  Args:
    name: name of the config.
    config: all fields.
    runs: the folder of all workdirs.
  """
  words = config.to_json(sort_keys=True)
  if config.get("table"):
    words += _table(config)
  short = hashlib.sha256(words.encode()).hexdigest()[:8]
  plain = pathlib.Path(runs) / name
  own = pathlib.Path(runs) / f"{name}-{short}"
  if own.exists() or difference(plain, config):
    return own
  return plain


def _read(path: pathlib.Path) -> dict | None:
  """A JSON object; None where there is none, which a resume will notice."""
  try:
    found = files.read_json(path, "a JSON file")
  except errors.UserError:
    return None
  return found if isinstance(found, dict) else None


def _table(config: configs.Config) -> str:
  checks.check_table(config)
  table = files.expand(config.table)
  with foreign.reading(table, "a CSV file", "give --config.table one"):
    return files.sha256(table)
