"""Image sets in every format."""

import gzip
import io
import zipfile

import numpy as np
import scipy.io

from nasjax.images import load_images
from tests.fuzz import mutators
from tests.fuzz.runner import Reader
from tests.images import image_writers as writers

_IMAGES = np.random.default_rng(0).integers(0, 256, (12, 32, 32, 3), np.uint8)
_LABELS = np.array([3, 1, 0, 1, 5, 9, 2, 1, 5, 3, 0, 9])
_NAMES = [f"class {label}" for label in range(10)]
_TINY = _IMAGES[:6, :8, :8]


def _valid(_, found):
  """Whether labels are classes, and splits images of trained classes."""
  labels = np.asarray(found.labels)
  trained = set(labels[found.splits.get("train", slice(None))])
  return bool(
    len(found.images) == len(labels) > 0
    and labels.min() >= 0
    and labels.max() < len(found.class_names)
    and all(rows.max() < len(labels) for rows in found.splits.values())
    and (set(labels) <= trained or "train" not in found.splits)
  )


def _files(content):
  """Makes a folder of files; returns those that may be mutated."""

  def make(folder):
    inner = folder / "set"
    inner.mkdir()
    writers.write(content, inner)
    return [path for path in sorted(inner.rglob("*")) if path.is_file()]

  return make


def _archive(pack, name, content):
  def make(folder):
    return [pack(content, folder / name)]

  return make


def _folder(form="PNG"):
  suffix = {"PNG": "png", "JPEG": "jpg", "BMP": "bmp", "GIF": "gif"}[form]
  return {
    f"{'cat' if row % 2 else 'dog'}/{row}.{suffix}": writers.png(image, form)
    for row, image in enumerate(_TINY)
  }


def _npz():
  stream = io.BytesIO()
  np.savez(stream, images=_TINY, labels=_LABELS[:6] % 3)
  return stream.getvalue()


def _mat():
  stream = io.BytesIO()
  rows = {"X": _IMAGES[:6].transpose(1, 2, 3, 0), "y": _LABELS[:6, None] + 1}
  scipy.io.savemat(stream, rows)
  return stream.getvalue()


def _load(name):
  def read(folder):
    found = load_images(folder / name)
    for image in found.images:  # pictures are decoded when they are needed
      assert image.dtype == np.uint8
    return found

  return read


def _pickle(rng, content):
  """CIFAR's pickles keep their start, so that the rest is read."""
  return mutators.mutate(rng, content, mutators._CODES)


def _header(rng, content):
  """Mutates the headers of a tar archive, with right checksums or not."""
  plain = bytearray(gzip.decompress(content))
  start = 512 * rng.randrange(len(plain) // 512)
  place = (
    start + rng.choice((0, 100, 124, 156, 157, 257, 345)) + rng.randrange(9)
  )
  plain[place] = rng.choice(b"\0L K01237xgSVD/.~9")
  if rng.random() < 0.7:
    head = plain[start : start + 512]
    head[148:156] = b" " * 8
    plain[start + 148 : start + 156] = b"%06o\0 " % sum(head)
  return gzip.compress(bytes(plain), 1)


def _directory(rng, content):
  """Mutates the directory of a zip archive alone, or a member."""
  if rng.random() < 0.5:
    return mutators.inside_zip(rng, content)
  with zipfile.ZipFile(io.BytesIO(content)) as archive:
    start = archive.start_dir
  return content[:start] + mutators.mutate(rng, content[start:])


def _set(name, content, mutate=None):
  return Reader(name, _files(content), _load("set"), _valid, mutate)


READERS = [
  *(
    Reader(f"folder of {form}", _files(_folder(form)), _load("set"), _valid)
    for form in ("PNG", "JPEG", "BMP", "GIF")
  ),
  Reader("image npz", _files({"x.npz": _npz()}), _load("set/x.npz"), _valid,
         mutators.inside_zip),
  _set("MNIST", writers.mnist(_IMAGES[..., 0], _LABELS), mutators.inside_gzip),
  _set("MNIST (unpacked)", writers.mnist(_IMAGES[..., 0], _LABELS, "")),
  _set("CIFAR-10", writers.cifar10(_IMAGES, _LABELS, _NAMES), _pickle),
  _set("CIFAR-10 (binary)", writers.cifar10_binary(_IMAGES, _LABELS, _NAMES)),
  _set("CIFAR-100", writers.cifar100(_IMAGES, _LABELS, _NAMES), _pickle),
  _set("ImageNet16", writers.imagenet16(_IMAGES[:, :16, :16], _LABELS),
       _pickle),
  _set("SVHN", {"train_32x32.mat": _mat(), "test_32x32.mat": _mat()}),
  Reader("tar.gz", _archive(writers.tar_gz, "x.tar.gz", _folder()),
         _load("x.tar.gz"), _valid, _header),
  Reader("zip", _archive(writers.zipped, "x.zip", _folder()), _load("x.zip"),
         _valid, _directory),
]  # fmt: skip
