"""Folders of nasjax, and files that are read and written safely."""

import contextlib
import fcntl
import glob
import hashlib
import json
import logging
import os
import pathlib
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from typing import IO, Any

import numpy as np

from nasjax import errors, foreign
from nasjax.foreign import npz

PathLike = str | os.PathLike[str]

_SETTLED = 1.0  # seconds after which a temporary file is locked


def expand(path: PathLike) -> pathlib.Path:
  """Returns a path that a user gave, with a leading `~` as the home folder.

  Whatever takes a path from a user takes it through here.

  Raises:
    UserError: it is no path, an empty one or no UTF-8, or the home folder is
      not known.
  """
  try:
    expanded = pathlib.Path(path).expanduser()
    str(expanded).encode()  # Orbax writes no other names than UTF-8
  except (RuntimeError, TypeError, UnicodeError) as error:
    raise errors.UserError(
      f"path: expected the name of a file or folder, got {errors.quote(path)} "
      f"({error})"
    ) from error
  if not os.fspath(path):
    raise errors.UserError(
      "path: expected the name of a file or folder, got an empty one; the "
      "current folder is '.'"
    )
  if "\0" in str(expanded):
    raise errors.UserError(
      f"path: expected no null character in it, got {errors.quote(path)}"
    )
  longest = max((len(os.fsencode(part)) for part in expanded.parts), default=0)
  if longest > 255 or len(os.fsencode(expanded)) > 4095:
    raise errors.UserError(
      "path: expected at most 255 bytes for each part and 4095 in all, got "
      f"{errors.quote(path)}"
    )
  return expanded


def cache_dir() -> pathlib.Path:
  """Returns the cache folder: `NASJAX_CACHE`, else `~/.cache/nasjax`."""
  root = os.environ.get("NASJAX_CACHE")
  if root:
    return expand(root)
  base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
  return expand(base) / "nasjax"


def data_dir(explicit: PathLike | None = None) -> pathlib.Path | None:
  """Returns the folder of benchmark tables, or None where none is named.

  Args:
    explicit: the folder given by a caller; else `NASJAX_DATA` is read.

  Raises:
    UserError: the folder is named but does not exist.
  """
  name = explicit or os.environ.get("NASJAX_DATA")
  if not name:
    return None
  path = expand(name)
  if not path.is_dir():
    raise errors.UserError(
      f"data folder: expected an existing folder, got {str(path)!r}; "
      "give --data_dir or NASJAX_DATA the folder that holds the tables"
    )
  return path


def write_atomic(path: PathLike, write: Callable[[IO[bytes]], Any]) -> None:
  """Writes a file under a temporary name and renames it into place.

  A killed run or a full disk leaves the old file (or none), never half of one.
  A link to a file stays a link. An interrupt leaves nothing behind; what a kill
  left is removed when the file is written again.

  Args:
    path: the final name; its folder is made where missing.
    write: called with the open binary file.

  Raises:
    UserError: the file cannot be written (full disk, no permission), or a
      folder or device has its name.
  """
  path = pathlib.Path(os.path.realpath(expand(path)))
  if os.path.lexists(path) and not path.is_file():
    raise errors.UserError(
      f"cannot write {errors.quote(str(path))}: expected the name of a file, "
      "got that of a folder, a device or a broken link; choose another name"
    )
  temporary = None
  try:
    path.parent.mkdir(parents=True, exist_ok=True)
    _sweep(path)
    handle, temporary = tempfile.mkstemp(
      dir=path.parent, prefix=f".{path.name}.", suffix=".part"
    )
    with os.fdopen(handle, "wb") as file:
      lock(file)
      write(file)
      file.flush()
      os.fsync(file.fileno())
    os.chmod(temporary, 0o666 & ~umask())
    os.replace(temporary, path)
  except OSError as error:
    raise errors.UserError(
      f"cannot write {str(path)!r}: {error.strerror or error}; free some space "
      "or choose another folder (nothing was changed)"
    ) from error
  finally:
    if temporary and os.path.exists(temporary):
      os.unlink(temporary)


def lock(file: IO[bytes] | int) -> bool:
  """Locks an open file or folder until it is closed or the process ends.

  Returns:
    False where a living process has done so, or the file system has no locks.
  """
  try:
    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
  except OSError:
    return False
  return True


def _sweep(path: pathlib.Path) -> None:
  """Removes the temporary files of killed processes that wrote this file."""
  for left in path.parent.glob(f".{glob.escape(path.name)}.*.part"):
    with contextlib.suppress(OSError), open(left, "rb") as file:
      # A new one may not be locked yet.
      if time.time() - left.stat().st_mtime > _SETTLED and lock(file):
        left.unlink()


def check_writable(path: PathLike) -> None:
  """Checks before long work that a file can be written; creates nothing.

  Args:
    path: the file; folders above it may be missing.

  Raises:
    UserError: a folder or a device has that name, or the nearest folder that
      exists cannot be written.
  """
  path = expand(path)
  folder = path.parent.absolute()
  while not folder.exists() and folder != folder.parent:
    folder = folder.parent
  if path.exists() and not path.is_file():
    reason = "a folder or device has that name"
  elif not folder.is_dir():
    reason = f"{str(folder)!r} is no folder"
  else:
    try:
      with tempfile.TemporaryFile(dir=folder):
        return
    except OSError as error:
      reason = f"{error.strerror or error} in {str(folder)!r}"
  raise errors.UserError(
    f"cannot write {errors.quote(str(path))}: {reason}; name another file"
  )


