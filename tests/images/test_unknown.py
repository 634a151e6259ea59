"""Paths that hold no image set: one short line that says what they are."""

import bz2
import gzip
import io
import lzma
import tarfile

import image_writers as writers
import numpy as np
import pytest

from nasjax import errors
from nasjax.images import load_images, sources

NOISE = np.random.default_rng(0).integers(0, 256, 40_000, np.uint8).tobytes()
FILES = {f"{name}/1.png": NOISE for name in ("cat", "dog", "fox")}


def tar(files):
  stream = io.BytesIO()
  with tarfile.open(fileobj=stream, mode="w") as archive:
    for name, content in files.items():
      member = tarfile.TarInfo(name)
      member.size = len(content)
      archive.addfile(member, io.BytesIO(content))
  return stream.getvalue()


def line(path):
  with pytest.raises(errors.UserError) as raised:
    load_images(path)
  text = str(raised.value).replace(str(path.parent), "")
  assert "\n" not in text
  assert len(text) < 300
  return text


@pytest.mark.parametrize(
  ("content", "name", "got"),
  [
    (bz2.compress(tar(FILES)), "a.tar.bz2", "a bzip2 archive; unpack it"),
    (lzma.compress(tar(FILES)), "a.tar.xz", "an xz archive; unpack it"),
    (b"Rar!\x1a\x07\1\0", "a.rar", "a rar archive; unpack it"),
    (b"7z\xbc\xaf\x27\x1c\0\4", "a.7z", "a 7z archive; unpack it"),
    (
      b"version https://git-lfs.github.com/spec/v1\noid sha256:4d",
      "a.tar.gz",
      "a Git LFS pointer; run `git lfs pull`",
    ),
    (b"\x89PNG\r\n\x1a\n", "a.png", "a single image; give a folder"),
    (b"\n<!DOCTYPE html><html>", "a.zip", "a web page; fetch"),
    (b"", "a.zip", "an empty file; fetch"),
    (NOISE, "a.zip", "a damaged archive; fetch"),
    (NOISE, "a.bin", "another file; give a folder"),
    (gzip.compress(b"labels", mtime=0), "labels.gz", "one gzipped file"),
  ],
)
def test_files_are_called_what_they_are(content, name, got, tmp_path):
  (tmp_path / name).write_bytes(content)
  assert f"got {got}" in line(tmp_path / name)


def test_folders_too(tmp_path):
  assert "got no file; add images" in line(tmp_path)
  (tmp_path / "a.txt").write_text("words")
  assert "suffix of an image, 1 ('a.txt')" in line(tmp_path)
  writers.write({"cat/1.heic": b"x", "cat/2.jp2": b"x"}, tmp_path)
  assert "not read, 2 ('cat/1.heic'); convert them" in line(tmp_path)


@pytest.mark.parametrize("form", ["tar", "tar.gz", "zip"])
@pytest.mark.parametrize("kind", ["half", "all but the end", "a bit"])
def test_damaged_archives_are_called_so(form, kind, tmp_path):
  path = tmp_path / f"a.{form}"
  if form == "tar":
    path.write_bytes(tar(FILES))
  else:
    (writers.zipped if form == "zip" else writers.tar_gz)(FILES, path)
  content = bytearray(path.read_bytes())
  if kind == "half":
    content = content[: len(content) // 2]
  elif kind == "all but the end":
    content = content[: 10_240 * 12 - 6_000 if form == "tar" else -40]
  elif form == "tar":
    content[0] ^= 4  # contents of a plain tar have no checksum
  else:
    content[len(content) // 2] ^= 4
  path.write_bytes(content)
  if (form, kind) == ("zip", "a bit"):  # told where the image is used
    with pytest.raises(errors.UserError, match="size or checksum is wrong"):
      sources.open_source(path).read("dog/1.png")
    return
  text = line(path)
  assert "is not a complete archive (" in text
  assert "; it may be damaged: fetch it again" in text
