"""Limits and error messages for files that others wrote.

Every reader of a foreign file works inside `reading`, so that one place decides
which exceptions mean a damaged file, and asks `afford` before it allocates what
a header announces.
"""

import contextlib
import json
import lzma
import math
import os
import pathlib
import stat
import struct
import tarfile
import tokenize
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from typing import IO, Any

from nasjax import errors

MAX_BYTES = 1 << 30
"""Memory that the content of one foreign file may take, bytes (1 GiB)."""

MAX_DIRECTORY = 1 << 24
"""Bytes of a zip archive's directory of members (16 MiB)."""

_MAX_END = (1 << 16) + 128  # bytes, from the end, in which a zip's end begins

MAX_DIGITS = 400
"""Digits of a whole number; no number of ours is as long."""

MAX_EMPTY = 1 << 24
"""How wide an array without values may be: the product of its lengths."""

DAMAGED = (
  ArithmeticError,
  AttributeError,
  BufferError,
  EOFError,
  LookupError,
  MemoryError,
  OSError,
  RuntimeError,
  SyntaxError,
  TypeError,
  ValueError,
  lzma.LZMAError,
  struct.error,
  tarfile.TarError,
  tokenize.TokenError,
  zipfile.BadZipFile,
  zlib.error,
)
"""What readers raise on damaged bytes; `RuntimeError` includes its subclasses
`NotImplementedError` and `RecursionError`, `ValueError` those of Unicode."""


def name_of(source: object) -> str:
  """Returns a file's name as messages show it; a quoted one stays as it is."""
  text = str(source)
  quoted = len(text) > 1 and text[0] == text[-1] == "'"
  return text if quoted else errors.quote(text)


@contextlib.contextmanager
def reading(
  source: object, kind: str, advice: str = "fetch it again"
) -> Iterator[None]:
  """Turns what a reader raises on damaged bytes into one line.

  Args:
    source: the file, as messages name it; of a path it is checked that nothing
      endless is there (`check_regular`).
    kind: what is expected, e.g. `'a complete .npz file'`.
    advice: what to do.

  Raises:
    UserError: the file is missing, unreadable, endless or damaged; a
      `UserError` from inside passes as it is.
  """
  name = name_of(source)
  if isinstance(source, os.PathLike):
    check_regular(source)
  try:
    yield
  except errors.UserError:
    raise
  except FileNotFoundError as error:
    raise errors.UserError(f"no such file: {name}") from error
  except IsADirectoryError as error:
    raise errors.UserError(
      f"{name} is not {kind} but a folder; give the name of a file"
    ) from error
  except PermissionError as error:
    reason = error.strerror or error
    raise errors.UserError(
      f"{name} cannot be read: {reason}; ask its owner for permission"
    ) from error
  except DAMAGED as error:
    reason = " ".join(str(error).split())[:120] or type(error).__name__
    if "integer string conversion" in reason:  # Python's advice is none here
      reason = "a whole number of too many digits"
    raise errors.UserError(
      f"{name} is not {kind} ({reason}); {advice}"
    ) from error


def check_regular(path: str | os.PathLike[str]) -> None:
  """Checks that a path is no device, named pipe or socket.

  Folders and missing files pass: their readers report them.

  Args:
    path: the file.

  Raises:
    UserError: it is a device, a named pipe or a socket.
  """
  try:
    mode = pathlib.Path(path).stat().st_mode
  except (OSError, ValueError):
    return
  if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
    raise errors.UserError(
      f"{name_of(path)} is a device, a pipe or a socket: expected a regular "
      "file; save its content to one"
    )


def afford(source: object, num_bytes: int, limit: int = MAX_BYTES) -> None:
  """Refuses content that would take more memory than is allowed.

  Args:
    source: the file, as messages name it.
    num_bytes: what its content would take, as its header says.
    limit: bytes that are allowed.

  Raises:
    UserError: it is more.
  """
  if num_bytes > limit:
    raise errors.UserError(
      f"{name_of(source)} would take {num_bytes / 2**30:.1f} GiB of "
      f"memory: expected at most {limit / 2**30:.1f} GiB; use a smaller file"
    )