def write_json(path: PathLike, value: Any) -> None:
  """Writes JSON (sorted as given, two-space indent) atomically."""
  text = json.dumps(value, indent=2, allow_nan=False) + "\n"
  write_atomic(path, lambda file: file.write(text.encode()))


@contextlib.contextmanager
def hold(folder: PathLike, *, wait: bool = False) -> Iterator[None]:
  """Keeps other processes out of a folder that they hold in the same way.

  The lock is one of the operating system on a file `.lock`: a killed process
  leaves the file and not the lock. Where a file system has no locks, a warning
  says that two runs would not notice each other.

  Args:
    folder: made where missing.
    wait: until nobody else holds the folder; otherwise that is an error.

  Raises:
    UserError: another process holds the folder, or it cannot be written.
  """
  folder = expand(folder)
  with contextlib.ExitStack() as stack:
    try:
      folder.mkdir(parents=True, exist_ok=True)
      file = stack.enter_context(open(folder / ".lock", "ab"))
    except OSError as error:
      raise errors.UserError(
        f"cannot write to {str(folder)!r}: {error.strerror or error}; free "
        "some space or choose another folder"
      ) from error
    try:
      fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError as error:
      raise errors.UserError(
        f"{str(folder)!r} is in use: expected a folder that no other run "
        "writes to; wait until that run has ended, or choose another folder"
      ) from error
    except OSError as error:
      logging.getLogger(__name__).warning(
        "no lock on %r (%s): start no second run there", str(folder), error
      )
    yield


def sha256(path: PathLike) -> str:
  """Returns the hex sha256 of a file.

  Raises:
    UserError: it is a device, a named pipe or a socket.
  """
  foreign.check_regular(expand(path))
  with open(expand(path), "rb") as file:
    return hashlib.file_digest(file, "sha256").hexdigest()


def umask() -> int:
  """Returns the umask of this process."""
  mask = os.umask(0)
  os.umask(mask)
  return mask


def _digest(arrays: Mapping[str, np.ndarray]) -> str:
  digest = hashlib.sha256()
  for name in sorted(arrays):
    array = np.ascontiguousarray(arrays[name])
    digest.update(f"{name}:{array.dtype.str}:{array.shape};".encode())
    digest.update(array.tobytes())
  return digest.hexdigest()


def read_json(path: PathLike, kind: str, advice: str = "fetch it again") -> Any:
  """Reads a JSON file.

  Args:
    path: the file's name.
    kind: what is expected, e.g. `'a result of a search'`.
    advice: what to do where it is something else.

  Raises:
    UserError: it is missing, no regular file, damaged or too large.
  """
  path = expand(path)
  with foreign.reading(path, kind, advice):
    foreign.afford(path, 64 * path.stat().st_size)  # as `parse_json`
    content = path.read_bytes()
    return foreign.parse_json(content, path, kind)


def save_npz(path: PathLike, **arrays: np.ndarray) -> None:
  """Writes a compressed `.npz` with a digest of its contents, atomically.

  Args:
    path: the file's name.
    **arrays: arrays of any shape; no object arrays.
  """
  stored = {name: np.asarray(array) for name, array in arrays.items()}
  digest = np.array(_digest(stored))
  stored["_sha256"] = digest
  write_atomic(
    path,
    lambda file: np.savez_compressed(file, allow_pickle=False, **stored),
  )


def load_npz(
  path: PathLike, advice: str = "fetch it again"
) -> dict[str, np.ndarray]:
  """Reads what `save_npz` wrote, and checks it.

  Own tables may be large: they may take 1 GiB of memory, or four times the
  file's size where that is more.

  Args:
    path: the file's name.
    advice: what to do where it is damaged.

  Raises:
    UserError: the file is missing, truncated, too large, or was changed.
  """
  arrays = read_npz(path, factor=4, advice=advice)
  digest = arrays.pop("_sha256", None)
  if digest is None or str(digest) != _digest(arrays):
    raise errors.UserError(
      f"{errors.quote(str(path))} does not match its checksum: expected an "
      "unchanged file; delete it and run again if it is in the cache, else "
      f"{advice}"
    )
  return arrays


def read_npz(
  path: PathLike, *, factor: int = 1, advice: str = "fetch it again"
) -> dict[str, np.ndarray]:
  """Reads a `.npz` that another program wrote, without unpickling.

  Args:
    path: the file's name.
    factor: how many times its size a file may take in memory that takes more
      than 1 GiB.
    advice: what to do where it is damaged.

  Raises:
    UserError: the file is missing, truncated, holds pickled objects, or would
      take more memory.
  """
  path = expand(path)
  with (
    foreign.reading(path, "a complete .npz file", advice),
    open(path, "rb") as file,
  ):
    limit = foreign.budget(os.fstat(file.fileno()).st_size, factor)
    return npz.read(file, path, limit)
