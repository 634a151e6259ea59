"""Files of an image set: a folder, one file, or an archive.

Archives are read in place and nothing is unpacked to the disk. A path that
leads out of the archive, a link, and contents beyond `max_bytes` are refused.
"""

import gzip
import io
import os
import pathlib
import re
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterable
from typing import Any

from nasjax import errors, files

MAX_BYTES = 4 << 30

_DAMAGED = (
  EOFError,
  NotImplementedError,
  OSError,
  RuntimeError,
  ValueError,
  tarfile.TarError,
  zipfile.BadZipFile,
  zlib.error,
)


class Source:
  """Files by their relative names, with `/` between the parts.

  Attributes:
    path: where it lies.
    names: names of all files, sorted.
    folders: names of all folders, sorted; an empty folder is seen only here.
  """

  def __init__(
    self,
    path: pathlib.Path,
    names: Iterable[str],
    folders: Iterable[str],
    read: Callable[[str], bytes],
  ):
    """Wraps a listing and a function that reads one file."""
    self.path = path
    self.names = tuple(sorted(names))
    self.folders = tuple(sorted(folders))
    self._present = frozenset(self.names)
    self._read = read

  @property
  def stem(self) -> str:
    """The last part of the path without its suffixes, to call the set by."""
    return re.sub(r"\.(tar\.gz|tgz|tar|zip|npz|mat)$", "", self.path.name)

  def where(self, name: str) -> str:
    """Returns what messages call a file."""
    return repr(str(self.path if name == self.path.name else self.path / name))

  def read(self, name: str) -> bytes:
    """Returns a file.

    Raises:
      UserError: it is missing, or cannot be read.
    """
    if name not in self._present:
      raise errors.UserError(
        f"{self.where(name)} is missing: expected the complete data set; "
        "unpack or fetch it again"
      )
    try:
      return self._read(name)
    except _DAMAGED as error:
      raise errors.UserError(
        f"cannot read {self.where(name)} ({error}); fetch it again"
      ) from error

  def find(self, *wanted: str) -> str | None:
    """Returns the shortest prefix with which all wanted names are present."""
    first = wanted[0]
    prefixes = [
      name[: -len(first)]
      for name in self.names
      if name == first or name.endswith("/" + first)
    ]
    for prefix in sorted(prefixes, key=len):
      if all(prefix + name in self._present for name in wanted):
        return prefix
    return None

  def __contains__(self, name: str) -> bool:
    return name in self._present


def open_source(path: files.PathLike, max_bytes: int = MAX_BYTES) -> Source:
  """Lists a folder, an archive, or one file.

  Args:
    path: a folder, a `.zip`, `.tar`, or `.tar.gz` archive, or another file.
    max_bytes: how large an archive may be when unpacked.

  Raises:
    UserError: nothing is there, or the archive is damaged or unsafe.
  """
  path = pathlib.Path(path).expanduser()
  if path.is_dir():
    try:
      return _folder(path)
    except OSError as error:
      raise errors.UserError(
        f"cannot list {error.filename!r}: {error.strerror}; change its rights"
      ) from error
  if not path.is_file():
    raise errors.UserError(
      f"no such file or folder: {str(path)!r}; expected a folder with one "
      "folder of images a class, an archive, or a .npz or .mat file"
    )
  try:
    if zipfile.is_zipfile(path):
      return _zip(path, max_bytes)
    if _is_tar(path):
      return _tar(path, max_bytes)
  except _DAMAGED as error:
    if isinstance(error, errors.UserError):
      raise
    raise errors.UserError(
      f"{str(path)!r} is not a complete archive ({error}); fetch it again"
    ) from error
  return Source(path, [path.name], [], lambda _: path.read_bytes())


def _folder(path: pathlib.Path) -> Source:
  names: list[str] = []
  folders: list[str] = []
  _walk(path, "", names, folders, frozenset())
  return Source(path, names, folders, lambda name: (path / name).read_bytes())


def _walk(
  folder: pathlib.Path,
  prefix: str,
  names: list[str],
  folders: list[str],
  parents: frozenset[str],
) -> None:
  """Lists a folder; a link back to a parent folder is not followed."""
  parents |= {os.path.realpath(folder)}
  with os.scandir(folder) as entries:
    for entry in entries:
      name = prefix + entry.name
      if entry.is_file():
        names.append(name)
      elif entry.is_dir() and os.path.realpath(entry.path) not in parents:
        folders.append(name)
        _walk(pathlib.Path(entry.path), name + "/", names, folders, parents)


