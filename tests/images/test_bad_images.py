"""Bad input: one clear line that names the file, or a handled set."""

import gzip
import io
import os
import pickle
import struct
import tarfile
import zipfile

import image_writers as writers
import numpy as np
import pytest

from nasjax import errors
from nasjax.images import load_images, sources

LABELS = np.arange(12) % 10
NAMES = [str(label) for label in range(10)]


@pytest.fixture
def content(rng):
  """An image folder of two classes."""
  pytest.importorskip("PIL", reason="Pillow is not installed")
  image = writers.png(rng.integers(0, 256, (4, 4, 3), np.uint8))
  return {"cat/1.png": image, "dog/1.png": image}


def test_empty_class(content, tmp_path):
  path = writers.write(content, tmp_path / "pets")
  (path / "fox" / "young").mkdir(parents=True)
  (path / "owl").mkdir()
  with pytest.raises(errors.UserError, match=r"'fox' \(and 1 more\).*no image"):
    load_images(path)


def test_empty_class_in_an_archive(content, tmp_path):
  path = writers.zipped({**content, "fox/": b""}, tmp_path / "pets.zip")
  with pytest.raises(errors.UserError, match=r"'fox' in .*no image"):
    load_images(path)


def test_class_of_other_files(content, tmp_path):
  path = writers.write({**content, "fox/a.txt": b""}, tmp_path / "pets")
  with pytest.raises(errors.UserError, match=r"'fox' in .*no image"):
    load_images(path)


def test_no_image_at_all(tmp_path):
  (tmp_path / "cat").mkdir()
  with pytest.raises(errors.UserError, match="no known image set"):
    load_images(tmp_path)


