"""Pictures that are too long, or lack rows without being cut off."""

import struct
import zlib

import image_writers as writers
import numpy as np
import pytest

from nasjax import errors
from nasjax.images import pixels, png

pytest.importorskip("PIL", reason="Pillow is not installed (extra images)")


def chunk(kind, data):
  checksum = struct.pack(">I", zlib.crc32(kind + data))
  return struct.pack(">I", len(data)) + kind + data + checksum


def written(width, height, rows, bits=8, kind=2, interlaced=0, pieces=1):
  shape = struct.pack(">IIBBBBB", width, height, bits, kind, 0, 0, interlaced)
  packed = zlib.compress(rows)
  step = -(-len(packed) // pieces)
  data = (packed[k : k + step] for k in range(0, len(packed), step))
  parts = [chunk(b"IHDR", shape), *(chunk(b"IDAT", part) for part in data)]
  palette = [chunk(b"PLTE", bytes(3 * 256))] if kind == 3 else []
  parts[1:1] = palette
  return b"\x89PNG\r\n\x1a\n" + b"".join(parts) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
  ("bits", "kind", "interlaced", "size"),
  [
    (8, 2, 0, 9 * 31),
    (16, 6, 0, 9 * 81),
    (1, 0, 0, 9 * 3),
    (4, 3, 0, 9 * 6),
    # Adam7 of 10 x 9: passes of 2x2, 2x2 less 4 columns, ..., see the standard.
    (8, 0, 1, (3 + 3) + (2 + 2) + 4 + (3 + 3 + 3) + 12 + 30 + 44),
  ],
)
def test_missing_rows_are_told(bits, kind, interlaced, size):
  whole = written(10, 9, bytes(size), bits, kind, interlaced, pieces=3)
  assert pixels.decode(whole, "a.png").shape == (9, 10, 3)
  png.check_rows(whole)
  lacking = written(10, 9, bytes(size - 1), bits, kind, interlaced)
  with pytest.raises(ValueError, match=f"{size - 1} of {size} bytes"):
    png.check_rows(lacking)
  with pytest.raises(errors.UserError, match=r"a\.png is not a readable"):
    pixels.decode(lacking, "a.png")


def test_half_a_picture_in_a_whole_stream():
  half = written(64, 64, (b"\0" + b"\xff" * 192) * 32)
  with pytest.raises(errors.UserError, match="its rows take 6176 of 12352"):
    pixels.decode(half, "a.png")


def test_pillows_own_files_are_whole(rng):
  for shape in ((1, 1), (7, 5), (300, 200)):
    for more in ((), (3,), (4,)):
      array = rng.integers(0, 256, (*shape, *more), np.uint8)
      assert pixels.decode(writers.png(array), "a.png").shape == (*shape, 3)


@pytest.mark.parametrize("shape", [(1, 65_536), (65_536, 1)])
def test_long_pictures_are_refused(shape):
  with pytest.raises(errors.UserError, match=r"65535 on a side, got \d+ x"):
    pixels.decode(written(*shape, b"\0" * 40), "a.png")


def test_what_pillow_cannot_identify_has_a_reason():
  with pytest.raises(errors.UserError, match=r"\(its header is damaged\)"):
    pixels.decode(b"\xff\xd8\xff\xe0", "a.jpg")