def _zip(path: pathlib.Path, max_bytes: int) -> Source:
  with zipfile.ZipFile(path) as archive:
    members = archive.infolist()
  if all(member.filename.endswith(".npy") for member in members):
    _check_total(sum(member.file_size for member in members), max_bytes, path)
    return Source(path, [path.name], [], lambda _: path.read_bytes())
  for member in members:
    _check_name(member.filename, path)
    if stat.S_ISLNK(member.external_attr >> 16):
      raise _refused(path, f"the link {member.filename!r}")
  _check_total(sum(member.file_size for member in members), max_bytes, path)
  _check_twice([member.filename for member in members], path)
  return Source(
    path,
    [member.filename for member in members if not member.is_dir()],
    _with_parents(
      member.filename.rstrip("/") if member.is_dir() else member.filename
      for member in members
    )
    | {member.filename.rstrip("/") for member in members if member.is_dir()},
    lambda name: _read_zipped(path, name),
  )


def _read_zipped(path: pathlib.Path, name: str) -> bytes:
  with zipfile.ZipFile(path) as archive:
    return archive.read(name)


def _is_tar(path: pathlib.Path) -> bool:
  """Tells by the first block; `tarfile` would read as far as a header says."""
  with open(path, "rb") as raw:
    block = _unzip(raw).read(tarfile.BLOCKSIZE)
  return block[257:262] == b"ustar"


def _unzip(raw: io.BufferedReader) -> io.BufferedReader | gzip.GzipFile:
  """Returns the content of a file that may be gzipped."""
  zipped = raw.peek(2)[:2] == b"\x1f\x8b"
  return gzip.GzipFile(fileobj=raw) if zipped else raw


def _tar(path: pathlib.Path, max_bytes: int) -> Source:
  content: dict[str, bytes] = {}
  folders: set[str] = set()
  total = 0
  with open(path, "rb") as raw:
    # Headers count too, so that no header can be a bomb.
    stream: Any = _Bounded(_unzip(raw), 2 * max_bytes + (1 << 20), path)
    with tarfile.open(fileobj=stream, mode="r|") as archive:
      for member in archive:
        name = member.name.removeprefix("./")
        _check_name(name, path)
        total += member.size
        _check_total(total, max_bytes, path)
        if member.isdir():
          folders.add(name)
        elif member.isreg():
          _check_twice([*content, name] if name in content else [], path)
          file = archive.extractfile(member)
          assert file is not None
          content[name] = file.read()
        else:
          raise _refused(path, f"the link or device {member.name!r}")
    while stream.read(tarfile.RECORDSIZE):  # to the checksum at the end
      pass
  folders |= _with_parents(content)
  return Source(path, content, folders, content.__getitem__)


class _Bounded:
  """Passes on at most so many bytes of a stream.

  Reading is by blocks, as `tarfile` does for streams; a longer block than is
  left is refused before it is read.
  """

  def __init__(
    self,
    file: io.BufferedReader | gzip.GzipFile,
    limit: int,
    path: pathlib.Path,
  ):
    self._file = file
    self._left = limit
    self._limit = limit
    self._path = path

  def read(self, size: int = -1) -> bytes:
    if size < 0 or size > self._left:
      raise _too_much(self._path, self._limit)
    block = self._file.read(size)
    self._left -= len(block)
    return block


def _with_parents(names: Iterable[str]) -> set[str]:
  """Returns all folders above the given files."""
  folders: set[str] = set()
  for name in names:
    while "/" in name:
      name = name.rpartition("/")[0]
      folders.add(name)
  return folders


def _refused(path: pathlib.Path, what: str) -> errors.UserError:
  return errors.UserError(
    f"{str(path)!r} holds {what}: expected plain files inside the archive; "
    "refused, nothing was unpacked; fetch it from its official home"
  )


def _check_name(name: str, path: pathlib.Path) -> None:
  parts = name.replace("\\", "/").split("/")
  if ".." in parts or parts[0] == "" or ":" in parts[0] or "\0" in name:
    raise _refused(path, f"the path {name!r}, which leads out of it")


def _check_twice(names: list[str], path: pathlib.Path) -> None:
  if len(set(names)) < len(names):
    raise _refused(path, "two files of one name")


def _check_total(total: int, max_bytes: int, path: pathlib.Path) -> None:
  if total > max_bytes:
    raise _too_much(path, max_bytes)


def _too_much(path: pathlib.Path, limit: int) -> errors.UserError:
  return errors.UserError(
    f"{str(path)!r} holds more than {limit} bytes: refused, in case it is a "
    "decompression bomb; unpack it yourself and give the folder"
  )
