"""TFRecord framing and CRC32C against an independent bit-by-bit version."""

import pytest

from nasjax import errors
from nasjax.benchmarks import tfrecord

from . import tfrecord_writer as writer


def read(path):
  return [record for batch in tfrecord.read(path) for record in batch]


@pytest.mark.parametrize(
  "data",
  [
    b"",
    b"123456789",
    bytes(32),
    b"\xff" * 32,
    bytes(range(256)),
    b"x" * 70_000,
  ],
)
def test_checksums(data):
  assert tfrecord.masked(data) == writer.masked(data)


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
