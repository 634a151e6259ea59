"""FGVC-Aircraft: the official folder.

Maji et al., "Fine-grained visual classification of aircraft", 2013.
"""

import functools

import numpy as np

from nasjax import errors
from nasjax.images import base, pixels, sources

LEVELS = {
  "variant": "variants.txt",
  "family": "families.txt",
  "manufacturer": "manufacturers.txt",
}
_SPLITS = ("train", "val", "test")
_MAX_LIST = 16 << 20  # bytes of a list of images
_BANNER = 20  # rows at the bottom of every photograph name its owner


def detect(source: sources.Source) -> str | None:
  """Returns the prefix of the files, or None where this is another format."""
  return source.find("variants.txt", "images_variant_train.txt")


def load(
  source: sources.Source, root: str, *, level: str = "variant"
) -> base.ImageSet:
  """Lists the photographs; they are decoded when they are used.

  The banner of 20 rows at the bottom is cut off, as the authors ask for.

  Args:
    source: the files.
    root: the prefix that `detect` returned.
    level: `variant` (100 classes), `family` (70), or `manufacturer` (30).

  Raises:
    UserError: the level is unknown, or a file is missing or damaged.
  """
  errors.check_name("level of FGVC-Aircraft", level, LEVELS)
  class_names = _lines(source, root + LEVELS[level])
  index = {name: label for label, name in enumerate(class_names)}
  if len(index) < len(class_names):
    raise errors.UserError(
      f"{source.where(root + LEVELS[level])}: expected each class once; fetch "
      "the data set again"
    )
  names: list[str] = []
  labels: list[int] = []
  splits = {}
  for split in _SPLITS:
    start = len(names)
    listing = f"{root}images_{level}_{split}.txt"
    for line in _lines(source, listing):
      number, _, class_name = line.partition(" ")
      image = f"{root}images/{number}.jpg"
      if class_name not in index or image not in source:
        raise errors.UserError(
          f"{source.where(listing)}: expected the number of an image and a "
          f"class, got {errors.quote(line)}; fetch the data set again"
        )
      names.append(image)
      labels.append(index[class_name])
    splits[split] = np.arange(start, len(names))
  return base.ImageSet(
    "aircraft" if level == "variant" else f"aircraft_{level}",
    base.EncodedImages(names, functools.partial(_read, source)),
    np.array(labels, np.int32),
    tuple(class_names),
    splits,
  )


def _lines(source: sources.Source, name: str) -> list[str]:
  text = source.read(name, _MAX_LIST).decode("utf-8", "replace")
  return [line.strip() for line in text.splitlines() if line.strip()]


def _read(source: sources.Source, name: str) -> np.ndarray:
  content = source.read(name, pixels.MAX_BYTES)
  image = pixels.decode(content, source.where(name))
  return image[:-_BANNER] if len(image) > _BANNER else image
