"""Which cells of NAS-Bench-201 compute the same function.

A skip connection passes a tensor on, and average pooling is linear: it may be
moved before or behind a sum. Cells that differ in such ways alone are one
network under several names; the benchmark trained each of them.

Dimensions: `n` cells, `N = 8` nodes of the op-on-node graph.
"""

import numpy as np

from nasjax.spaces import base, wl_hash

_SKIP, _POOL = 1, 4
# Paths through k poolings count `_POOLED ** k`; fewer than that many paths join
# two nodes.
_POOLED = 16


def fingerprints(live: base.Genotypes, wiring: np.ndarray) -> np.ndarray:
  """Hashes cells so that those with one function get one value.

  A function is drawn as a graph of input, convolutions and output, in which an
  edge says how many paths of skip connections lead from one to the other, for
  each number of poolings on the way. Equal graphs are equal functions of equal
  weights.

  Args:
    live: cells without dead operations, `[n, 6]`.
    wiring: which node feeds which in all cells, input and output included,
      `[N, N]`.

  Returns:
    `[n]` uint64.
  """
  ends = np.full((len(live), 1), -1)
  labels = np.concatenate([ends, live, ends - 1], axis=1)  # [n, N]
  feeds = labels != 0
  direct = wiring.astype(np.int64) * feeds[:, :, None] * feeds[:, None]
  passed = np.select([labels == _SKIP, labels == _POOL], [1, _POOLED], 0)
  paths = direct
  for _ in range(3):  # at most three operations stand on a path
    paths = direct + direct @ (passed[:, :, None] * paths)
  return wl_hash.dag_hash(paths, labels, feeds & (passed == 0))
