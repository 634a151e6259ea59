"""Image folders: one folder of images a class, with or without splits.

`ROOT/CLASS/**/IMAGE`, or `ROOT/train/CLASS/**/IMAGE` beside `ROOT/test/...`.
Files without the suffix of an image are passed over, and so are hidden ones.
"""

import functools

import numpy as np

from nasjax import errors
from nasjax.images import base, pixels, sources

SUFFIXES = (
  ".avif",
  ".bmp",
  ".gif",
  ".jpe",
  ".jpeg",
  ".jpg",
  ".pbm",
  ".pgm",
  ".png",
  ".ppm",
  ".tif",
  ".tiff",
  ".webp",
)
EXPECTED = "CLASS/*.png (or .jpg, ...), with or without train/ and test/ above"
_SPLITS = {
  "train": "train",
  "training": "train",
  "val": "val",
  "valid": "val",
  "validation": "val",
  "test": "test",
  "testing": "test",
}


def _is_hidden(name: str) -> bool:
  return any(
    part.startswith(".") or part == "__MACOSX" for part in name.split("/")
  )


def _image_names(source: sources.Source) -> list[str]:
  return [
    name
    for name in source.names
    if name.lower().endswith(SUFFIXES) and not _is_hidden(name)
  ]


def detect(source: sources.Source) -> str | None:
  """Returns the prefix of the folder that holds the class folders, or None.

  A folder that holds nothing but one folder of folders is entered.
  """
  names = [name for name in _image_names(source) if "/" in name]
  if not names:
    return None
  prefix = ""
  while True:
    inside = [name[len(prefix) :].split("/") for name in names]
    tops = {parts[0] for parts in inside}
    folders = _children(source, prefix)
    if len(folders) > 1 or min(map(len, inside)) < 3 or len(tops) > 1:
      return prefix
    if tops <= set(_SPLITS):
      return prefix
    prefix += tops.pop() + "/"


def _children(source: sources.Source, prefix: str) -> list[str]:
  """Returns the names of the folders directly inside a folder."""
  return [
    name[len(prefix) :]
    for name in source.folders
    if name.startswith(prefix)
    and "/" not in name[len(prefix) :]
    and not _is_hidden(name)
  ]


def _split_prefixes(source: sources.Source, root: str) -> dict[str, str]:
  """Returns split name to prefix; one nameless split where there are none."""
  folders = _children(source, root)
  splits = {
    _SPLITS[name.lower()]: f"{root}{name}/"
    for name in folders
    if name.lower() in _SPLITS
  }
  if "train" in splits and len(splits) == len(folders):
    return splits
  return {"": root}


def load(source: sources.Source, root: str) -> base.ImageSet:
  """Lists an image folder; images are decoded when they are used.

  Args:
    source: the files.
    root: the prefix that `detect` returned.

  Returns:
    The set; classes are sorted by name.

  Raises:
    UserError: a class has no image.
  """
  prefixes = _split_prefixes(source, root)
  class_names = sorted(
    {name for prefix in prefixes.values() for name in _children(source, prefix)}
  )
  index = {name: label for label, name in enumerate(class_names)}
  images = _image_names(source)
  names: list[str] = []
  labels: list[int] = []
  splits: dict[str, np.ndarray] = {}
  for split, prefix in prefixes.items():
    start = len(names)
    for name in images:
      inside = name[len(prefix) :].split("/")
      if name.startswith(prefix) and len(inside) > 1:
        names.append(name)
        labels.append(index[inside[0]])
    if split:
      splits[split] = np.arange(start, len(names))
  _check_classes(source, class_names, labels)
  return base.ImageSet(
    source.stem,
    base.EncodedImages(names, functools.partial(_read, source)),
    np.array(labels, np.int32),
    tuple(class_names),
    splits,
  )


def _check_classes(
  source: sources.Source, class_names: list[str], labels: list[int]
) -> None:
  counts = np.bincount(labels, minlength=len(class_names))
  empty = np.flatnonzero(counts == 0)
  if len(empty):
    name = class_names[empty[0]]
    more = f" (and {len(empty) - 1} more)" if len(empty) > 1 else ""
    raise errors.UserError(
      f"the class folder {name!r}{more} in {str(source.path)!r} has no image: "
      f"expected at least one file {', '.join(SUFFIXES)}; add images or remove "
      "the folder"
    )


def _read(source: sources.Source, name: str) -> np.ndarray:
  return pixels.decode(source.read(name), source.where(name))
