"""Archives and folders: what is read, and what reading may cost."""

import gzip
import io
import os
import struct
import tarfile
import zipfile

import image_writers as writers
import numpy as np
import pytest

from nasjax import errors
from nasjax.images import archives, limits, load_images, sources

FILES = {"cat/1.png": b"one", "dog/deep/2.png": b"two" * 400, "a.txt": b""}


def contents(path):
  source = sources.open_source(path)
  assert [source.size(name) for name in source.names] == [
    len(source.read(name)) for name in source.names
  ]
  return {name: source.read(name) for name in source.names}


def refused(path, message, **options):
  with pytest.raises(errors.UserError, match=message) as raised:
    sources.open_source(path, **options)
  assert "\n" not in str(raised.value)
  assert len(str(raised.value)) < 800


def header(name, size=0, kind=tarfile.REGTYPE):
  member = tarfile.TarInfo(name)
  member.size, member.type = size, kind
  return member.tobuf(tarfile.GNU_FORMAT)


def padded(content):
  return content + bytes(-len(content) % 512)


def packed(tmp_path, *blocks):
  path = tmp_path / "set.tar.gz"
  path.write_bytes(gzip.compress(b"".join(blocks), 1))
  return path


@pytest.mark.parametrize("mode", ["w", "w:gz"])
@pytest.mark.parametrize(
  "form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT]
)
def test_tar_archives_of_every_form(form, mode, tmp_path):
  content = dict(FILES)
  content["x" * 90 + "/" + "y" * 90 + ".png"] = b"a prefix, or a long name"
  if form != tarfile.USTAR_FORMAT:
    content["ä" * 120 + "/ö.png"] = b"records"
  path = tmp_path / "set"
  with tarfile.open(path, mode, format=form) as archive:
    for name, data in content.items():
      member = tarfile.TarInfo("./" + name)
      member.size, member.mtime = len(data), 1.5
      archive.addfile(member, io.BytesIO(data))
    for folder in (".", "empty/inner"):
      member = tarfile.TarInfo(folder)
      member.type = tarfile.DIRTYPE
      archive.addfile(member)
  assert contents(path) == content
  folders = sources.open_source(path).folders
  assert {"cat", "dog", "dog/deep", "empty", "empty/inner"} <= set(folders)
  assert "." not in folders


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_zip_archives(method, tmp_path):
  path = tmp_path / "set.zip"
  with zipfile.ZipFile(path, "w", method) as archive:
    for name, data in FILES.items():
      archive.writestr(name, data)
  assert contents(path) == FILES
  path.write_bytes(b"#!/bin/sh\n" + path.read_bytes())  # something before it
  assert contents(path) == FILES


def test_a_large_gzipped_tar_is_kept_in_a_nameless_file(tmp_path, monkeypatch):
  monkeypatch.setattr(archives, "_IN_MEMORY", 100)
  monkeypatch.setenv("TMPDIR", str(tmp_path))
  monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
  path = writers.tar_gz(FILES, tmp_path / "set.tar.gz")
  assert contents(path) == FILES
  assert os.listdir(tmp_path) == ["set.tar.gz"]


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_compressions_are_refused_by_name(method, tmp_path):
  path = tmp_path / "set.zip"
  with zipfile.ZipFile(path, "w", method) as archive:
    archive.writestr("cat/1.png", b"one")
  with pytest.raises(errors.UserError, match=rf"method {method}; expected def"):
    sources.open_source(path).read("cat/1.png")


def test_encrypted_and_changed_members(tmp_path):
  path = writers.zipped(FILES, tmp_path / "set.zip")
  raw = path.read_bytes()
  place = raw.index(b"PK\1\2") + 8
  path.write_bytes(raw[:place] + b"\1\0" + raw[place + 2 :])
  with pytest.raises(errors.UserError, match="encrypted"):
    sources.open_source(path).read("cat/1.png")
  path.write_bytes(raw.replace(b"PK\3\4", b"PK\3\5"))
  with pytest.raises(errors.UserError, match="header is damaged"):
    sources.open_source(path).read("cat/1.png")


