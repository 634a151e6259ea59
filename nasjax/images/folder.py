"""Image folders: one folder of images a class, with or without splits.

`layout.py` says which paths are classes and splits. Files without the suffix of
an image are passed over, and so are hidden ones.
"""

import functools
import logging

import numpy as np

from nasjax.images import base, hidden, layout, pixels, sources

SUFFIXES = (
  ".apng",
  ".avif",
  ".bmp",
  ".gif",
  ".jfi",
  ".jfif",
  ".jif",
  ".jpe",
  ".jpeg",
  ".jpg",
  ".pbm",
  ".pgm",
  ".pjp",
  ".pjpeg",
  ".png",
  ".pnm",
  ".ppm",
  ".tif",
  ".tiff",
  ".webp",
)
UNREAD = (
  ".arw",
  ".cr2",
  ".cr3",
  ".dcm",
  ".dds",
  ".dib",
  ".dng",
  ".eps",
  ".exr",
  ".hdr",
  ".heic",
  ".heif",
  ".hif",
  ".icns",
  ".ico",
  ".j2c",
  ".j2k",
  ".jp2",
  ".jpc",
  ".jpf",
  ".jpm",
  ".jpx",
  ".jxl",
  ".jxr",
  ".nef",
  ".orf",
  ".pam",
  ".pcx",
  ".pfm",
  ".psd",
  ".qoi",
  ".raf",
  ".raw",
  ".rw2",
  ".sgi",
  ".svg",
  ".svgz",
  ".tga",
  ".wmf",
  ".xbm",
  ".xcf",
  ".xpm",
)
"""Suffixes of images that are not read."""


def named(source: sources.Source, suffixes: tuple[str, ...]) -> list[str]:
  """Returns the names with one of the suffixes, without hidden files."""
  return [
    name
    for name in source.names
    if name.lower().endswith(suffixes) and not hidden.is_hidden(name)
  ]


def detect(source: sources.Source) -> str | None:
  """Returns the prefix of the folder that holds the class folders, or None."""
  names = named(source, SUFFIXES)
  if not names or source.names == (source.path.name,):
    return None
  return layout.find_root(source, names)


def load(source: sources.Source, root: str) -> base.ImageSet:
  """Lists an image folder; images are decoded when they are used.

  Images outside the class folders, and those of formats that are not read, are
  left out, and a warning names one.

  Args:
    source: the files.
    root: the prefix that `detect` returned.

  Returns:
    The set; classes are sorted by name, images by path. Its splits are those of
    the folder.

  Raises:
    UserError: splits or classes are not clear, or one of them has no image.
  """
  images = named(source, SUFFIXES)
  found = layout.find_splits(source, root, images)
  class_names = sorted(found["train" if "train" in found else ""])
  index = {name: label for label, name in enumerate(class_names)}
  names: list[str] = []
  labels: list[int] = []
  splits: dict[str, np.ndarray] = {}
  for split, classes in found.items():
    start = len(names)
    rows = [(name, index[key]) for key in classes for name in classes[key]]
    rows.sort()
    names += [name for name, _ in rows]
    labels += [label for _, label in rows]
    if split:
      splits[split] = np.arange(start, len(names))
  _tell_left_out(source, images, names)
  return base.ImageSet(
    source.stem,
    base.EncodedImages(names, functools.partial(_read, source)),
    np.array(labels, np.int32),
    tuple(class_names),
    splits,
  )


def _tell_left_out(
  source: sources.Source, images: list[str], used: list[str]
) -> None:
  """Warns of images that belong to no class, or cannot be read."""
  unread = named(source, UNREAD)
  if unread:
    logging.getLogger(__name__).warning(
      "%d images are of formats that are not read, and are left out; one is "
      "%s; convert them to PNG or JPEG",
      len(unread),
      source.where(unread[0]),
    )
  if len(used) < len(images):
    first = min(set(images) - set(used))
    logging.getLogger(__name__).warning(
      "%d of %d images lie outside the class folders and are left out; one is "
      "%s",
      len(images) - len(used),
      len(images),
      source.where(first),
    )


def _read(source: sources.Source, name: str) -> np.ndarray:
  content = source.read(name, pixels.MAX_BYTES)
  return pixels.decode(content, source.where(name))