def budget(num_bytes: int, factor: int, least: int = MAX_BYTES) -> int:
  """Returns how many bytes of memory the content of a file may take.

  A small file may take a fixed amount, so that none is a bomb. A large one,
  such as an official table, may take some times its own size.

  Args:
    num_bytes: size of the file.
    factor: how many times its size a large file may take.
    least: what any file may take.
  """
  return max(least, factor * num_bytes)


def check_shape(shape: Sequence[int], count: int) -> None:
  """Checks that a shape has as many values as are given.

  Arrays without values may be no wider than `MAX_EMPTY`: a loop over their
  rows would not end.

  Args:
    shape: shape of an array.
    count: how many values there are.

  Raises:
    ValueError: it does not fit.
  """
  wide = math.prod(max(length, 1) for length in shape) > MAX_EMPTY
  if (
    min(shape, default=0) < 0
    or math.prod(shape) != count
    or (not count and wide)
  ):
    raise ValueError(f"shape {list(shape)[:8]} of {count} values")


def open_zip(
  file: IO[bytes], source: object, max_directory: int = MAX_DIRECTORY
) -> zipfile.ZipFile:
  """Opens a zip archive whose directory of members is not too large.

  A directory takes up to 20 times its bytes in memory.

  Args:
    file: an open binary file.
    source: the file, as messages name it.
    max_directory: bytes that the directory may have.

  Raises:
    UserError: the directory is larger.
    zipfile.BadZipFile: it is no archive; other damage raises `DAMAGED`.
  """
  size = _directory_size(file)
  if size > max_directory:
    raise errors.UserError(
      f"{name_of(source)} lists members in {size >> 20} MiB: expected at most "
      f"{max_directory >> 20} MiB; pack fewer files"
    )
  return zipfile.ZipFile(file)


def _directory_size(file: IO[bytes]) -> int:
  """Returns the bytes of a directory as the ends of the file announce them."""
  length = file.seek(0, 2)
  start = max(0, length - _MAX_END)
  file.seek(start)
  tail = file.read()
  file.seek(0)
  sizes = [0]
  for place in _places(tail, b"PK\5\6"):  # the end of the directory
    sizes.append(int.from_bytes(tail[place + 12 : place + 16], "little"))
  for place in _places(tail, b"PK\6\6"):  # the same with 64-bit numbers
    sizes.append(int.from_bytes(tail[place + 40 : place + 48], "little"))
  return max(size for size in sizes if size <= length)


def _places(content: bytes, text: bytes) -> Iterator[int]:
  place = content.find(text)
  while place >= 0:
    yield place
    place = content.find(text, place + 1)


def unpack(file: IO[bytes], source: object, limit: int) -> bytes:
  """Reads a compressed file of unknown size, up to a limit.

  Args:
    file: gives the unpacked bytes.
    source: the file, as messages name it.
    limit: bytes that are allowed.

  Raises:
    UserError: there are more.
  """
  content = file.read(limit + 1)
  if len(content) > limit:
    raise errors.UserError(
      f"{name_of(source)} unpacks to more than {limit >> 20} MiB: expected an "
      "official file; fetch it again"
    )
  return content


def parse_json(content: bytes, source: object, kind: str) -> Any:
  """Reads JSON, which may take up to 64 times its bytes in memory.

  Args:
    content: the bytes of the file.
    source: the file, as messages name it.
    kind: what is expected, as `reading` has it.

  Raises:
    UserError: it is damaged, nested too deep, or too large.
  """
  afford(source, 64 * len(content))
  with reading(source, kind):
    return json.loads(content, parse_int=whole)


def whole(text: str) -> int:
  """Reads a whole number of JSON (`parse_int`); too long ones are refused.

  Raises:
    ValueError: it has more than `MAX_DIGITS` digits.
  """
  if len(text) > MAX_DIGITS:
    raise ValueError(f"a whole number of more than {MAX_DIGITS} digits")
  return int(text)
