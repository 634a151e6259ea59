"""Reading foreign bytes: what is refused, and how it is said."""

import gzip
import io
import json
import os
import pathlib
import tokenize
import zipfile
import zlib

import pytest

import nasjax
from nasjax import errors, files, foreign
from nasjax.benchmarks import custom
from nasjax.predictors import exporting


@pytest.mark.parametrize(
  "raised",
  [
    NotImplementedError("compression 99"),
    RecursionError(),
    MemoryError(),
    OverflowError("too large"),
    TypeError("bad"),
    tokenize.TokenError("eof"),
    zlib.error("header"),
    EOFError(),
  ],
)
def test_what_a_reader_raises_is_one_line(raised):
  with (
    pytest.raises(errors.UserError) as caught,
    foreign.reading("x.npz", "a complete .npz file"),
  ):
    raise raised
  message = str(caught.value)
  assert message.startswith("'x.npz' is not a complete .npz file (")
  assert message.endswith("); fetch it again")
  assert "\n" not in message


def test_missing_files_are_named():
  with (
    pytest.raises(errors.UserError, match="no such file: 'a'"),
    foreign.reading("a", "a table"),
  ):
    raise FileNotFoundError("a")


def test_folders_and_closed_files_say_what_they_are(tmp_path):
  with (
    pytest.raises(errors.UserError, match="is not a table but a folder; give"),
    foreign.reading(tmp_path, "a table"),
  ):
    tmp_path.read_bytes()
  with (
    pytest.raises(errors.UserError, match="cannot be read: no entry"),
    foreign.reading("x", "a table"),
  ):
    raise PermissionError(13, "no entry")


def test_defects_keep_their_traceback():
  with pytest.raises(AssertionError), foreign.reading("a", "a table"):
    raise AssertionError
  with (
    pytest.raises(errors.UserError, match=r"^as it is$"),
    foreign.reading("a", "a table"),
  ):
    raise errors.UserError("as it is")


def test_content_is_bounded():
  foreign.afford("a", foreign.MAX_BYTES)
  with pytest.raises(errors.UserError, match=r"'a' would take 4.0 GiB .* 1.0"):
    foreign.afford("a", 4 << 30)


def test_quotes_are_short():
  assert errors.quote("nb201") == "'nb201'"
  long = errors.quote("x" * 10_000_000)
  assert len(long) < 300
  assert "10000000 characters" in long
  assert len(errors.quote(list(range(10_000)))) < 300


def test_names_are_quoted_once():
  assert foreign.name_of("a") == "'a'"
  assert foreign.name_of("'a'") == "'a'"
  assert foreign.name_of(pathlib.Path("a")) == "'a'"
  assert len(foreign.name_of("a" * 10**6)) < 300


def test_large_files_may_take_more():
  assert foreign.budget(10, 4, least=100) == 100
  assert foreign.budget(1000, 4, least=100) == 4000


@pytest.mark.parametrize(
  ("shape", "count"),
  [((), 1), ((2, 3), 6), ((0,), 0), ((0, 1000), 0), ((1 << 24, 0), 0)],
)
def test_shapes_that_fit(shape, count):
  foreign.check_shape(shape, count)


@pytest.mark.parametrize(
  ("shape", "count"),
  [((), 0), ((2, 3), 5), ((-2, -3), 6), ((0, -1), 0), (((1 << 24) + 1, 0), 0)],
)
def test_shapes_that_do_not_fit(shape, count):
  with pytest.raises(ValueError, match="shape"):
    foreign.check_shape(shape, count)


def test_what_is_packed_is_bounded():
  packed = io.BytesIO(gzip.compress(bytes(1000)))
  with gzip.open(packed) as file:
    assert foreign.unpack(file, "x.gz", 1000) == bytes(1000)
  packed.seek(0)
  with (
    gzip.open(packed) as file,
    pytest.raises(errors.UserError, match=r"'x.gz' unpacks to more than 0 MiB"),
  ):
    foreign.unpack(file, "x.gz", 999)


def test_json():
  assert foreign.parse_json(b'{"a": [1]}', "x", "a table") == {"a": [1]}
  for content in (b"[" * 10**5, b"{", b"\xff", b"9" * 5000):
    with pytest.raises(errors.UserError, match=r"^'x' is not a table \("):
      foreign.parse_json(content, "x", "a table")
  with pytest.raises(errors.UserError, match="would take"):
    foreign.parse_json(b" " * (17 << 20), "x", "a table")


def archive(names):
  stream = io.BytesIO()
  with zipfile.ZipFile(stream, "w") as file:
    for name in names:
      file.writestr(name, "")
  return stream


def test_directories_of_archives_are_bounded():
  stream = archive([f"{number}" + "n" * 1000 for number in range(100)])
  with foreign.open_zip(stream, "x.zip") as file:
    assert len(file.namelist()) == 100
  with pytest.raises(errors.UserError, match=r"'x.zip' lists members in"):
    foreign.open_zip(stream, "x.zip", max_directory=100_000)
  with pytest.raises(zipfile.BadZipFile):
    foreign.open_zip(io.BytesIO(b"no archive"), "x.zip")


def test_directories_with_64_bit_numbers_are_bounded(monkeypatch):
  monkeypatch.setattr(zipfile, "ZIP_FILECOUNT_LIMIT", 10)
  stream = archive([f"{number}" + "n" * 1000 for number in range(100)])
  assert b"PK\6\6" in stream.getvalue()
  place = stream.getvalue().rindex(b"PK\5\6")
  # The end with 32-bit numbers says little.
  content = bytearray(stream.getvalue())
  content[place + 12 : place + 16] = bytes(4)
  with pytest.raises(errors.UserError, match="lists members in"):
    foreign.open_zip(io.BytesIO(content), "x.zip", max_directory=100_000)


def test_devices_and_pipes_are_refused_at_once(tmp_path):
  pipe = tmp_path / "pipe.npz"
  os.mkfifo(pipe)
  space = nasjax.get_space("nb201")
  for path in ("/dev/zero", str(pipe)):
    for read in (
      files.read_npz,
      files.sha256,
      lambda name: files.read_json(name, "JSON"),
      exporting.load,
      lambda name: custom.read_table(name, space),
    ):
      with pytest.raises(errors.UserError, match="expected a regular file"):
        read(path)


def test_whole_numbers_of_json_have_a_bound():
  assert foreign.parse_json(b"[12]", "a.json", "JSON") == [12]
  with pytest.raises(errors.UserError) as raised:
    foreign.parse_json(b"[" + b"1" * 5000 + b"]", "a.json", "JSON")
  assert str(raised.value) == (
    "'a.json' is not JSON (a whole number of more than 400 digits); fetch it "
    "again"
  )


def test_pythons_advice_on_long_numbers_is_left_out():
  with (
    pytest.raises(errors.UserError, match="whole number of too many digits"),
    foreign.reading("a.json", "JSON"),
  ):
    json.loads("1" * 5000)
