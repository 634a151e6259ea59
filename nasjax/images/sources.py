"""Files of an image set: a folder, one file, or an archive."""

import itertools
import os
import pathlib
import re
import zipfile
from collections.abc import Callable, Iterable

from nasjax import errors, files, foreign
from nasjax.images import archives, hidden, limits, tar

_MAX_SHOWN = errors.QUOTED - 20  # characters of a path in a message


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
    size: Callable[[str], int] = lambda name: 0,
  ):
    """Wraps a listing, and functions that read and measure one file."""
    self.path = path
    self.names = tuple(sorted(names))
    self.folders = tuple(sorted(folders))
    self._present = frozenset(self.names)
    self._read = read
    self._size = size

  @property
  def stem(self) -> str:
    """The last part of the path without its suffixes, to call the set by."""
    return re.sub(r"\.(tar\.gz|tgz|tar|zip|npz|mat)$", "", self.path.name)

  @property
  def here(self) -> str:
    """Name of the source in messages."""
    return errors.quote(str(self.path))

  def at(self, name: str) -> pathlib.Path:
    """Returns the path of a file, also of one inside an archive."""
    return self.path if name == self.path.name else self.path / name

  def where(self, name: str) -> str:
    """Returns the name of a file in messages: the end of a long path."""
    path = str(self.at(name))
    cut = len(path) > _MAX_SHOWN
    return errors.quote(f"...{path[-_MAX_SHOWN:]}" if cut else path)

  def size(self, name: str) -> int:
    """Returns the bytes of a file that is there."""
    return self._size(name)

  def read(self, name: str, limit: int = foreign.MAX_BYTES) -> bytes:
    """Returns a file.

    Args:
      name: name of the file.
      limit: bytes that it may have.

    Raises:
      UserError: it is missing, too large, or cannot be read.
    """
    if name not in self._present:
      raise errors.UserError(
        f"{self.where(name)} is missing: expected the complete data set; "
        "unpack or fetch it again"
      )
    with foreign.reading(self.at(name), "a readable file"):
      foreign.afford(self.at(name), self.size(name), limit)
      return self._read(name)

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


def open_source(path: files.PathLike, max_bytes: int | None = None) -> Source:
  """Lists a folder, an archive, or one file.

  Args:
    path: a folder, a `.zip`, `.tar`, or `.tar.gz` archive, or another file.
    max_bytes: how large an archive may be when unpacked; by default what
      `limits.unpacked` allows for its size, and 1 GiB for a `.npz` file.

  Raises:
    UserError: nothing is there, or the archive is damaged or unsafe.
  """
  path = files.expand(path)
  with foreign.reading(path, "a folder, an archive or a file of images"):
    if path.is_dir():
      return _folder(path)
    if not path.is_file():
      raise errors.UserError(
        f"no such file or folder: {errors.quote(str(path))}; expected a folder "
        "with one folder of images a class, an archive, or a .npz or .mat file"
      )
    return _file(path, max_bytes)


def _file(path: pathlib.Path, max_bytes: int | None) -> Source:
  """Opens an archive, or one file that is none."""
  allowed = max_bytes or limits.unpacked(path.stat().st_size)
  advice = "it may be damaged: fetch it again"
  with foreign.reading(path, "a complete archive", advice):
    if zipfile.is_zipfile(path):
      members = archives.zip_members(path)
      if not all(member.filename.endswith(".npy") for member in members):
        return _archive(path, archives.read_zip(path, members, allowed))
      limit = max_bytes or foreign.MAX_BYTES
      if sum(member.file_size for member in members) > limit:
        raise tar.too_much(path, limit)
    elif archives.is_cut_zip(path) and path.suffix.lower() != ".npz":
      raise ValueError("its list of files is missing")
    elif archives.is_tar(path):
      return _archive(path, archives.read_tar(path, allowed))
  return Source(
    path,
    [path.name],
    [],
    lambda _: path.read_bytes(),
    lambda _: path.stat().st_size,
  )


def _archive(path: pathlib.Path, listing: archives.Listing) -> Source:
  sizes, folders = listing.sizes, listing.folders
  folders = folders | archives.with_parents([*sizes, *folders])
  return Source(path, sizes, folders, listing.read, sizes.__getitem__)


def _folder(path: pathlib.Path) -> Source:
  names, folders = _walk(path)
  return Source(
    path,
    names,
    folders,
    lambda name: (path / name).read_bytes(),
    lambda name: (path / name).stat().st_size,
  )


def _walk(root: pathlib.Path) -> tuple[list[str], list[str]]:
  """Lists a folder; hidden files and folders are passed over.

  A link is followed where it stays inside the folder, and passed over where it
  leads back to a folder above it.
  """
  names: list[str] = []
  folders: list[str] = []
  num_links = 0
  home = os.path.realpath(root)
  # Prefixes, each with the real paths from the root to its folder.
  waiting: list[tuple[str, tuple[str, ...]]] = [("", (home,))]
  while waiting:
    prefix, above = waiting.pop()
    for entry in _entries(root / prefix):
      name, real = prefix + entry.name, f"{above[-1]}/{entry.name}"
      if hidden.is_hidden(entry.name):
        continue
      if entry.is_symlink():
        real = _target(entry.path, home)
      if entry.is_file():
        names.append(name)
      elif entry.is_dir() and real not in above:
        num_links += entry.is_symlink()
        folders.append(name)
        waiting.append((name + "/", (*above, real)))
      else:
        continue
      limits.check_name(name, root)
      limits.check_count(num_links, limits.MAX_LINKS, root, "links to folders")
      limits.check_count(len(names) + len(folders), limits.MAX_FILES, root)
  return names, folders


def _entries(folder: pathlib.Path) -> list[os.DirEntry]:
  try:
    with os.scandir(folder) as entries:
      found = list(itertools.islice(entries, limits.MAX_FILES + 1))
  except OSError as error:
    raise errors.UserError(
      f"cannot list {errors.quote(str(folder))}: {error.strerror}; change its "
      "rights"
    ) from error
  limits.check_count(len(found), limits.MAX_FILES, folder)
  return found


def _target(link: str, home: str) -> str:
  """Returns where a link leads, if that is inside the folder `home`."""
  real = os.path.realpath(link)
  if os.path.exists(real) and (
    real == home or real.startswith(f"{home.rstrip('/')}/")
  ):
    return real
  raise errors.UserError(
    f"{errors.quote(link)} is a link to {errors.quote(real)}: expected files "
    "inside the folder; copy the images there, or remove the link"
  )
