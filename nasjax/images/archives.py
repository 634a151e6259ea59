"""Archives of images, read in place: zip, tar, and gzipped tar.

Nothing is unpacked into a folder. A path that leads out of the archive, a link,
a device, a sparse file, and more content than `limits.unpacked` are refused. A
gzipped tar has to be unpacked to be read at all: small ones into memory, larger
ones into a temporary file without a name, which ends with its process.
"""

import dataclasses
import gzip
import io
import pathlib
import stat
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterable

from nasjax.images import limits, tar

_MAX_DIRECTORY = 32 << 20  # bytes of the list of members of a zip archive
_IN_MEMORY = 256 << 20  # bytes of an unpacked tar that stay in memory
_CHUNK = 1 << 20
_FIRST = 64 << 10  # bytes that hold the first block of a tar, gzipped
_MAX_TAIL = 16 << 20  # bytes after the last member of a gzipped tar
_ENCRYPTED = 1


@dataclasses.dataclass(frozen=True)
class Listing:
  """Files and folders of an archive.

  Attributes:
    sizes: file name to bytes.
    folders: names of the folders that the archive lists as such.
    read: file name to content.
  """

  sizes: dict[str, int]
  folders: set[str]
  read: Callable[[str], bytes]


class _CappedFile(io.BufferedReader):
  """A file that reads no list of members longer than is allowed."""

  def read(self, size: int | None = -1, /) -> bytes:
    if size is not None and size > _MAX_DIRECTORY:
      raise ValueError(
        f"its list of files takes {size} bytes: expected at most "
        f"{_MAX_DIRECTORY}; unpack it yourself and give the folder"
      )
    return super().read(size)


def zip_members(path: pathlib.Path) -> list[zipfile.ZipInfo]:
  """Returns the list of a zip archive.

  Raises:
    ValueError, zipfile.BadZipFile: it is damaged, or too long.
  """
  with _CappedFile(io.FileIO(path)) as raw, zipfile.ZipFile(raw) as archive:
    return archive.infolist()


def read_zip(
  path: pathlib.Path, members: list[zipfile.ZipInfo], max_bytes: int
) -> Listing:
  """Checks the members of a zip archive, and makes them readable by name.

  Args:
    path: the archive.
    members: list of `zip_members`.
    max_bytes: what the contents may add up to.

  Raises:
    UserError: the archive is unsafe or too large.
  """
  limits.check_count(len(members), limits.MAX_MEMBERS, path)
  places: dict[str, zipfile.ZipInfo] = {}
  folders = set()
  for member in members:
    name = member.filename
    check_path(name, path)
    if stat.S_ISLNK(member.external_attr >> 16):
      raise tar.refused(path, f"the link {name!r}")
    if member.is_dir():
      folders.add(name.rstrip("/"))
    elif name in places:
      raise tar.refused(path, f"two files of one name, {name!r}")
    else:
      places[name] = member
  if sum(member.file_size for member in places.values()) > max_bytes:
    raise tar.too_much(path, max_bytes)
  return Listing(
    {name: member.file_size for name, member in places.items()},
    folders,
    lambda name: _read_zipped(path, places[name]),
  )


def _read_zipped(path: pathlib.Path, member: zipfile.ZipInfo) -> bytes:
  """Reads one member; its list has been read before, and is not again."""
  if member.flag_bits & _ENCRYPTED:
    raise ValueError("it is encrypted")
  with open(path, "rb") as raw:
    raw.seek(member.header_offset)
    header = raw.read(30)
    if header[:4] != b"PK\3\4" or len(header) < 30:
      raise ValueError("its header is damaged")
    raw.seek(sum(struct.unpack("<HH", header[26:])), io.SEEK_CUR)
    content = raw.read(min(member.compress_size, path.stat().st_size))
  if member.compress_type == zipfile.ZIP_DEFLATED:
    unzip = zlib.decompressobj(-zlib.MAX_WBITS)
    content = unzip.decompress(content, member.file_size + 1)
  elif member.compress_type != zipfile.ZIP_STORED:
    raise ValueError(
      f"compression method {member.compress_type}; expected deflate or none"
    )
  if len(content) != member.file_size or zlib.crc32(content) != member.CRC:
    raise ValueError("its size or checksum is wrong")
  return content


def is_cut_zip(path: pathlib.Path) -> bool:
  """Tells whether a file that is no whole zip archive starts like one."""
  with open(path, "rb") as raw:
    return raw.read(4) == b"PK\3\4"


