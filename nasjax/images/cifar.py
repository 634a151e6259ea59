"""CIFAR-10 and CIFAR-100 in their official Python and binary archives.

Krizhevsky, "Learning multiple layers of features from tiny images", 2009;
formats as https://www.cs.toronto.edu/~kriz/cifar.html describes them.
"""

import dataclasses
import io

import numpy as np

from nasjax import errors, foreign
from nasjax.images import base, limits, sources
from nasjax.io import safe_pickle

PIXELS = 3 * 32 * 32
_MAX_NAMES = 1 << 20  # bytes of the file of class names


@dataclasses.dataclass(frozen=True)
class _Layout:
  """One of the four archives.

  Attributes:
    name: name of the data set.
    train: files of the training split.
    test: file of the test split.
    names: file of the class names.
    label: key of the labels in the pickles, or the number of label bytes.
    names_key: key of the class names in the pickle.
  """

  name: str
  train: tuple[str, ...]
  test: str
  names: str
  label: str | int
  names_key: str = ""


_BATCHES = tuple(f"data_batch_{number}" for number in range(1, 6))
_LAYOUTS = (
  _Layout(
    "cifar10", _BATCHES, "test_batch", "batches.meta", "labels", "label_names"
  ),
  _Layout(
    "cifar10",
    tuple(f"{name}.bin" for name in _BATCHES),
    "test_batch.bin",
    "batches.meta.txt",
    1,
  ),
  _Layout(
    "cifar100", ("train",), "test", "meta", "fine_labels", "fine_label_names"
  ),
  _Layout("cifar100", ("train.bin",), "test.bin", "fine_label_names.txt", 2),
)


def _find(source: sources.Source) -> tuple[_Layout, str] | None:
  for layout in _LAYOUTS:
    root = source.find(layout.names, layout.train[0])
    if root is not None:
      return layout, root
  return None


def detect(source: sources.Source) -> str | None:
  """Returns the prefix of the files, or None where this is another format."""
  found = _find(source)
  return None if found is None else found[1]


def load(source: sources.Source, root: str) -> base.ImageSet:
  """Reads both splits; CIFAR-100 with its 100 fine labels.

  Args:
    source: the files.
    root: the prefix that `detect` returned.

  Raises:
    UserError: a file is missing, damaged, or names code.
  """
  found = _find(source)
  assert found is not None
  layout, _ = found
  total = sum(
    source.size(root + name)
    for name in (*layout.train, layout.test, layout.names)
    if root + name in source
  )
  foreign.afford(source.path, total, limits.MAX_ARRAYS)
  read = _binary if isinstance(layout.label, int) else _pickled
  train = [read(source, root + name, layout.label) for name in layout.train]
  parts = {
    "train": (
      np.concatenate([images for images, _ in train]),
      np.concatenate([labels for _, labels in train]),
    ),
    "test": read(source, root + layout.test, layout.label),
  }
  return base.join(layout.name, parts, _class_names(source, root, layout))


def to_images(flat: np.ndarray, size: int) -> np.ndarray:
  """Turns rows of planes `[n, 3 size^2]` into images `[n, size, size, 3]`."""
  planes = flat.reshape(-1, 3, size, size)
  return np.ascontiguousarray(planes.transpose(0, 2, 3, 1))


def read_batch(
  source: sources.Source, name: str, label_key: str, size: int
) -> tuple[np.ndarray, np.ndarray]:
  """Reads a pickled batch: `data` and a list of labels.

  Args:
    source: the files.
    name: name of the batch.
    label_key: key of the labels.
    size: height and width of the images.

  Returns:
    Images `[n, size, size, 3]` uint8 and labels `[n]` int64.

  Raises:
    UserError: the batch is damaged or names code.
  """
  path, where = source.at(name), source.where(name)
  content = source.read(name, limits.MAX_ARRAYS // 2)
  with foreign.reading(path, "a complete batch of images"):
    batch = safe_pickle.load_arrays(io.BytesIO(content), where)
    batch = batch if isinstance(batch, dict) else {}
    data, labels = batch.get("data"), batch.get(label_key)
    if (
      not isinstance(data, np.ndarray)
      or data.dtype != np.uint8
      or data.shape[1:] != (3 * size * size,)
      or not isinstance(labels, (list, np.ndarray))
      or np.shape(labels) != data.shape[:1]
      or np.asarray(labels).dtype.kind not in "iu"
    ):
      raise errors.UserError(
        f"{where}: expected 'data' [n, {3 * size * size}] uint8 and n labels "
        f"{label_key!r}, got keys {errors.quote(sorted(map(str, batch)))}; "
        "fetch it again"
      )
    return to_images(data, size), np.asarray(labels, np.int64)


def _pickled(source: sources.Source, name: str, label_key):
  return read_batch(source, name, label_key, 32)


def _binary(source: sources.Source, name: str, num_labels):
  """Reads records of label bytes and 3,072 pixels; the last label counts."""
  record = num_labels + PIXELS
  content = source.read(name)
  if not content or len(content) % record:
    raise errors.UserError(
      f"{source.where(name)}: expected records of {record} bytes, got "
      f"{len(content)} bytes; fetch it again"
    )
  rows = np.frombuffer(content, np.uint8).reshape(-1, record)
  labels = rows[:, num_labels - 1].astype(np.int64)
  return to_images(rows[:, num_labels:], 32), labels


def _class_names(
  source: sources.Source, root: str, layout: _Layout
) -> list[str]:
  content = source.read(root + layout.names, _MAX_NAMES)
  where = source.where(root + layout.names)
  if isinstance(layout.label, int):
    lines = content.decode("utf-8", "replace").splitlines()
    return [line.strip() for line in lines if line.strip()]
  meta = safe_pickle.load_arrays(io.BytesIO(content), where)
  names = meta.get(layout.names_key) if isinstance(meta, dict) else None
  if not isinstance(names, list) or not all(
    isinstance(name, str) for name in names
  ):
    raise errors.UserError(
      f"{where}: expected a list {layout.names_key!r} of names; fetch it again"
    )
  return names
