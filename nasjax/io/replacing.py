"""Replaces folders and files, but only those that nasjax wrote.

A file is written by `files.write_atomic`; `check_file` says before that whether
a user's file has its name. A folder is written beside the old one and changes
places with it in one step, so that at any moment one of them is there and
complete.
"""

import contextlib
import ctypes
import errno
import json
import os
import pathlib
import shutil
import stat
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

from nasjax import errors, files

_EXCHANGE = 2  # RENAME_EXCHANGE of renameat2(2)
_HERE = -100  # AT_FDCWD
_MARK = ".nasjax-"
_PART, _FORMER = ".part", ".former"
_UNSUPPORTED = (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EPERM)
_TRIES = 3
_MAX_LINE = 1 << 20  # bytes
_MAX_FORMER = 1 << 30  # bytes

Foreign = Callable[[pathlib.Path], str]
"""Names what in a folder nasjax did not write; empty where there is nothing."""


def replace_folder(
  path: files.PathLike,
  write: Callable[[pathlib.Path], Any],
  foreign: Foreign,
  kind: str,
) -> None:
  """Writes a folder under a temporary name and puts it in its place.

  A new or an empty folder is filled, one that nasjax wrote is replaced; any
  other stays as it is. A link to a folder stays a link. Nothing is left beside
  the folder, whether the call succeeds, fails or is interrupted; what a killed
  process left is removed by the next call.

  Args:
    path: the folder; its parents are made where missing.
    write: fills the folder that it gets.
    foreign: what decides whether a folder may be replaced.
    kind: what messages call the folder, e.g. `'a saved model'`.

  Raises:
    UserError: something else is there.
    OSError: the folder cannot be written.
  """
  target = check_folder(path, foreign, kind)
  target.parent.mkdir(parents=True, exist_ok=True)
  _sweep(target, _PART)
  with _temporary(target, _PART) as fresh:
    write(fresh)
    _sync(fresh)
    for _ in range(_TRIES):
      target = check_folder(path, foreign, kind)
      if _put(fresh, target):
        break
    else:
      raise OSError(errno.EBUSY, "another process writes there")
  _sweep(target, _FORMER)


def check_folder(
  path: files.PathLike, foreign: Foreign, kind: str
) -> pathlib.Path:
  """Refuses a place that `replace_folder` must not replace.

  Args:
    path: the folder that is to be written.
    foreign: see `replace_folder`.
    kind: see `replace_folder`.

  Returns:
    The folder without links.

  Raises:
    UserError: it is no folder, holds what nasjax did not write, or is in use
      as the current folder.
  """
  target = files.expand(os.path.realpath(files.expand(path)))
  if not os.path.lexists(target):
    if os.path.islink(files.expand(path)):
      raise _refused(path, "is a link to nothing", kind)
    return target
  if not target.is_dir() or target.is_symlink():
    raise _refused(path, "is no folder", kind)
  strange = "" if is_empty(target) else foreign(target)
  if strange:
    raise _refused(path, f"holds {errors.quote(strange)}", kind)
  here = pathlib.Path(os.path.realpath(os.curdir))
  if here.is_relative_to(target) and not is_empty(target):
    raise _refused(path, "holds the current folder", kind)
  return target


def check_file(
  path: files.PathLike, is_former: Callable[[pathlib.Path], bool], kind: str
) -> None:
  """Refuses to write over a file that is no former result of the same kind.

  Args:
    path: the file that is to be written.
    is_former: says whether an existing file is one; what it raises means no.
    kind: what messages call such a file, e.g. `'a result of a search'`.

  Raises:
    UserError: another file, or a folder, has the name.
  """
  target = files.expand(path)
  if not os.path.lexists(target):
    return
  former = False
  if target.is_file():
    with contextlib.suppress(Exception):
      size = target.stat().st_size
      former = size == 0 or (size <= _MAX_FORMER and is_former(target))
  if not former:
    raise errors.UserError(
      f"{errors.quote(str(path))} exists and is not {kind}: expected a new "
      "name or one of those; choose another name (nothing was changed)"
    )


def has_json(*names: str) -> Callable[[pathlib.Path], bool]:
  """Returns a test for JSON objects with these fields."""

  def is_former(path: pathlib.Path) -> bool:
    found = json.loads(path.read_bytes())
    return isinstance(found, dict) and set(names) <= set(found)

  return is_former


def has_json_lines(*names: str) -> Callable[[pathlib.Path], bool]:
  """Returns what tells lines of JSON objects whose first has these fields.

  A first line that was cut off need only begin with the first field.
  """
  start = f'{{"{names[0]}"'.encode()

  def is_former(path: pathlib.Path) -> bool:
    with open(path, "rb") as file:
      line = file.readline(_MAX_LINE)
    if not line.endswith(b"\n"):
      return start.startswith(line[: len(start)])
    found = json.loads(line)
    return isinstance(found, dict) and set(names) <= set(found)

  return is_former