@pytest.mark.parametrize(
  ("blocks", "message"),
  [
    ([header("cat/1.png", 9 << 30)], "more than 67108864 bytes"),
    ([header("cat/1.png", 9 << 20), bytes(100)], "ends within a file"),
    (
      [header("cat/1.png", 512, b"S"), bytes(512)],
      "link or device 'cat/1.png'",
    ),
    ([header("@", 1 << 30, b"L")], "1073741824 bytes of names"),
    (
      [header("@", 9999, b"L"), padded(b"a/" * 4999), header("a")],
      r"16 folders, got \d+ and",
    ),
    (
      [header("@", 1500, b"L"), padded(b"a" * 1500), header("a")],
      "at most 1024",
    ),
    ([header("@", 9, b"x"), padded(b"90 path=a")], "pax records are damaged"),
    ([header("@", 9, b"x"), padded(b"9 size=x\n"), header("a")], "number 'x'"),
    ([header("@", 10, b"g"), padded(b"10 path=a\n")], "all members at once"),
    (
      [header("@", 22, b"x"), padded(b"22 GNU.sparse.major=1\n"), header("a")],
      "sparse file 'a'",
    ),
    (
      [
        header("@", 11 * 40, b"x"),
        padded(b"".join(b"11 k%d=abc\n" % i for i in range(10, 50))),
      ],
      "pax records are damaged",
    ),
    ([header("a")[:-1] + b"x"], "checksum of a header"),
    ([header("a")[:300]], "within a header"),
    ([header("a"), bytes(30 << 20)], "follow its last file"),
    ([header("a"), header("a")], "two files of one name"),
  ],
)
def test_tars_that_are_refused(blocks, message, tmp_path):
  refused(packed(tmp_path, *blocks), message)


def test_numbers_of_gnu(tmp_path):
  block = bytearray(header("cat/1.png"))
  for size, message in ((1 << 62, "more than"), (-1, "holds the number")):
    block[124:136] = (
      b"\x80" + size.to_bytes(11, "big") if size > 0 else b"\xff" * 12
    )
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    refused(packed(tmp_path, bytes(block), bytes(1024)), message)


def test_many_headers_and_members(tmp_path, monkeypatch):
  monkeypatch.setattr(limits, "MAX_MEMBERS", 50)
  link = header("@", 3, b"L") + padded(b"abc")
  refused(packed(tmp_path, link * 101), "more than 100 files")
  many = {f"cat/{i}.png": b"" for i in range(51)}
  refused(writers.tar_gz(many, tmp_path / "a.tar.gz"), "more than 50 files")
  refused(writers.zipped(many, tmp_path / "a.zip"), "more than 50 files")


def test_zips_that_are_refused(tmp_path, monkeypatch):
  names = {"a/" * 4000 + "1.png": b""}
  refused(writers.zipped(names, tmp_path / "a.zip"), "16 folders, got 8005")
  path = writers.zipped(FILES, tmp_path / "set.zip")
  monkeypatch.setattr(archives, "_MAX_DIRECTORY", 100)
  refused(path, "list of files takes")


def test_an_archive_may_not_unpack_to_a_hundred_times_its_size(tmp_path):
  assert limits.unpacked(1000) == 64 << 20
  assert limits.unpacked(1 << 20) == 100 << 20
  assert limits.unpacked(100 << 20) == 1 << 30
  assert limits.unpacked(1 << 30) == 4 << 30
  path = tmp_path / "set.zip"
  with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
    archive.writestr("cat/1.png", bytes(70 << 20))
  refused(path, "more than 67108864 bytes")
  raw = path.read_bytes()  # a member that says less than it holds
  size = struct.pack("<I", 70 << 20)
  path.write_bytes(raw.replace(size, struct.pack("<I", 5)))
  with pytest.raises(errors.UserError, match="size or checksum"):
    sources.open_source(path).read("cat/1.png")


