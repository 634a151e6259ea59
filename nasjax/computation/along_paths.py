"""Sums along the paths of a computation graph, from its input to its output.

Dimensions: `N` nodes, `Q` quantities.
"""

from typing import NamedTuple

import numpy as np

_FAR = 1e9


class Paths(NamedTuple):
  """What paths have in common.

  Attributes:
    most: the largest sum on a path, `[Q]`.
    least: the smallest one, `[Q]`.
    mean: the mean over all paths, `[Q]`.
    spread: the standard deviation over all paths, `[Q]`.
    walks: the mean over walks that choose evenly at each node, `[Q]`.
    log_number: natural logarithm of the number of paths.
  """

  most: np.ndarray
  least: np.ndarray
  mean: np.ndarray
  spread: np.ndarray
  walks: np.ndarray
  log_number: float


def live(inputs: list[tuple[int, ...]], starts: list[int]) -> np.ndarray:
  """Says which nodes lie on a path from a start to the last node, `[N]` bool.

  Args:
    inputs: the earlier nodes that each node reads.
    starts: where paths begin.
  """
  forward = [False] * len(inputs)
  for v in starts:
    forward[v] = True
  for v, sources in enumerate(inputs):
    forward[v] = forward[v] or any(forward[u] for u in sources)
  backward = [False] * len(inputs)
  backward[-1] = True
  for v in reversed(range(len(inputs))):
    if backward[v]:
      for u in inputs[v]:
        backward[u] = True
  return np.logical_and(forward, backward)


def measure(
  inputs: list[tuple[int, ...]], is_live: np.ndarray, weights: np.ndarray
) -> Paths:
  """Measures all paths to the last node.

  Args:
    inputs: the earlier nodes that each node reads.
    is_live: nodes on a path, `[N]`; paths begin where no input is live.
    weights: what each node adds, `[N, Q]`.

  Returns:
    Zeros where the last node is not live.
  """
  width = weights.shape[1]
  if not is_live[-1]:
    zeros = np.zeros(width)
    return Paths(zeros, zeros, zeros, zeros, zeros, 0.0)
  alive = is_live.tolist()
  own = np.concatenate([weights] * 3 + [np.zeros_like(weights)], axis=1)
  sums = np.zeros((len(inputs), 4 * width))  # most, least, mean, variance
  logs = [0.0] * len(inputs)
  for v, sources in enumerate(inputs):
    if not alive[v]:
      continue
    sources = [u for u in sources if alive[u]]
    if len(sources) == 1:
      sums[v] = sums[sources[0]] + own[v]
      logs[v] = logs[sources[0]]
    elif not sources:
      sums[v] = own[v]
    else:
      sums[v], logs[v] = _join(sums[sources], [logs[u] for u in sources])
      sums[v] += own[v]
  most, least, mean, variance = sums[-1].reshape(4, width)
  spread = np.sqrt(np.maximum(variance, 0))
  walks = _visits(inputs, alive) @ weights
  return Paths(most, least, mean, spread, walks, logs[-1])


def _join(sums: np.ndarray, logs: list[float]) -> tuple[np.ndarray, float]:
  """Joins what several nodes know; each counts by its number of paths."""
  width = sums.shape[1] // 4
  top = max(logs)
  shares = np.exp(np.array(logs) - top)
  total = shares.sum()
  shares /= total
  found = np.empty(sums.shape[1])
  found[:width] = sums[:, :width].max(axis=0)
  found[width : 2 * width] = sums[:, width : 2 * width].min(axis=0)
  means = sums[:, 2 * width : 3 * width]
  mean = shares @ means
  found[2 * width : 3 * width] = mean
  around = sums[:, 3 * width :] + (means - mean) ** 2
  found[3 * width :] = shares @ around
  return found, top + float(np.log(total))


def longest(
  inputs: list[tuple[int, ...]], is_live: np.ndarray, weights: np.ndarray
) -> np.ndarray:
  """The largest sums `[Q]` on paths through live nodes.

  A start is a live node that reads nothing. Zeros where no path leads to the
  last node.
  """
  best = np.full((len(inputs), weights.shape[1]), -_FAR)
  alive = is_live.tolist()
  for v, sources in enumerate(inputs):
    if alive[v]:
      best[v] = best[list(sources)].max(axis=0) if sources else 0.0
      best[v] += weights[v]
  return np.where(best[-1] < 0, 0.0, best[-1])


def _visits(inputs: list[tuple[int, ...]], alive: list[bool]) -> np.ndarray:
  """How often walks visit each node, `[N]`."""
  degrees = [0] * len(inputs)
  for v, sources in enumerate(inputs):
    if alive[v]:
      for u in sources:
        degrees[u] += 1
  chances = [0.0] * len(inputs)
  for v, sources in enumerate(inputs):
    if alive[v]:
      known = [u for u in sources if alive[u]]
      found = sum(chances[u] / degrees[u] for u in known)
      chances[v] = found if known else 1.0
  return np.array(chances)
