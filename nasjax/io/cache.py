"""Converted benchmark files, kept as checked `.npz` for fast loads."""

import hashlib
import os
import pathlib
import warnings
from collections.abc import Callable, Iterable, Mapping

import numpy as np

from nasjax import errors, files

Arrays = Mapping[str, np.ndarray]


def cached(
  name: str,
  key: str,
  make: Callable[[], Arrays],
  *,
  folder: str = "benchmarks",
) -> Arrays:
  """Returns the arrays of `make()`, from the cache folder if they are there.

  A damaged cache file is made again, with a warning; so is one that cannot be
  written, which costs only time.

  Args:
    name: start of the cache file's name.
    key: hex digest of the source; another source gets another file.
    make: builds the arrays from the source.
    folder: folder inside the cache folder.
  """
  path = path_of(name, key, folder)
  arrays = read(path)
  if arrays is None:
    arrays = make()
    write(path, arrays)
  return arrays


def path_of(name: str, key: str, folder: str) -> pathlib.Path:
  """Returns the cache file of a name and a key; arguments as of `cached`."""
  return files.cache_dir() / folder / f"{name}-{key[:16]}.npz"


def read(path: pathlib.Path) -> Arrays | None:
  """Reads a cache file; None where it is missing or, with a note, damaged."""
  if os.path.lexists(path):
    try:
      return files.load_npz(path, advice="delete it if this comes back")
    except errors.UserError as error:
      warnings.warn(f"{error} (rebuilding it now)", stacklevel=3)
  return None


def write(path: pathlib.Path, arrays: Arrays) -> bool:
  """Writes a cache file; False, with a warning, where that cannot be done."""
  try:
    files.save_npz(path, **arrays)
  except errors.UserError as error:
    warnings.warn(f"not cached: {error}", stacklevel=3)
    return False
  return True


def source_key(paths: Iterable[pathlib.Path]) -> str:
  """Returns a digest of names, sizes and modification times of files."""
  digest = hashlib.sha256()
  for path in paths:
    stat = path.stat()
    digest.update(
      f"{path.resolve()}:{stat.st_size}:{stat.st_mtime_ns};".encode()
    )
  return digest.hexdigest()