def test_corrupt_jpeg_is_named(content, rng, tmp_path):
  photo = writers.png(rng.integers(0, 256, (64, 64, 3), np.uint8), "JPEG")
  content["dog/2.jpg"] = photo[: len(photo) // 2]
  got = load_images(writers.write(content, tmp_path / "pets"))
  assert len(got) == 3
  with pytest.raises(errors.UserError, match=r"pets/dog/2\.jpg' is not a read"):
    got.resized(8)


def test_one_image(content, tmp_path):
  del content["dog/1.png"]
  got = load_images(writers.write(content, tmp_path / "pets"))
  assert (len(got), got.class_names) == (1, ("cat",))


def test_ten_thousand_classes(content, tmp_path):
  many = {f"{label:05}/1.png": content["cat/1.png"] for label in range(10_000)}
  got = load_images(writers.zipped(many, tmp_path / "many.zip"))
  assert got.num_classes == len(got) == 10_000
  np.testing.assert_array_equal(got.labels, np.arange(10_000))


@pytest.mark.parametrize(
  "name",
  ["../evil.png", "cat/../../evil.png", "/etc/evil.png", "C:/evil", "..\\evil"],
)
@pytest.mark.parametrize("form", ["zip", "tar.gz"])
def test_paths_out_of_an_archive_are_refused(name, form, content, tmp_path):
  pack = writers.zipped if form == "zip" else writers.tar_gz
  folder = tmp_path / "inside"
  folder.mkdir()
  path = pack({**content, name: b"evil"}, folder / f"pets.{form}")
  with pytest.raises(errors.UserError, match=r"leads out of it.*nothing was"):
    load_images(path)
  assert os.listdir(folder) == [path.name]
  assert os.listdir(tmp_path) == ["inside"]


@pytest.mark.parametrize(
  "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE]
)
def test_links_and_devices_in_a_tar_are_refused(kind, tmp_path):
  path = tmp_path / "pets.tar"
  with tarfile.open(path, "w") as archive:
    member = tarfile.TarInfo("cat/1.png")
    member.type = kind
    member.linkname = "/etc/passwd"
    archive.addfile(member)
  with pytest.raises(errors.UserError, match=r"link or device 'cat/1\.png'"):
    load_images(path)


def test_links_in_a_zip_are_refused(tmp_path):
  path = tmp_path / "pets.zip"
  with zipfile.ZipFile(path, "w") as archive:
    member = zipfile.ZipInfo("cat/1.png")
    member.external_attr = 0o120777 << 16
    archive.writestr(member, "/etc/passwd")
  with pytest.raises(errors.UserError, match=r"link 'cat/1\.png'"):
    load_images(path)


def test_bombs_are_refused(content, tmp_path):
  big = {**content, "cat/2.png": bytes(3_000_000)}
  for path in (
    writers.zipped(big, tmp_path / "pets.zip"),
    writers.tar_gz(big, tmp_path / "pets.tar.gz"),
  ):
    assert path.stat().st_size < 10_000
    with pytest.raises(errors.UserError, match="more than 1000000 bytes"):
      sources.open_source(path, max_bytes=1_000_000)
    assert len(sources.open_source(path, max_bytes=4_000_000).names) == 3


def test_a_header_can_be_no_bomb(tmp_path):
  member = tarfile.TarInfo("long")
  member.type = tarfile.GNUTYPE_LONGNAME
  member.size = 50_000_000
  path = tmp_path / "pets.tar.gz"
  path.write_bytes(gzip.compress(member.tobuf() + bytes(member.size)))
  with pytest.raises(errors.UserError, match="bomb"):
    sources.open_source(path, max_bytes=1_000_000)


def test_a_zip_that_understates_its_sizes(content, tmp_path):
  path = writers.zipped({"cat/1.png": bytes(1000)}, tmp_path / "pets.zip")
  raw = path.read_bytes()
  path.write_bytes(raw.replace(struct.pack("<I", 1000), struct.pack("<I", 10)))
  got = load_images(path)
  with pytest.raises(errors.UserError, match=r"cat/1.png' is not a readable"):
    got.resized(4)


def test_two_files_of_one_name(content, tmp_path):
  path = tmp_path / "pets.zip"
  with zipfile.ZipFile(path, "w") as archive:
    archive.writestr("cat/1.png", content["cat/1.png"])
    with pytest.warns(UserWarning, match="Duplicate"):
      archive.writestr("cat/1.png", content["cat/1.png"])
  with pytest.raises(errors.UserError, match="two files of one name"):
    load_images(path)


@pytest.mark.parametrize("form", ["zip", "tar.gz"])
def test_archives_that_are_cut_off(form, content, tmp_path):
  pack = writers.zipped if form == "zip" else writers.tar_gz
  path = pack(content, tmp_path / f"pets.{form}")
  raw = path.read_bytes()
  for cut in range(0, len(raw) - 1, 37):
    path.write_bytes(raw[:cut])
    with pytest.raises(errors.UserError):
      load_images(path).resized(4)


class Attack:
  """Writes a file when it is unpickled."""

  def __reduce__(self):
    return os.mkdir, ("ATTACKED",)


def test_code_in_a_pickle_is_not_run(rng, tmp_path, monkeypatch):
  monkeypatch.chdir(tmp_path)
  images = rng.integers(0, 256, (12, 32, 32, 3), np.uint8)
  content = writers.cifar10(images, LABELS, NAMES)
  for name in content:
    attacked = {**content, name: pickle.dumps({"data": Attack()})}
    path = writers.write(attacked, tmp_path / "set")
    with pytest.raises(errors.UserError, match=r"names (posix|nt).mkdir"):
      load_images(path)
  assert not (tmp_path / "ATTACKED").exists()


@pytest.mark.parametrize(
  "batch",
  [
    [1, 2],
    {"labels": [0]},
    {"labels": [0], "data": np.zeros((1, 3072))},
    {"labels": [0], "data": np.zeros((1, 3071), np.uint8)},
    {"labels": [0, 1], "data": np.zeros((1, 3072), np.uint8)},
    {"labels": ["a"], "data": np.zeros((1, 3072), np.uint8)},
    {"labels": [10], "data": np.zeros((1, 3072), np.uint8)},
  ],
)
def test_wrong_batches_are_refused(batch, rng, tmp_path):
  images = rng.integers(0, 256, (12, 32, 32, 3), np.uint8)
  content = writers.cifar10(images, LABELS, NAMES)
  content["cifar-10-batches-py/test_batch"] = pickle.dumps(batch)
  with pytest.raises(errors.UserError, match="expected"):
    load_images(writers.write(content, tmp_path))


def test_missing_and_short_batches(rng, tmp_path):
  images = rng.integers(0, 256, (12, 32, 32, 3), np.uint8)
  content = writers.cifar10_binary(images, LABELS, NAMES)
  home = "cifar-10-batches-bin/"
  path = writers.write(content, tmp_path)
  (tmp_path / home / "data_batch_3.bin").write_bytes(bytes(3072))
  with pytest.raises(errors.UserError, match=r"data_batch_3.*records of 3073"):
    load_images(path)
  (tmp_path / home / "data_batch_3.bin").unlink()
  with pytest.raises(errors.UserError, match=r"data_batch_3.bin' is missing"):
    load_images(path)


@pytest.mark.parametrize(
  "broken",
  [
    b"",
    b"\0\0\x08",
    b"\0\0\x0d\1\0\0\0\1\0",
    b"\0\0\x08\3\0\0\0\1",
    writers.idx(np.zeros((11, 2, 2)))[:-1],
    writers.idx(np.zeros((11, 2, 2))) + b"\0",
    b"\0\0\x08\3" + b"\xff" * 12,
    gzip.compress(writers.idx(np.zeros((11, 2, 2))), mtime=0)[:-9],
    gzip.compress(writers.idx(np.zeros((11, 2, 2))) + bytes(10**6), mtime=0),
    b"\0\0\x08\0\7",
    writers.idx(np.zeros((10, 2, 2))),
    writers.idx(np.zeros((11, 2))),
  ],
)
def test_broken_idx(broken, rng, tmp_path):
  images = rng.integers(0, 256, (12, 2, 2), np.uint8)
  content = writers.mnist(images, LABELS, "")
  content["train-images-idx3-ubyte"] = broken
  with pytest.raises(errors.UserError, match=r"expected|not a complete IDX"):
    load_images(writers.write(content, tmp_path))


def test_broken_mat(tmp_path):
  scipy_io = pytest.importorskip("scipy.io")
  path = tmp_path / "train_32x32.mat"
  for arrays in (
    {"X": np.zeros((32, 32, 3, 2), np.uint8)},
    {"X": np.zeros((32, 32, 3, 2)), "y": np.zeros((2, 1))},
    {"X": np.zeros((2, 32, 32, 3), np.uint8), "y": np.zeros((2, 1))},
    {"X": np.zeros((32, 32, 3, 2), np.uint8), "y": np.zeros((3, 1))},
  ):
    scipy_io.savemat(path, arrays)
    with pytest.raises(errors.UserError, match=r"expected X \[32, 32, 3, n\]"):
      load_images(path)
  scipy_io.savemat(path, {"X": np.zeros((32, 32, 3, 2), np.uint8)})
  raw = path.read_bytes()
  for broken in (b"", raw[:100], raw[:200], raw[:1000], b"\x89HDF" + raw):
    path.write_bytes(broken)
    with pytest.raises(
      errors.UserError, match=r"not a complete \.mat|expected X"
    ):
      load_images(path)


@pytest.mark.parametrize(
  ("arrays", "message"),
  [
    ({"images": np.zeros((2, 2, 2), np.uint8)}, "'images' and 'labels'"),
    ({"images": np.zeros((2, 2, 2)), "labels": [0, 1]}, "uint8"),
    (
      {"images": np.zeros((2, 2, 2, 4), np.uint8), "labels": [0, 1]},
      "C = 1 or",
    ),
    ({"images": np.zeros((2, 2, 2), np.uint8), "labels": [0]}, "one integer"),
    ({"images": np.zeros((1, 2, 2), np.uint8), "labels": [0.5]}, "one integer"),
    ({"images": np.zeros((1, 2, 2), np.uint8), "labels": [-1]}, "0, 1, 2"),
    (
      {"images": np.zeros((0, 2, 2), np.uint8), "labels": np.zeros(0, int)},
      "none",
    ),
    (
      {
        "images": np.zeros((1, 2, 2), np.uint8),
        "labels": [3],
        "class_names": ["a"],
      },
      r"labels in \[0, 1\)",
    ),
  ],
)
def test_wrong_arrays_in_npz(arrays, message, tmp_path):
  np.savez(tmp_path / "set.npz", **arrays)
  with pytest.raises(errors.UserError, match=message):
    load_images(tmp_path / "set.npz")


def test_broken_and_pickled_npz(tmp_path):
  path = tmp_path / "set.npz"
  np.savez(path, images=np.zeros((9, 8, 8), np.uint8), labels=np.zeros(9, int))
  raw = path.read_bytes()
  for cut in (0, 10, len(raw) // 2, len(raw) - 1):
    path.write_bytes(raw[:cut])
    with pytest.raises(errors.UserError, match="complete"):
      load_images(path)
  np.savez(path, images=np.array([None]), labels=np.zeros(1, int))
  with pytest.raises(errors.UserError, match="not a complete"):
    load_images(path)
  stream = io.BytesIO()
  np.savez_compressed(stream, images=np.zeros((2000, 50, 50), np.uint8))
  path.write_bytes(stream.getvalue())
  with pytest.raises(errors.UserError, match="bomb"):
    sources.open_source(path, max_bytes=1_000_000)


def test_imagenet16_without_its_classes(rng, tmp_path):
  images = rng.integers(0, 256, (22, 16, 16, 3), np.uint8)
  content = writers.imagenet16(images, np.full(22, 500))
  with pytest.raises(errors.UserError, match="labels 1 to 120"):
    load_images(writers.write(content, tmp_path))


def test_aircraft_with_a_missing_photograph(tmp_path):
  content = {
    "variants.txt": b"707\n",
    "images_variant_train.txt": b"0000001 707\n",
  }
  with pytest.raises(errors.UserError, match=r"train.txt.*got '0000001 707'"):
    load_images(writers.write(content, tmp_path))
