"""From an image set to the padded embeddings that a dataset encoder reads.

Dimensions: `K` classes, `P` images of each, `D` width of an embedding.
"""

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np

from nasjax import errors, files
from nasjax.images import base, class_ids, limits
from nasjax.images.encoders import encode, registry

NUM_PER_CLASS = 20
NARROW_WIDTH = 128


@dataclasses.dataclass(frozen=True, eq=False)
class ClassEmbeddings:
  """Embeddings of some images of every class.

  Attributes:
    embeddings: `[K, P, D]` float32, zero where masked.
    mask: `[K, P]` float32, 1 on real images.
  """

  embeddings: np.ndarray
  mask: np.ndarray


def embed_classes(
  image_set: base.ImageSet,
  encoder: str = registry.DEFAULT,
  *,
  num_per_class: int = NUM_PER_CLASS,
  seed: int = 0,
  max_classes: int | None = None,
  weights: files.PathLike | None = None,
) -> ClassEmbeddings:
  """Draws images of every class and embeds them.

  The images come from the split `train` where there is one. A class without an
  image there is fully masked.

  Args:
    image_set: the images.
    encoder: one of `encoder_names()`.
    num_per_class: `P`; 20 as in MetaD2A (Lee et al. 2021).
    seed: seed of the draw of images and classes.
    max_classes: draws so many classes where there are more.
    weights: see `encode`.

  Returns:
    Embeddings `[K, P, D]` and their mask.

  Raises:
    UserError: see `encode`; a number is not positive, or embeddings would take
      more than 4 GiB.
  """
  if num_per_class < 1 or (max_classes is not None and max_classes < 1):
    raise errors.UserError(
      "embed_classes: expected at least one image and one class, got "
      f"{num_per_class} and {max_classes}"
    )
  num_classes = min(max_classes or image_set.num_classes, image_set.num_classes)
  width = registry.get_encoder(encoder).width
  num_bytes = 4 * width * num_classes * num_per_class
  if num_bytes > limits.MAX_RESIZED:
    raise errors.UserError(
      f"embed_classes: {num_classes} classes of {num_per_class} images would "
      f"take {num_bytes / 2**30:.1f} GiB: expected at most "
      f"{limits.MAX_RESIZED >> 30} GiB; lower max_classes or num_per_class"
    )
  if "train" in image_set.splits:
    image_set = image_set.split("train")
  rows, mask = image_set.per_class(num_per_class, seed)
  if max_classes is not None and max_classes < len(rows):
    generator = np.random.default_rng([seed, 1])
    kept = np.sort(generator.permutation(len(rows))[:max_classes])
    rows, mask = rows[kept], mask[kept]
  drawn = encode.encode(image_set.take(rows[mask]), encoder, weights=weights)
  embeddings = np.zeros((*mask.shape, drawn.shape[1]), np.float32)
  embeddings[mask] = drawn
  return ClassEmbeddings(embeddings, mask.astype(np.float32))


def embed_arrays(
  images: np.ndarray, labels: np.ndarray, **options: Any
) -> ClassEmbeddings:
  """Draws images of every class of an array, and embeds them.

  Args:
    images: `[n, H, W, C]` uint8.
    labels: `[n]`, integers from 0 on; numbered anew where one is n or more.
    **options: options of `embed_classes`.

  Returns:
    Embeddings `[K, P, D]` and their mask.

  Raises:
    UserError: see `embed_classes`; or the arrays do not fit together.
  """
  checked = class_ids.check(np.asarray(labels), len(images), "embed_arrays")
  (codes,), names = class_ids.number([checked], "embed_arrays")
  return embed_classes(base.ImageSet("images", images, codes, names), **options)


def stack(sets: Sequence[ClassEmbeddings]) -> ClassEmbeddings:
  """Pads image sets to common sizes and stacks them.

  Args:
    sets: S sets with embeddings `[K_s, P_s, D]`.

  Returns:
    Embeddings `[S, max K, max P, D]` and mask `[S, max K, max P]`.

  Raises:
    UserError: the widths differ, or there is no set.
  """
  widths = {each.embeddings.shape[2] for each in sets}
  if len(widths) != 1:
    raise errors.UserError(
      "stack: expected image sets embedded by one encoder, got widths "
      f"{sorted(widths)}"
    )
  shape = [len(sets)]
  shape += [max(each.mask.shape[axis] for each in sets) for axis in (0, 1)]
  embeddings = np.zeros((*shape, widths.pop()), np.float32)
  mask = np.zeros(shape, np.float32)
  for row, each in enumerate(sets):
    classes, images = each.mask.shape
    embeddings[row, :classes, :images] = each.embeddings
    mask[row, :classes, :images] = each.mask
  return ClassEmbeddings(embeddings, mask)


def narrow(embeddings: np.ndarray, width: int = NARROW_WIDTH) -> np.ndarray:
  """Projects embeddings at random, always by the same matrix of their width.

  Distances are kept in expectation (Johnson and Lindenstrauss, 1984), and a
  dataset encoder needs fewer parameters.

  Args:
    embeddings: `[..., D]`.
    width: the new width.

  Returns:
    `[..., width]` float32.
  """
  wide = embeddings.shape[-1]
  # The legacy generator's numbers are the same in every version of numpy.
  matrix = np.random.RandomState(0).standard_normal((wide, width))
  return (embeddings @ (matrix / np.sqrt(width))).astype(np.float32)
