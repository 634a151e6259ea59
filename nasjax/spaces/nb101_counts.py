"""Channels, parameters and multiply-adds of NAS-Bench-101 networks.

Source: Ying et al. 2019, sections 2.2-2.4 and the appendix on the channel
rule; `compute_vertex_channels` and `build_model` of the official project. The
network is a 3x3 convolution stem (3 -> 128), three stacks of three cells, the
image size halved and the channels doubled before stacks 2 and 3, then global
average pooling and a dense layer. Every convolution is followed by batch
normalisation and ReLU. The input reaches a vertex through a 1x1 projection.
"""

from typing import Any

import numpy as np

from nasjax.spaces import nb101_modelspec as modelspec

STEM_CHANNELS = 128
NUM_CLASSES = 10
IMAGE_SIZE = 32
_KERNEL_AREA = np.array([9, 1, 0])  # by operation code; 0: no convolution

# Input channels, output channels, pixels, and how often: the nine cells.
_CELLS = (
  (128, 128, 32 * 32, 3),
  (128, 256, 16 * 16, 1),
  (256, 256, 16 * 16, 2),
  (256, 512, 8 * 8, 1),
  (512, 512, 8 * 8, 2),
)
_STEM_WEIGHTS = 3 * 3 * 3 * STEM_CHANNELS
_HEAD_WEIGHTS = 512 * NUM_CLASSES


def vertex_channels(
  adjacency: Any, ops: Any, in_channels: int, out_channels: int, xp: Any = np
) -> Any:
  """Gives each vertex its channels by the official rule.

  The vertices that feed the output share its channels evenly, the first ones
  taking one more each until the remainder is used up; any other vertex has as
  many as the widest vertex it feeds.

  Args:
    adjacency: adjacency of valid cells, `[n, 7, 7]`.
    ops: `[n, 7]`, as `nb101_modelspec.to_matrix` gives them.
    in_channels: channels of the input vertex.
    out_channels: channels of the output vertex.
    xp: the array module, `numpy` or `jax.numpy`.

  Returns:
    `[n, 7]` int32; 0 at padding.
  """
  edges = adjacency.astype(xp.int32)
  is_output = (ops == modelspec.OUTPUT).astype(xp.int32)
  inner = (ops >= 0).astype(xp.int32)
  feeds = (edges * is_output[:, None, :]).sum(2).astype(xp.int32) * inner
  num_feeds = xp.maximum(feeds.sum(1), 1)[:, None]
  rank = xp.cumsum(feeds, 1) - feeds
  share = out_channels // num_feeds
  share = share + (rank < out_channels % num_feeds).astype(xp.int32)
  columns = [feeds[:, v] * share[:, v] for v in range(modelspec.MAX_VERTICES)]
  for v in reversed(range(1, modelspec.MAX_VERTICES - 2)):
    for target in range(v + 1, modelspec.MAX_VERTICES - 1):
      fed = edges[:, v, target] * (1 - feeds[:, v]) * columns[target]
      columns[v] = xp.maximum(columns[v], fed)
  channels = xp.stack(columns, 1) * inner + out_channels * is_output
  is_input = (ops == modelspec.INPUT).astype(xp.int32)
  return (channels + in_channels * is_input).astype(xp.int32)


def num_params(adjacency: np.ndarray, ops: np.ndarray) -> np.ndarray:
  """Counts trainable parameters.

  Weights of convolutions (no bias), scale and offset of batch normalisations,
  weights and biases of the dense layer.

  Args:
    adjacency: adjacency of valid cells, `[n, 7, 7]`.
    ops: `[n, 7]`.

  Returns:
    `[n]` int64.
  """
  total = np.full(len(ops), _STEM_WEIGHTS + 2 * STEM_CHANNELS, np.int64)
  total += _HEAD_WEIGHTS + NUM_CLASSES
  for in_channels, out_channels, _, repeats in _CELLS:
    weights, filters = _cell(adjacency, ops, in_channels, out_channels)
    total += repeats * (weights + 2 * filters)
  return total


def multiply_adds(adjacency: np.ndarray, ops: np.ndarray) -> np.ndarray:
  """Counts multiply-adds of one 32x32 image.

  Counted: stem, convolutions and projections of the cells, dense layer. Not
  counted: batch normalisation, ReLU, pooling, sums and concatenations. The
  official project publishes no such count.

  Args:
    adjacency: adjacency of valid cells, `[n, 7, 7]`.
    ops: `[n, 7]`.

  Returns:
    `[n]` int64.
  """
  total = np.full(len(ops), _STEM_WEIGHTS * IMAGE_SIZE**2, np.int64)
  total += _HEAD_WEIGHTS
  for in_channels, out_channels, pixels, repeats in _CELLS:
    weights, _ = _cell(adjacency, ops, in_channels, out_channels)
    total += repeats * pixels * weights
  return total


def _cell(adjacency, ops, in_channels, out_channels):
  """Counts convolution weights and filters of one cell, `[n]` int64 each."""
  channels = vertex_channels(adjacency, ops, in_channels, out_channels)
  channels = channels.astype(np.int64)
  area = np.where(ops >= 0, _KERNEL_AREA[np.maximum(ops, 0)], 0)
  projected = adjacency[:, 0].astype(np.int64)
  weights = (projected * in_channels + area * channels) * channels
  filters = (projected + (area > 0)) * channels
  return weights.sum(1), filters.sum(1)
