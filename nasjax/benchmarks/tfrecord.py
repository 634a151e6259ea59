"""TFRecord files without TensorFlow.

A record is the length (uint64), its masked CRC32C, the data, and the masked
CRC32C of the data, all little-endian (TensorFlow, "TFRecord format").
"""

import pathlib
import struct
from collections.abc import Callable, Iterator

import google_crc32c

from nasjax import errors, foreign

MAX_LENGTH = 1 << 16  # a row of NAS-Bench-101 has about 400 bytes
_BLOCK = 1 << 20
_MASK_DELTA = 0xA282EAD8
_ONES = 0xFFFFFFFF
_HEADER = struct.Struct("<QI")
_CRC = struct.Struct("<I")


def masked(data: bytes) -> int:
  """Returns the checksum of bytes as TFRecord stores it: CRC32C, masked."""
  crc = google_crc32c.value(data)
  return ((crc >> 15 | crc << 17) + _MASK_DELTA) & _ONES


def _damaged(path: pathlib.Path, position: int, what: str) -> errors.UserError:
  return errors.UserError(
    f"{str(path)!r} is damaged at byte {position}: {what}; "
    "expected an official TFRecord file, fetch it again"
  )


def _split(
  block: bytes, path: pathlib.Path, offset: int
) -> tuple[list[bytes], int]:
  """Cuts a block into whole records; returns them and the bytes used.

  Raises:
    UserError: a checksum does not match.
  """
  records, start = [], 0
  while start + _HEADER.size <= len(block):
    length, length_crc = _HEADER.unpack_from(block, start)
    if length > MAX_LENGTH or masked(block[start : start + 8]) != length_crc:
      raise _damaged(path, offset + start, "wrong checksum of a record length")
    end = start + _HEADER.size + length
    if end + _CRC.size > len(block):
      break
    record = block[start + _HEADER.size : end]
    if masked(record) != _CRC.unpack_from(block, end)[0]:
      raise _damaged(
        path, offset + start, "wrong checksum (CRC32C) of a record"
      )
    records.append(record)
    start = end + _CRC.size
  return records, start


def read(
  path: pathlib.Path, on_bytes: Callable[[int], None] | None = None
) -> Iterator[list[bytes]]:
  """Yields the checked records of a file, in lists of some thousand.

  Args:
    path: the file.
    on_bytes: told how many bytes each list took, for a progress bar.

  Raises:
    UserError: the file cannot be read, a checksum is wrong, or the file ends
      within a record.
  """
  rest, offset = b"", 0
  with (
    foreign.reading(path, "a readable TFRecord file"),
    open(path, "rb") as file,
  ):
    while block := file.read(_BLOCK):
      block = rest + block
      records, used = _split(block, path, offset)
      rest, offset = block[used:], offset + used
      if on_bytes:
        on_bytes(used)
      yield records
  if rest:
    raise _damaged(path, offset, "the file ends within a record")
