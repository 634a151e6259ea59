"""Headers of tar archives: POSIX (ustar, pax) and GNU, plain files only.

`tarfile` reads headers as long and as nested as they claim to be; here each is
bounded, so that listing an archive takes linear time and little memory. Sparse
files, links and devices are refused.
"""

from collections.abc import Iterator
from typing import NamedTuple, Protocol

from nasjax import errors
from nasjax.images import limits

BLOCK = 512
_MAX_PREFIX = 64 << 10  # bytes of a long name or of pax records
_MAX_RECORDS = 32  # pax records of one member
_FILE, _FOLDER = b"\x0007", b"5"
_LONG_NAME, _LONG_LINK, _PAX, _PAX_GLOBAL = b"L", b"K", b"x", b"g"


class Stream(Protocol):
  """A stream of bytes that is read once, from start to end."""

  def read(self, size: int, /) -> bytes:
    """Returns the next bytes, fewer only at the end."""
    ...

  def skip(self, size: int, /) -> None:
    """Passes over bytes; raises EOFError where there are fewer."""
    ...

  def tell(self) -> int:
    """Returns the number of bytes that were read or passed over."""
    ...


class Member(NamedTuple):
  """A file or a folder.

  Attributes:
    name: its path.
    offset: where its content starts.
    size: bytes of its content.
    is_folder: whether it is one.
  """

  name: str
  offset: int
  size: int
  is_folder: bool


def is_header(block: bytes) -> bool:
  """Tells whether the first block of a file is that of a tar archive."""
  return block[257:262] == b"ustar"


def members(stream: Stream, source: object, max_bytes: int) -> Iterator[Member]:
  """Lists an archive.

  Args:
    stream: the archive, unpacked.
    source: what messages call it.
    max_bytes: what all contents may add up to.

  Yields:
    Files and folders; their contents are passed over.

  Raises:
    UserError: something else is in it, or too much.
    EOFError, ValueError: it is damaged.
  """
  prefix: dict[str, str] = {}
  total = num = num_headers = 0
  while any(block := stream.read(BLOCK)):
    num_headers += 1
    limits.check_count(num_headers, 2 * limits.MAX_MEMBERS, source)
    kind, size = _header(block)
    if kind in (_LONG_NAME, _LONG_LINK, _PAX, _PAX_GLOBAL):
      prefix |= _prefix(kind, _content(stream, size))
      continue
    num += 1
    limits.check_count(num, limits.MAX_MEMBERS, source)
    size = _decimal(prefix["size"]) if "size" in prefix else size
    name = (prefix.get("path") or _name(block)).removeprefix("./")
    is_folder = kind == _FOLDER or (kind in _FILE and name.endswith("/"))
    if not is_folder and kind not in _FILE:
      raise refused(source, f"the link or device {errors.quote(name)}")
    if prefix and any(key.startswith("GNU.sparse") for key in prefix):
      raise refused(source, f"the sparse file {errors.quote(name)}")
    size = 0 if is_folder else size
    total += size
    if total > max_bytes:
      raise too_much(source, max_bytes)
    yield Member(name.rstrip("/"), stream.tell(), size, is_folder)
    stream.skip(size + -size % BLOCK)
    prefix = {}


def refused(source: object, what: str) -> errors.UserError:
  """Returns the error for what an archive must not hold."""
  return errors.UserError(
    f"{errors.quote(str(source))} holds {what}: expected plain files inside "
    "the archive; refused, nothing was unpacked; fetch it from its official "
    "home"
  )


def too_much(source: object, limit: int) -> errors.UserError:
  """Returns the error for an archive whose contents are too large."""
  return errors.UserError(
    f"{errors.quote(str(source))} holds more than {limit} bytes: refused, in "
    "case it is a decompression bomb; unpack it yourself and give the folder"
  )


def _header(block: bytes) -> tuple[bytes, int]:
  """Checks a header; returns the type of its member and the size."""
  if len(block) < BLOCK:
    raise EOFError("it ends within a header")
  stated = _number(block[148:156])
  if stated != sum(block) - sum(block[148:156]) + 8 * 32:
    raise ValueError("the checksum of a header is wrong")
  return block[156:157], _number(block[124:136])


def _number(field: bytes) -> int:
  """Reads an octal number, or a binary one of GNU; never negative."""
  if field[:1] == b"\x80":
    return int.from_bytes(field[1:], "big")
  digits = field.split(b"\0")[0].strip() or b"0"
  if not digits.isdigit() or len(digits) > 20:
    raise ValueError(f"a header holds the number {digits!r}")
  return int(digits, 8)


def _decimal(text: str) -> int:
  if not (text.isascii() and text.isdigit() and len(text) <= 20):
    raise ValueError(f"its pax records hold the number {text[:40]!r}")
  return int(text)


def _name(block: bytes) -> str:
  name = block[:100].split(b"\0")[0]
  folder = block[345:500].split(b"\0")[0]
  if folder and block[257:263] == b"ustar\0":
    name = folder + b"/" + name
  return _text(name)


def _text(content: bytes) -> str:
  return content.decode("utf-8", "surrogateescape")


def _content(stream: Stream, size: int) -> bytes:
  """Reads what describes the next member."""
  if size > _MAX_PREFIX:
    raise ValueError(f"a header is followed by {size} bytes of names: a bomb")
  content = stream.read(size + -size % BLOCK)
  if len(content) < size:
    raise EOFError("it ends within a header")
  return content[:size]


def _prefix(kind: bytes, content: bytes) -> dict[str, str]:
  """Reads what a long name or pax records say about the next member."""
  if kind == _LONG_NAME:
    return {"path": _text(content.split(b"\0")[0])}
  if kind == _LONG_LINK:
    return {}
  found = {}
  start = 0
  while start < len(content):
    length = content[start : start + 20].partition(b" ")[0]
    end = start + _decimal(_text(length))
    if len(found) == _MAX_RECORDS or not start + 4 < end <= len(content):
      raise ValueError("its pax records are damaged")
    record = _text(content[start + len(length) + 1 : end - 1])
    key, _, value = record.partition("=")
    found[key] = value
    start = end
  if kind == _PAX:
    return found
  if any(key in ("path", "size") or "sparse" in key for key in found):
    raise ValueError("its pax records name or size all members at once")
  return {}
