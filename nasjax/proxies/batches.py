"""The images that networks are shown: real ones, or Gaussian noise.

Dimensions: `S` seeds, `B` images of a batch, `n` images that are given.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from nasjax import errors
from nasjax.proxies.skeletons import Skeleton

NOISE = "Gaussian noise"


class Batches(NamedTuple):
  """A batch for each seed.

  Attributes:
    images: `[S, C, H, W, B]` float32.
    labels: `[S, B]` int32.
    what: what the images are, in words.
  """

  images: np.ndarray
  labels: np.ndarray
  what: str


def noise(skeleton: Skeleton, seeds: Sequence[int]) -> Batches:
  """Normal images of variance 1 with random labels."""
  size, batch = skeleton.image_size, skeleton.batch
  edge = 2 if skeleton.is_smooth else 0
  shape = (skeleton.image_channels, size + edge, size + edge, batch)
  images, labels = [], []
  for seed in seeds:
    rng = np.random.default_rng((seed, 0))
    drawn = rng.standard_normal(shape, np.float32)
    images.append(_smooth(drawn) if skeleton.is_smooth else drawn)
    labels.append(rng.integers(skeleton.num_classes, size=batch))
  smooth = " smoothed over 3 x 3 pixels" if skeleton.is_smooth else ""
  what = f"{NOISE}{smooth}, random labels"
  return Batches(np.stack(images), np.stack(labels).astype(np.int32), what)


def _smooth(images: np.ndarray) -> np.ndarray:
  """Sums of 3 x 3 pixels of `[C, H + 2, W + 2, B]`, of the variance before."""
  size = images.shape[1] - 2
  total = np.zeros_like(images[:, 2:, 2:])
  for i in range(3):
    for j in range(3):
      total += images[:, i : i + size, j : j + size]
  return total / 3


def real(skeleton: Skeleton, seeds: Sequence[int], given: Any) -> Batches:
  """Batches drawn from images that a user has, normalised by channel.

  Larger images are averaged down where their size is a multiple.

  Args:
    skeleton: batch and size.
    seeds: seeds of the batches.
    given: images `[n, H, W, C]`, or a pair of them and labels `[n]`.

  Raises:
    UserError: their form does not fit.
  """
  pair = isinstance(given, tuple) and len(given) == 2
  images = _as_array(given[0] if pair else given)
  _check(skeleton, images)
  whole = images.astype(np.float32)
  mean, deviation = whole.mean((0, 1, 2)), whole.std((0, 1, 2)) + 1e-6
  factor = images.shape[1] // skeleton.image_size
  labels = _labels(skeleton, given[1], len(images)) if pair else None
  found, classes = [], []
  for seed in seeds:
    rng = np.random.default_rng((seed, 1))
    chosen = rng.choice(len(images), skeleton.batch, replace=False)
    batch = (whole[chosen] - mean) / deviation
    size = skeleton.image_size
    batch = batch.reshape(len(batch), size, factor, size, factor, -1)
    found.append(batch.mean((2, 4)).transpose(3, 1, 2, 0))
    drawn = rng.integers(skeleton.num_classes, size=skeleton.batch)
    classes.append(drawn if labels is None else labels[chosen])
  what = "real images, " + ("their labels" if pair else "random labels")
  return Batches(np.stack(found), np.stack(classes).astype(np.int32), what)


def _as_array(given: Any) -> np.ndarray:
  """Images as an array; of no shape where they have different ones."""
  try:
    return np.asarray(given)
  except ValueError:
    return np.array(None)


def _check(skeleton: Skeleton, images: np.ndarray) -> None:
  size, batch = skeleton.image_size, skeleton.batch
  channels = skeleton.image_channels
  fits = (
    images.ndim == 4
    and images.dtype.kind in "uif"
    and len(images) >= batch
    and images.shape[1] == images.shape[2]
    and images.shape[1] >= size
    and images.shape[1] % size == 0
    and images.shape[3] == channels
  )
  if not fits:
    raise errors.UserError(
      f"images of proxies: expected at least {batch} images [n, H, H, "
      f"{channels}] with H a multiple of {size}, got {images.dtype} "
      f"{list(images.shape)}; resize them"
    )
  if not np.isfinite(images).all():
    raise errors.UserError(
      "images of proxies: expected finite numbers, got NaN or infinite ones; "
      "drop these images"
    )


def _labels(skeleton: Skeleton, labels: Any, num: int) -> np.ndarray:
  labels = np.asarray(labels)
  if labels.shape != (num,) or labels.dtype.kind not in "iu":
    raise errors.UserError(
      f"labels of proxies: expected {num} integers, one an image, got "
      f"{labels.dtype} {list(labels.shape)}"
    )
  if labels.min() < 0 or labels.max() >= skeleton.num_classes:
    raise errors.UserError(
      f"labels of proxies: expected 0 .. {skeleton.num_classes - 1}, got "
      f"{labels.min()} .. {labels.max()}; choose images of fewer classes"
    )
  return labels