def is_tar(path: pathlib.Path) -> bool:
  """Tells by the first block, which may be gzipped.

  What follows the block may be damaged.

  Raises:
    ValueError: a gzipped file is named as an archive, but damaged in the block.
  """
  with open(path, "rb") as raw:
    block = raw.read(_FIRST)
  if block[:2] != b"\x1f\x8b":
    return tar.is_header(block[: tar.BLOCK])
  try:
    unzip = zlib.decompressobj(16 + zlib.MAX_WBITS)
    found = tar.is_header(unzip.decompress(block, tar.BLOCK))
  except zlib.error:
    found = False
  if not found and path.name.lower().endswith((".tar.gz", ".tgz")):
    raise ValueError("it does not start with a tar header")
  return found


def read_tar(path: pathlib.Path, max_bytes: int) -> Listing:
  """Lists a tar archive, and makes its members readable by name.

  Args:
    path: the archive, gzipped or not.
    max_bytes: what the contents may add up to.

  Raises:
    UserError: the archive is unsafe or too large.
    EOFError, OSError, ValueError, zlib.error: it is damaged.
  """
  with open(path, "rb") as raw:
    if raw.peek(2)[:2] != b"\x1f\x8b":
      stream = _Plain(raw, path)
      return _tar_listing(stream, path, max_bytes)
    stream = _Unzipped(gzip.GzipFile(fileobj=raw), path, max_bytes)
    listing = _tar_listing(stream, path, max_bytes)
    stream.drain()  # to the checksum at the end
  return listing


class _Plain:
  """A tar archive as it lies on the disk; see `tar.Stream`."""

  def __init__(self, raw: io.BufferedReader, path: pathlib.Path):
    self._raw = raw
    self._path = path
    self._size = path.stat().st_size
    self.read, self.tell = raw.read, raw.tell

  def skip(self, size: int, /) -> None:
    if self.tell() + size > self._size:
      raise EOFError("it ends within a file")
    self._raw.seek(size, io.SEEK_CUR)

  def content(self, member: tar.Member) -> bytes:
    """Returns the content of a file; the archive is opened for it."""
    with open(self._path, "rb") as raw:
      raw.seek(member.offset)
      return raw.read(member.size)


class _Unzipped:
  """A gzipped tar archive, kept as it is unpacked; see `tar.Stream`."""

  def __init__(self, packed: gzip.GzipFile, path: pathlib.Path, max_bytes: int):
    # Headers and padding count too, so that no header can be a bomb.
    self._left = self._limit = max_bytes + max_bytes // 4 + _CHUNK
    self._packed = packed
    self._path = path
    self._kept = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115

  def __del__(self):
    self._kept.close()

  def tell(self) -> int:
    return self._kept.tell()

  def read(self, size: int, /) -> bytes:
    block = self._packed.read(size)
    self._left -= len(block)
    if self._left < 0:
      raise tar.too_much(self._path, self._limit)
    self._kept.write(block)
    return block

  def skip(self, size: int, /) -> None:
    while size:
      block = self.read(min(size, _CHUNK))
      if not block:
        raise EOFError("it ends within a file")
      size -= len(block)

  def drain(self) -> None:
    """Passes over what follows the last member, which is nothing but zeros."""
    for _ in range(_MAX_TAIL // _CHUNK):
      if not self._packed.read(_CHUNK):
        return
    raise ValueError(f"more than {_MAX_TAIL} bytes follow its last file")

  def content(self, member: tar.Member) -> bytes:
    """Returns the content of a file."""
    self._kept.seek(member.offset)
    return self._kept.read(member.size)


def _tar_listing(
  stream: _Plain | _Unzipped, path: pathlib.Path, max_bytes: int
) -> Listing:
  places: dict[str, tar.Member] = {}
  folders = set()
  for member in tar.members(stream, path, max_bytes):
    if member.is_folder and member.name in ("", "."):
      continue
    check_path(member.name, path)
    if member.is_folder:
      folders.add(member.name)
    elif member.name in places:
      raise tar.refused(path, f"two files of one name, {member.name!r}")
    else:
      places[member.name] = member
  return Listing(
    {name: member.size for name, member in places.items()},
    folders,
    lambda name: stream.content(places[name]),
  )


def check_path(name: str, path: pathlib.Path) -> None:
  """Refuses a path that is too long, too deep, or leads out of its archive."""
  limits.check_name(name, path)
  parts = name.replace("\\", "/").split("/")
  if ".." in parts or parts[0] == "" or ":" in parts[0] or "\0" in name:
    raise tar.refused(path, f"the path {name!r}, which leads out of it")


def with_parents(names: Iterable[str]) -> set[str]:
  """Returns all folders above the given files."""
  folders: set[str] = set()
  for name in names:
    while "/" in name:
      name = name.rpartition("/")[0]
      if name in folders:
        break
      folders.add(name)
  return folders