def nested(folder, depth):
  folder.joinpath(*"d" * depth).mkdir(parents=True)
  return folder


def test_deep_folders_are_refused(tmp_path):
  assert len(sources.open_source(nested(tmp_path / "a", 17)).folders) == 17
  refused(nested(tmp_path / "b", 300), r"16 folders, got \d+ and 17")


def test_too_many_files_are_refused(tmp_path, monkeypatch):
  monkeypatch.setattr(limits, "MAX_FILES", 3)
  path = writers.write(FILES, tmp_path / "set")
  refused(path, "more than 3 files")


def test_a_lattice_of_links_is_refused(tmp_path):
  for level in range(12):
    (tmp_path / f"n{level}").mkdir()
    for number in range(4):
      link = tmp_path / f"n{level}" / f"link{number}"
      link.symlink_to(tmp_path / f"n{level + 1}")
  (tmp_path / "n12").mkdir()
  refused(tmp_path, "more than 1000 links to folders")


@pytest.mark.parametrize("place", ["cat/1.png", "fox"])
@pytest.mark.parametrize("kind", ["outside", "nothing"])
def test_links_out_of_a_folder_are_refused(place, kind, tmp_path):
  outside = writers.write(FILES, tmp_path / "outside")
  path = writers.write({"cat/2.png": b"", "dog/1.png": b""}, tmp_path / "set")
  target = outside / "cat" / ("1.png" if "/" in place else "")
  (path / place).symlink_to(tmp_path / "no" if kind == "nothing" else target)
  refused(path, rf"'.*/set/{place}' is a link to '.*expected files inside")


def test_links_inside_a_folder_are_followed(tmp_path):
  path = writers.write(FILES, tmp_path / "set")
  (path / "fox").symlink_to(path / "dog")
  (path / "cat" / "2.png").symlink_to("../dog/deep/2.png")
  (path / "dog" / "back").symlink_to(path)
  (tmp_path / "linked").symlink_to(path)  # the folder itself may be a link
  for root in (path, tmp_path / "linked"):
    names = sources.open_source(root).names
    assert {"fox/deep/2.png", "cat/2.png", "dog/deep/2.png"} <= set(names)
    assert not any("back" in name for name in names)


def test_large_files_are_refused_before_they_are_read(tmp_path):
  path = writers.write(FILES, tmp_path / "set")
  with open(path / "cat" / "1.png", "wb") as file:
    file.truncate(1 << 40)
  source = sources.open_source(path)
  with pytest.raises(errors.UserError, match=r"1\.png' would take 1024\.0 GiB"):
    source.read("cat/1.png")


def test_sets_that_are_read_at_once_are_bounded(tmp_path, monkeypatch, rng):
  monkeypatch.setattr(limits, "MAX_ARRAYS", 20_000)
  images = rng.integers(0, 256, (12, 32, 32, 3), np.uint8)
  labels, names = np.arange(12) % 10, [str(i) for i in range(10)]
  sets = {
    "cifar10": writers.cifar10(images, labels, names),
    "binary": writers.cifar10_binary(images, labels, names),
    "idx": writers.mnist(images[:, :, :, 0].repeat(2, 1), labels),
    "imagenet16": writers.imagenet16(
      np.tile(images[:11, :16, :16], (4, 1, 1, 1)), np.ones(44, int)
    ),
  }
  for name, content in sets.items():
    with pytest.raises(errors.UserError, match="GiB of memory: expected at"):
      load_images(writers.write(content, tmp_path / name))


def test_long_paths_are_shown_by_their_end(tmp_path):
  path = writers.write({"c" * 120 + "/" + "d" * 120 + "/1.png": b""}, tmp_path)
  source = sources.open_source(path)
  shown = source.where(source.names[0])
  assert shown.startswith("'...")
  assert shown.endswith("d/1.png'")
  assert len(shown) <= errors.QUOTED
