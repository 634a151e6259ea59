"""Parameters and multiply-adds of the official DARTS network for CIFAR-10.

The network that Liu et al. (2019, section 3.1) train from scratch: a 3 x 3
convolution to 3C channels with batch norm, `layers` cells of which those at
1/3 and 2/3 of the depth are reduction cells that double C, global average
pooling and a linear classifier. A cell first brings its two inputs to C
channels by ReLU, 1 x 1 convolution, batch norm; c_{k-2} goes through a
factorised reduction (two 1 x 1 convolutions of stride 2, batch norm) instead
where the previous cell reduced. A separable convolution is twice ReLU,
depthwise convolution, 1 x 1 convolution, batch norm; a dilated one is that
once; a skip of stride 2 is a factorised reduction.

What counts: parameters are convolution weights (no biases), two per channel
of every batch norm, and the classifier with its bias; the auxiliary head is
left out, as official reports do. Multiply-adds are those of convolutions and
of the classifier, its bias included; pooling, batch norm, ReLU and additions
are not counted.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

_STEM_MULTIPLIER, _CONCAT, _IMAGE, _CLASSES = 3, 4, 32, 10
# By operation code: kernel and repeats of the convolutions, 0 for the others.
_KERNELS = np.array([0, 0, 0, 0, 3, 5, 3, 5])
_REPEATS = np.array([0, 0, 0, 0, 2, 2, 1, 1])
_IS_SKIP = np.arange(8) == 3


class _Layer(NamedTuple):
  """One cell of the stack: `size` is its image size after any reduction."""

  inputs: tuple[int, int]
  channels: int
  size: int
  reduction: bool
  after_reduction: bool


def _layers(channels: int, layers: int) -> Iterator[_Layer]:
  before = previous = _STEM_MULTIPLIER * channels
  size, after_reduction = _IMAGE, False
  for i in range(layers):
    reduction = i in (layers // 3, 2 * layers // 3)
    if reduction:
      channels, size = 2 * channels, size // 2
    yield _Layer((before, previous), channels, size, reduction, after_reduction)
    before, previous = previous, _CONCAT * channels
    after_reduction = reduction


def num_params(cells: np.ndarray, channels: int, layers: int) -> np.ndarray:
  """Counts trainable parameters.

  Args:
    cells: valid genotypes, `[n, 2, 8, 2]`.
    channels: C, the width of the first cells.
    layers: number of cells.

  Returns:
    `[n]` int64.
  """
  stem = _STEM_MULTIPLIER * channels
  total = np.full(len(cells), 27 * stem + 2 * stem, np.int64)
  width = stem
  for layer in _layers(channels, layers):
    c = layer.channels
    total += c * sum(layer.inputs) + 2 * 2 * c
    once = _KERNELS**2 * c + c**2 + 2 * c
    plain = _REPEATS * once
    total += _over_edges(cells, layer, plain, plain + _IS_SKIP * (c**2 + 2 * c))
    width = _CONCAT * c
  return total + (width + 1) * _CLASSES


def flops(cells: np.ndarray, channels: int, layers: int) -> np.ndarray:
  """Counts the multiply-adds of a forward pass on one 32 x 32 image.

  Args:
    cells: valid genotypes, `[n, 2, 8, 2]`.
    channels: C, the width of the first cells.
    layers: number of cells.

  Returns:
    `[n]` int64.
  """
  stem = _STEM_MULTIPLIER * channels
  total = np.full(len(cells), _IMAGE**2 * 27 * stem, np.int64)
  width = stem
  for layer in _layers(channels, layers):
    c, pixels = layer.channels, layer.size**2
    before, previous = layer.inputs
    # A reduction cell prepares its inputs at the size before the reduction.
    scale = 4 if layer.reduction else 1
    total += scale * pixels * c * (before + previous)
    plain = pixels * _REPEATS * (_KERNELS**2 * c + c**2)
    total += _over_edges(cells, layer, plain, plain + _IS_SKIP * pixels * c**2)
    width = _CONCAT * c
  return total + (width + 1) * _CLASSES


def _over_edges(
  cells: np.ndarray, layer: _Layer, plain: np.ndarray, strided: np.ndarray
) -> np.ndarray:
  """Sums a cost per operation code, `plain` or of stride 2, over a cell."""
  inputs, ops = np.moveaxis(cells[:, int(layer.reduction)], -1, 0)
  costs = plain[ops]
  if layer.reduction:
    costs = np.where(inputs < 2, strided[ops], costs)
  return costs.sum(1, dtype=np.int64)