def has_arrays(*names: str) -> Callable[[pathlib.Path], bool]:
  """Returns a test for `.npz` files of `files.save_npz` with these arrays."""

  def is_former(path: pathlib.Path) -> bool:
    with zipfile.ZipFile(path) as archive:
      members = set(archive.namelist())
    return {f"{name}.npy" for name in ("_sha256", *names)} <= members

  return is_former


def is_empty(folder: pathlib.Path) -> bool:
  """Says whether a folder holds nothing."""
  with os.scandir(folder) as entries:
    return next(entries, None) is None


def _refused(path: files.PathLike, what: str, kind: str) -> errors.UserError:
  return errors.UserError(
    f"{errors.quote(str(path))} {what}: expected a new or empty folder, or "
    f"{kind} that is to be replaced; choose another name (nothing was changed)"
  )


def _put(fresh: pathlib.Path, target: pathlib.Path) -> bool:
  """Moves a folder into its place; False where the place has changed."""
  try:
    if not os.path.lexists(target):
      os.rename(fresh, target)
    elif is_empty(target):
      _fill(fresh, target)
    elif not _exchange(fresh, target):
      _swap(fresh, target)
  except FileNotFoundError:
    return False
  except OSError as error:
    if error.errno in (errno.ENOTEMPTY, errno.EEXIST):
      return False
    raise
  return True


def _fill(fresh: pathlib.Path, target: pathlib.Path) -> None:
  """Moves the content into an empty folder, which may be the current one."""
  names = sorted(os.listdir(fresh), reverse=True)
  try:
    for name in names:
      os.rename(fresh / name, target / name)
  except BaseException:
    for name in names:
      if os.path.lexists(target / name):
        os.rename(target / name, fresh / name)
    raise


def _exchange(fresh: pathlib.Path, target: pathlib.Path) -> bool:
  """Exchanges two folders in one step; False where that is not supported."""
  try:
    exchange = ctypes.CDLL(None, use_errno=True).renameat2
  except (AttributeError, OSError):
    return False
  paths = os.fsencode(fresh), os.fsencode(target)
  if exchange(_HERE, paths[0], _HERE, paths[1], _EXCHANGE) == 0:
    return True
  number = ctypes.get_errno()
  if number in _UNSUPPORTED:
    return False
  raise OSError(number, os.strerror(number))


def _swap(fresh: pathlib.Path, target: pathlib.Path) -> None:
  """Replaces a folder by two renames; the old one comes back on a failure."""
  start = f".{target.name}{_MARK}"
  aside = pathlib.Path(tempfile.mkdtemp(_FORMER, start, target.parent))
  former = aside / target.name
  try:
    os.rename(target, former)
    os.rename(fresh, target)
  finally:
    if not os.path.lexists(target):
      os.rename(former, target)
    _remove(aside)


@contextlib.contextmanager
def _temporary(target: pathlib.Path, suffix: str) -> Iterator[pathlib.Path]:
  """A locked folder beside another one that is gone at the end."""
  folder = pathlib.Path(
    tempfile.mkdtemp(suffix, f".{target.name}{_MARK}", target.parent)
  )
  try:
    with _locked(folder):
      os.chmod(folder, 0o777 & ~files.umask())
      yield folder
  finally:
    _remove(folder)


def _remove(folder: pathlib.Path) -> None:
  """Removes a folder, also where an interrupt comes in between."""
  try:
    shutil.rmtree(folder, ignore_errors=True)
  except BaseException:
    shutil.rmtree(folder, ignore_errors=True)
    raise


@contextlib.contextmanager
def _locked(folder: pathlib.Path) -> Iterator[bool]:
  """Locks a folder while its process lives; False where that is refused."""
  handle = os.open(folder, os.O_RDONLY)
  try:
    yield files.lock(handle)
  finally:
    os.close(handle)


def _sweep(target: pathlib.Path, suffix: str) -> None:
  """Removes what killed processes left beside a folder."""
  start = f".{target.name}{_MARK}"
  with os.scandir(target.parent) as entries:
    names = [e.name for e in entries if e.is_dir(follow_symlinks=False)]
  for name in names:
    if name.startswith(start) and name.endswith(suffix):
      left = target.parent / name
      with contextlib.suppress(OSError), _locked(left) as is_left:
        if is_left:
          _remove(left)


def _sync(folder: pathlib.Path) -> None:
  """Waits until every file of a folder is on the disk."""
  for root, folders, names in os.walk(folder):
    for name in (*folders, *names):
      path = os.path.join(root, name)
      if stat.S_ISLNK(os.lstat(path).st_mode):
        continue
      handle = os.open(path, os.O_RDONLY)
      try:
        os.fsync(handle)
      finally:
        os.close(handle)
