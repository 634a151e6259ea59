"""Distances of embeddings and of cells, and walks between cells.

Dimensions: `n` cells, `m` pairs, `E` numbers of an embedding.
"""

import numpy as np

from nasjax.benchmarks import base as benchmarks_base
from nasjax.spaces import base as spaces_base
from nasjax.systems.arch2vec import embedder

PAIRS = 100_000
_MOST_EDITS = 4  # mutations that half of the pairs are apart
_LEAST = 50  # pairs of a step that is shown
_BLOCK = 500
_GOOD, _WALKS, _POINTS = 0.01, 100, 11
WALK = {
  "valid": "share of the points that are cells of the space",
  "ends": "mean test accuracy of the ends, percent",
  "between": "mean test accuracy of the cells between them, percent",
  "random": "mean test accuracy of all cells, percent",
}
"""What `walk` measures."""


def neighbour_r(points: np.ndarray, labels: np.ndarray) -> float:
  """Pearson's r of the labels of points `[n, E]` and their nearest ones'."""
  nearest = []
  for start in range(0, len(points), _BLOCK):
    rows = points[start : start + _BLOCK]
    square = ((rows[:, None] - points[None]) ** 2).sum(axis=-1)
    square[np.arange(len(rows)), start + np.arange(len(rows))] = np.inf
    nearest.append(square.argmin(axis=1))
  return float(np.corrcoef(labels, labels[np.concatenate(nearest)])[0, 1])


def distances(
  model: embedder.Embedder, rng: np.random.Generator, num: int = PAIRS
) -> tuple[np.ndarray, np.ndarray]:
  """Draws pairs of cells, half of them at random, half a few mutations apart.

  Returns:
    Edit distances and L2 distances of the embeddings, `[m]` each.
  """
  space, half = model.space, num // 2
  first = space.sample(num, rng)
  near = first[:half].copy()
  for step in range(_MOST_EDITS):
    moved = rng.random(half) < 1 / (step + 1)
    near = np.where(moved[:, None], space.mutate(near, rng), near)
  second = np.concatenate([near, space.sample(num - half, rng)])
  lengths = np.linalg.norm(model.embed(first) - model.embed(second), axis=1)
  return edit_distance(space, first, second), lengths


def edit_distance(
  space: spaces_base.Space, first: np.ndarray, second: np.ndarray
) -> np.ndarray:
  """Operations and edges that differ, of cells `[m, G]` as numbered, `[m]`."""
  one, other = space.to_graphs(first), space.to_graphs(second)
  edges = one.adjacency != other.adjacency
  return (one.ops != other.ops).sum(axis=1) + edges.sum(axis=(1, 2))


def by_step(
  edits: np.ndarray, lengths: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
  """Edit distances with enough pairs, and mean and spread of the lengths."""
  steps, counts = np.unique(edits, return_counts=True)
  steps = steps[counts >= _LEAST]
  groups = [lengths[edits == step] for step in steps]
  mean = np.array([each.mean() for each in groups])
  return steps, mean, np.array([each.std() for each in groups])


def walk(
  model: embedder.Embedder,
  benchmark: benchmarks_base.Benchmark,
  labels: np.ndarray,
  rng: np.random.Generator,
) -> dict[str, float]:
  """Walks straight in the latent space between pairs of the best 1 % of cells.

  Args:
    model: the embedder.
    benchmark: its cells.
    labels: their accuracies, percent.
    rng: draws the pairs.

  Returns:
    The numbers of `WALK`.
  """
  known = np.flatnonzero(np.isfinite(labels))
  count = max(2, int(_GOOD * len(known)))
  best = known[np.argsort(-labels[known], kind="stable")[:count]]
  ends = rng.choice(best, (_WALKS, 2))
  first, last = (model.encode(benchmark.genotypes[rows]) for rows in ends.T)
  share = np.linspace(0, 1, _POINTS)[1:-1]
  points = [first + part * (last - first) for part in share]
  genotypes, valid = model.decode(np.concatenate(points))
  space = benchmark.space.whole
  keys = space.lookup_keys(benchmark.genotypes)
  order = np.argsort(keys)
  wanted = space.lookup_keys(genotypes[valid])
  place = np.searchsorted(keys, wanted, sorter=order)
  rows = order[np.minimum(place, len(order) - 1)]
  found = labels[rows[keys[rows] == wanted]]
  return {
    "valid": float(valid.mean()),
    "ends": float(labels[ends].mean()),
    "between": float(np.nanmean(found)),
    "random": float(labels[known].mean()),
  }
