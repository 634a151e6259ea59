"""Equal cells are scored once: canonical forms, distinct rows, scatter back.

Dimensions: `n` architectures, `u` distinct ones, `G` integers of a genotype.
"""

from typing import Any

import numpy as np

from nasjax.features import kinds
from nasjax.spaces import base as spaces_base

# Odd constants of a multiplicative hash of genotypes, one for each integer.
_FACTORS = np.random.default_rng(20240817).integers(
  1, 1 << 63, 256, dtype=np.uint64
) * np.uint64(2) + np.uint64(1)


def canonical(
  model: Any,
  space: spaces_base.Space,
  genotypes: np.ndarray,
  *,
  prune: bool,
) -> np.ndarray:
  """Maps every cell to one representative of the cells with the same score.

  The representative depends on the cell alone, never on the batch. With
  pruning, cells that differ in dead operations have one input to the model. A
  model that does not read the order of the nodes also scores isomorphic cells
  alike, up to the rounding of sums in another order, and one that reads
  functions all cells of a function. Features that depend on the numbering of
  the nodes may tell all cells apart.

  Args:
    model: the model that will score the cells.
    space: the space of the genotypes.
    genotypes: valid cells `[n, G]`.
    prune: whether dead nodes are removed.

  Returns:
    Valid cells `[n, G]` int8.
  """
  what = model.reads
  if not prune or any(kinds.get(name).numbering for name in what.kinds):
    return genotypes
  functions = space.functions() if what.by_function else None
  if functions is not None:
    return functions.cells[functions.numbers[space.rows(genotypes)]]
  return space.canonical(genotypes, ordered=what.node_order)


def distinct_rows(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
  """Finds the distinct rows of `[n, G]` integers, in order of appearance.

  Returns:
    Their positions `[u]`, and for each row its place among them `[n]`.
  """
  values = rows.astype(np.int64).astype(np.uint64)
  keys = (values + np.uint64(256)) @ _FACTORS[: rows.shape[1]]
  first, place = _distinct(keys)
  if not np.array_equal(rows[first][place], rows):  # two rows share a hash
    first, place = _distinct(rows, axis=0)
  return first, place


def _distinct(keys: np.ndarray, **how: Any) -> tuple[np.ndarray, np.ndarray]:
  _, first, place = np.unique(
    keys, return_index=True, return_inverse=True, **how
  )
  order = np.argsort(first)
  rank = np.empty_like(order)
  rank[order] = np.arange(len(order))
  return first[order], rank[place.reshape(-1)]
