"""Batches of graphs, padded to a few sizes.

Dimensions: `B` graphs of a batch, `N` nodes and `E` edges with padding, `F`
features.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import jraph
import numpy as np

from nasjax.systems.gennape.reading import Reading

_SMALLEST = 512


def bucket(count: int) -> int:
  """The size to which something is padded: 512 times a power of 1.5."""
  size = _SMALLEST
  while size < count:
    size += size // 2
  return size


def join(readings: Sequence[Reading], number: int) -> jraph.GraphsTuple:
  """Joins graphs to a batch of `number + 1` graphs; the last ones are padding.

  Args:
    readings: at most `number` graphs.
    number: `B`.

  Returns:
    `nodes [N, F]`, `senders` and `receivers [E]`, `n_node` and `n_edge`
    `[B + 1]`. Edges of the padding lead from the last node to itself.
  """
  nodes = [len(each.features) for each in readings]
  edges = [len(each.edges) for each in readings]
  width = readings[0].features.shape[1]
  total, size = bucket(sum(nodes) + 1), sum(edges)
  room = max(bucket(size), total)
  features = np.zeros((total, width), np.float32)
  features[: sum(nodes)] = np.concatenate([r.features for r in readings])
  pairs = np.full((room, 2), total - 1, np.int32)
  starts = np.cumsum([0, *nodes[:-1]])
  pairs[:size] = np.concatenate(
    [r.edges + start for r, start in zip(readings, starts, strict=True)]
  )
  empty = [0] * (number - len(readings))
  fields: Any = {
    "nodes": features,
    "senders": pairs[:, 0],
    "receivers": pairs[:, 1],
    "n_node": np.array([*nodes, *empty, total - sum(nodes)], np.int32),
    "n_edge": np.array([*edges, *empty, room - size], np.int32),
  }
  return jraph.GraphsTuple(edges=None, globals=None, **fields)


def split(
  readings: Sequence[Reading], number: int
) -> Iterator[tuple[slice, jraph.GraphsTuple]]:
  """Batches of graphs in their order, each with its rows."""
  for start in range(0, len(readings), number):
    rows = slice(start, min(start + number, len(readings)))
    yield rows, join(readings[rows], number)
