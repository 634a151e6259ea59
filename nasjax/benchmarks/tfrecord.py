"""TFRecord files without TensorFlow, with vectorised checksums.

A record is the length (uint64), its masked CRC32C, the data, and the masked
CRC32C of the data, all little-endian (TensorFlow, "TFRecord format").
"""

import functools
import pathlib
import struct
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from nasjax import errors, foreign

MAX_LENGTH = 1 << 16  # a row of NAS-Bench-101 has about 400 bytes
_BLOCK = 1 << 20
_POLYNOMIAL = 0x82F63B78  # Castagnoli, bits reversed
_ONES = 0xFFFFFFFF
_MASK_DELTA = 0xA282EAD8
_HEADER = struct.Struct("<QI")
_CRC = struct.Struct("<I")


@functools.cache
def _byte_table() -> np.ndarray:
  """CRC of each byte, `[256]` uint32."""
  table = np.arange(256, dtype=np.uint32)
  for _ in range(8):
    table = np.where(table & 1, (table >> 1) ^ _POLYNOMIAL, table >> 1)
  return table.astype(np.uint32)


@functools.cache
def _word_tables() -> np.ndarray:
  """CRC of each 16-bit piece of an 8-byte word, by its place, `[4, 65536]`."""
  advance = _byte_table()
  table = np.arange(1 << 16, dtype=np.uint32)
  tables = []
  for _ in range(4):
    for _ in range(2):
      table = advance[table & 0xFF] ^ (table >> np.uint32(8))
    tables.append(table)
  return np.stack(tables[::-1])


@functools.cache
def _after_zeros(length: int) -> int:
  """Register that starts with ones, after that many zero bytes."""
  table, register = _byte_table().tolist(), _ONES
  for _ in range(length):
    register = table[register & 0xFF] ^ (register >> 8)
  return register


def crc32c(records: Sequence[bytes]) -> np.ndarray:
  """Computes the CRC32C of many byte strings at once, `[n]` uint32.

  Strings of about one length share a loop (`_crc32c`), so that one long string
  among many short ones costs no memory.
  """
  groups: dict[int, list[int]] = {}
  for row, record in enumerate(records):
    groups.setdefault(len(record).bit_length(), []).append(row)
  crcs = np.zeros(len(records), np.uint32)
  for rows in groups.values():
    crcs[rows] = _crc32c([records[row] for row in rows])
  return crcs


def _crc32c(records: Sequence[bytes]) -> np.ndarray:
  """Computes the CRC32C of some strings in one loop over words.

  Zeros in front do not change a register that starts with zero, so strings of
  unequal length are padded in front; the effect of the true start (ones)
  depends on the length alone and is added at the end.
  """
  lengths = [len(record) for record in records]
  width = max(8, -(-max(lengths) // 8) * 8)
  padded = b"".join(record.rjust(width, b"\0") for record in records)
  words = np.frombuffer(padded, "<u8").reshape(len(records), -1).T.copy()
  tables = _word_tables()
  register = np.zeros(len(records), np.uint32)
  for word in words:
    pieces = (word ^ register).view("<u2").reshape(-1, 4).astype(np.intp)
    register = tables[0].take(pieces[:, 0], mode="clip")
    for place in range(1, 4):
      register ^= tables[place].take(pieces[:, place], mode="clip")
  start = np.array([_after_zeros(length) for length in lengths], np.uint32)
  return register ^ start ^ np.uint32(_ONES)


def mask(crc: np.ndarray) -> np.ndarray:
  """Applies TFRecord's masking to checksums `[n]` uint32."""
  rotated = (crc >> np.uint32(15)) | (crc << np.uint32(17))
  return rotated + np.uint32(_MASK_DELTA)


@functools.lru_cache(MAX_LENGTH + 1)
def _length_crc(length: int) -> int:
  return int(mask(crc32c([struct.pack("<Q", length)]))[0])


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
  records, stored, starts, start = [], [], [], 0
  while start + _HEADER.size <= len(block):
    length, length_crc = _HEADER.unpack_from(block, start)
    if length > MAX_LENGTH or _length_crc(length) != length_crc:
      raise _damaged(path, offset + start, "wrong checksum of a record length")
    end = start + _HEADER.size + length
    if end + _CRC.size > len(block):
      break
    records.append(block[start + _HEADER.size : end])
    stored.append(_CRC.unpack_from(block, end)[0])
    starts.append(start)
    start = end + _CRC.size
  wrong = np.flatnonzero(mask(crc32c(records)) != np.array(stored, np.uint32))
  if wrong.size:
    position = offset + starts[wrong[0]]
    raise _damaged(path, position, "wrong checksum (CRC32C) of a record")
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
