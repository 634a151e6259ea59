"""MNIST, Fashion-MNIST and their kin: IDX files, gzipped or not.

Format as LeCun's page on MNIST describes it: two zero bytes, a type code, the
number of axes, the axes as big-endian integers, the values.
"""

import gzip
import io
import math
import pathlib
import re

import numpy as np

from nasjax import errors, foreign
from nasjax.images import base, limits, sources

FASHION = (
  "T-shirt/top",
  "Trouser",
  "Pullover",
  "Dress",
  "Coat",
  "Sandal",
  "Shirt",
  "Sneaker",
  "Bag",
  "Ankle boot",
)
_SPLITS = {"train": "train", "test": "t10k"}
_KINDS = ("images-idx3-ubyte", "labels-idx1-ubyte")
_UBYTE = 0x08


def _variants(name: str) -> list[str]:
  dotted = name.replace("-idx", ".idx")
  return [name, f"{name}.gz", dotted, f"{dotted}.gz"]


def _locate(source: sources.Source, root: str, name: str) -> str | None:
  for variant in _variants(name):
    if root + variant in source:
      return root + variant
  return None


def detect(source: sources.Source) -> str | None:
  """Returns the prefix of the files, or None where this is another format."""
  for variant in _variants(f"train-{_KINDS[0]}"):
    root = source.find(variant)
    if root is not None:
      return root
  return None


def load(source: sources.Source, root: str) -> base.ImageSet:
  """Reads the splits that are there; images are grey.

  Classes are called by their numbers, or by the names of Fashion-MNIST where
  the path says `fashion`.

  Args:
    source: the files.
    root: the prefix that `detect` returned.

  Raises:
    UserError: a file is missing or damaged.
  """
  parts = {}
  for split, prefix in _SPLITS.items():
    if split == "test" and _locate(source, root, f"t10k-{_KINDS[0]}") is None:
      continue
    found = []
    for kind in _KINDS:
      name = f"{prefix}-{kind}"
      found.append(_read(source, _locate(source, root, name) or root + name))
    images, labels = found
    if images.ndim != 3 or labels.shape != images.shape[:1]:
      raise errors.UserError(
        f"{source.here}: expected {split} images [n, H, W] and labels "
        f"[n], got {images.shape} and {labels.shape}; fetch them again"
      )
    parts[split] = images[..., None], labels
  fashion = re.search("fashion", str(source.path), re.I)
  largest = max(int(labels.max(initial=0)) for _, labels in parts.values())
  if fashion and largest < len(FASHION):
    return base.join("fashion_mnist", parts, FASHION)
  names = [str(number) for number in range(largest + 1)]
  return base.join(source.stem, parts, names)


def _read(source: sources.Source, name: str) -> np.ndarray:
  """Reads one file; stops where a header promises more than there is."""
  content = source.read(name)
  packed = content[:2] == b"\x1f\x8b"
  stream = gzip.GzipFile(fileobj=io.BytesIO(content)) if packed else None
  with foreign.reading(source.at(name), "a complete IDX file of bytes"):
    return _parse(stream or io.BytesIO(content), source.at(name))


def _parse(stream, path: pathlib.Path) -> np.ndarray:
  head = stream.read(4)
  if len(head) < 4 or head[:2] != b"\0\0" or head[2] != _UBYTE:
    raise ValueError(f"it starts with {head.hex() or 'nothing'}")
  shape = np.frombuffer(stream.read(4 * head[3]), ">u4")
  if len(shape) != head[3]:
    raise ValueError("its header is cut off")
  size = math.prod(int(length) for length in shape)
  foreign.afford(path, size, limits.MAX_ARRAYS // len(_SPLITS))
  content = stream.read(size)
  if len(content) != size or stream.read(1):
    raise ValueError(f"its header promises {size} bytes, which it has not")
  return np.frombuffer(content, np.uint8).reshape([int(n) for n in shape])
