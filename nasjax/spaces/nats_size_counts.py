"""Sizes of the networks of the NATS-Bench size space.

What counts is what counts in NAS-Bench-201 (`nb201_counts`). Every stage has
one cell of five 3 x 3 convolutions and a skip connection, which is a 1 x 1
convolution where the channels change.

Dimensions: `n` networks; channels are `[n, 5]` int64.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

_SIDES = (32, 16, 16, 8, 8)  # pixels of a side of what a place puts out
_BLOCKS = (1, 3)


class _Conv(NamedTuple):
  """One convolution of all networks.

  Attributes:
    weights: `[n]`.
    channels: of its output, `[n]`.
    pixels: of its output.
    has_norm: whether batch normalisation follows.
    is_there: 1 in networks that have it, `[n]`.
  """

  weights: np.ndarray
  channels: np.ndarray
  pixels: int
  has_norm: bool = True
  is_there: np.ndarray | int = 1


def _convs(channels: np.ndarray) -> Iterator[_Conv]:
  """All convolutions."""
  source = channels[:, 0]
  yield _Conv(27 * source, source, 32 * 32)
  for place, (own, side) in enumerate(zip(channels.T, _SIDES, strict=True)):
    pixels = side * side
    inner = _Conv(9 * own * own, own, pixels)
    entry = _Conv(9 * source * own, own, pixels)
    narrow = source * own
    if place in _BLOCKS:
      yield from (entry, inner, _Conv(narrow, own, pixels, False))
    else:
      yield from (entry, entry, inner, inner, inner)
      yield _Conv(narrow, own, pixels, is_there=source != own)
    source = own


def num_params(channels: np.ndarray, num_classes: int = 10) -> np.ndarray:
  """Counts trainable parameters, `[n]` int64."""
  last = channels[:, -1]
  total = 2 * last + (last + 1) * num_classes
  for each in _convs(channels):
    norm = 2 * each.channels * each.has_norm
    total = total + (each.weights + norm) * each.is_there
  return total


def flops(channels: np.ndarray, num_classes: int = 10) -> np.ndarray:
  """Counts multiply-adds for one 32 x 32 image, `[n]` int64."""
  total = (channels[:, -1] + 1) * num_classes
  for each in _convs(channels):
    total = total + each.weights * each.pixels * each.is_there
  return total
