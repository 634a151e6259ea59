"""TFRecord framing and CRC32C against an independent bit-by-bit version."""

import tracemalloc

import numpy as np
import pytest

from nasjax import errors
from nasjax.benchmarks import tfrecord

from . import tfrecord_writer as writer


def read(path):
  return [record for batch in tfrecord.read(path) for record in batch]


def test_known_checksums():
  """The check value of the catalogue, and the vectors of RFC 3720, B.4."""
  vectors = {
    b"": 0,
    b"123456789": 0xE3069283,
    bytes(32): 0x8A9136AA,
    b"\xff" * 32: 0x62A8AB43,
    bytes(range(32)): 0x46DD794E,
    bytes(range(31, -1, -1)): 0x113FDB5C,
  }
  assert tfrecord.crc32c(list(vectors)).tolist() == list(vectors.values())


def test_checksums_of_unequal_lengths_in_one_batch(rng):
  records = [rng.bytes(int(size)) for size in rng.integers(0, 70, 60)]
  expected = [writer.crc_by_bits(record) for record in records]
  assert tfrecord.crc32c(records).tolist() == expected
  assert tfrecord.crc32c([]).tolist() == []


def test_mask():
  crc = np.array([0, 1, 0xFFFFFFFF, 0x8A9136AA], np.uint32)
  expected = [
    0xA282EAD8,
    0xA284EAD8,
    0xA282EAD7,
    writer.masked(bytes(32)),
  ]
  assert tfrecord.mask(crc).tolist() == expected


def test_records_come_back_across_blocks(tmp_path, rng, monkeypatch):
  monkeypatch.setattr(tfrecord, "_BLOCK", 97)
  records = [rng.bytes(int(size)) for size in rng.integers(0, 200, 40)]
  path = writer.write(tmp_path / "a.tfrecord", records)
  assert read(path) == records
  steps = []
  assert sum(map(len, tfrecord.read(path, steps.append))) == 40
  assert sum(steps) == path.stat().st_size


def test_empty_file_has_no_records(tmp_path):
  assert read(writer.write(tmp_path / "a.tfrecord", [])) == []


@pytest.mark.parametrize(
  ("place", "message"),
  [
    (41 + 3, "byte 41: wrong checksum of a record length"),
    (41 + 9, "byte 41: wrong checksum of a record length"),
    (41 + 12, r"byte 41: wrong checksum \(CRC32C\) of a record"),
    (41 + 12 + 24, r"byte 41: wrong checksum \(CRC32C\) of a record"),
    (41 + 12 + 25, r"byte 41: wrong checksum \(CRC32C\) of a record"),
  ],
)
def test_flipped_bit_names_its_record(tmp_path, place, message):
  path = writer.write(
    tmp_path / "a.tfrecord", [b"x" * 25, b"y" * 25, b"z" * 25]
  )
  content = bytearray(path.read_bytes())
  content[place] ^= 0x10
  path.write_bytes(content)
  with pytest.raises(errors.UserError, match=f"damaged at {message}"):
    read(path)


@pytest.mark.parametrize("left", [1, 11, 12, 30, 40])
def test_truncated(tmp_path, left):
  path = writer.write(tmp_path / "a.tfrecord", [b"x" * 25, b"y" * 25])
  path.write_bytes(path.read_bytes()[: 41 + left])
  with pytest.raises(errors.UserError, match="byte 41: the file ends within"):
    read(path)


def test_other_file(tmp_path):
  path = tmp_path / "a.tfrecord"
  path.write_bytes(b"<html>not found</html>" * 10)
  with pytest.raises(errors.UserError, match="byte 0: wrong checksum"):
    read(path)


def test_one_long_record_among_short_ones_takes_little_memory(tmp_path):
  """Strings are padded to about their own length, not to the longest."""
  records = [bytes(tfrecord.MAX_LENGTH), *[b""] * 20_000]
  tracemalloc.start()
  assert tfrecord.crc32c(records)[1:].tolist() == [0] * 20_000
  assert tracemalloc.get_traced_memory()[1] < 50 << 20
  tracemalloc.stop()
