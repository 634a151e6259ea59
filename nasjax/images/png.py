"""Checks that a PNG file holds all of its rows.

A decoder paints missing rows black where the zlib stream itself is complete.
"""

import struct
import zlib
from collections.abc import Iterator

_START = 8  # bytes before the first chunk
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_PASSES = (  # Adam7: first column, first row, step of columns, step of rows
  (0, 0, 8, 8),
  (4, 0, 8, 8),
  (0, 4, 4, 8),
  (2, 0, 4, 4),
  (0, 2, 2, 4),
  (1, 0, 2, 2),
  (0, 1, 1, 2),
)
_STEP = 1 << 20  # bytes that are unpacked at a time


def check_rows(content: bytes) -> None:
  """Unpacks the rows, of which at most 1 MiB is kept, and counts their bytes.

  Args:
    content: a PNG file whose header a decoder has accepted.

  Raises:
    ValueError: rows are missing.
    zlib.error: the stream is damaged.
  """
  width, height, bits, kind, _, _, interlaced = struct.unpack_from(
    ">IIBBBBB", content, _START + 8
  )
  bits *= _CHANNELS[kind]
  passes = _PASSES if interlaced else ((0, 0, 1, 1),)
  expected = 0
  for left, top, across, down in passes:
    columns = -((left - width) // across)
    rows = -((top - height) // down)
    if columns > 0 and rows > 0:
      expected += rows * (1 + (columns * bits + 7) // 8)
  found = _unpacked(content, expected)
  if found < expected:
    raise ValueError(f"its rows take {found} of {expected} bytes")


def _unpacked(content: bytes, enough: int) -> int:
  """Returns how many bytes the stream holds, and stops where it has enough."""
  unzip = zlib.decompressobj()
  found = 0
  for data in _data(content):
    if found >= enough or unzip.eof:
      break
    while data and found < enough and not unzip.eof:
      found += len(unzip.decompress(data, _STEP))
      data = unzip.unconsumed_tail
  while found < enough and (rest := unzip.decompress(b"", _STEP)):
    found += len(rest)
  return found


def _data(content: bytes) -> Iterator[memoryview]:
  """Yields the contents of the chunks IDAT."""
  view = memoryview(content)
  start = _START
  while start + 8 <= len(content):
    length = int.from_bytes(content[start : start + 4], "big")
    if content[start + 4 : start + 8] == b"IDAT":
      yield view[start + 8 : start + 8 + length]
    start += length + 12
