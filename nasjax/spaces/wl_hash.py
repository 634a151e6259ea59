"""One 64-bit Weisfeiler-Lehman hash for batches of labelled DAGs.

Dimensions: `n` graphs, `N` nodes of the padded graph.
"""

import numpy as np

from nasjax import errors

_CHUNK = 1 << 15
_GAMMA = 0x9E3779B97F4A7C15
_LABEL, _SOURCE, _TARGET, _OWN, _GRAPH = (
  np.uint64(_GAMMA * k & 0xFFFFFFFFFFFFFFFF) for k in range(1, 6)
)
_FIRST, _SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_ROLES = np.array([_SOURCE, _TARGET, _OWN])[:, None, None]


def dag_hash(
  adjacency: np.ndarray,
  labels: np.ndarray,
  mask: np.ndarray,
  rounds: int | None = None,
) -> np.ndarray:
  """Hashes graphs so that relabelling or padding nodes changes nothing.

  Weisfeiler-Lehman colour refinement (Shervashidze et al. 2011) in which a
  node sees the multisets of its predecessors and of its successors apart.
  Multisets are summed after mixing each member by the finaliser of splitmix64
  (Steele et al. 2014), so that no sorting is needed.

  Args:
    adjacency: `adjacency[b, i, j]` parallel edges from node i to node j,
      `[n, N, N]`, integers or booleans; values at padding are ignored.
    labels: node labels, `[n, N]` integers; values at padding are ignored.
    mask: True on real nodes, which may stand anywhere, `[n, N]` bool.
    rounds: refinements of every graph; None means as many as the graph has
      real nodes, which is enough for colours to become stable.

  Returns:
    `[n]` uint64. Isomorphic graphs are equal; others differ, but for chance
    and for pairs that colour refinement cannot tell apart.

  Raises:
    UserError: the shapes do not fit each other.
  """
  adjacency, labels = np.asarray(adjacency), np.asarray(labels)
  mask = np.asarray(mask, bool)
  size, nodes = mask.shape
  if adjacency.shape != (size, nodes, nodes) or labels.shape != mask.shape:
    raise errors.UserError(
      f"dag_hash: expected adjacency [n, N, N] with labels and mask [n, N], "
      f"got {adjacency.shape}, {labels.shape} and {mask.shape}"
    )
  result = np.empty(size, np.uint64)
  for start in range(0, size, _CHUNK):
    part = slice(start, start + _CHUNK)
    result[part] = _hash(adjacency[part], labels[part], mask[part], rounds)
  return result


def row_hash(rows: np.ndarray) -> np.ndarray:
  """Hashes rows of integers `[n, G]`, values and places, `[n]` uint64."""
  keys = np.zeros(len(rows), np.uint64)
  for column in np.asarray(rows).T.astype(np.int64).view(np.uint64):
    keys = _mix(keys * np.uint64(_GAMMA) + column + _LABEL)
  return keys


def _mix(values: np.ndarray) -> np.ndarray:
  values = values ^ (values >> 30)
  values *= _FIRST
  values ^= values >> 27
  values *= _SECOND
  values ^= values >> 31
  return values


def _hash(adjacency, labels, mask, rounds):
  # Nodes first, graphs last: every operation below runs along the graphs.
  real = mask.T.astype(np.uint64)  # [N, n]
  edges = adjacency.transpose(1, 2, 0).astype(np.uint64) * real[:, None] * real
  counts = mask.sum(1)
  colours = _mix(labels.T.astype(np.int64).view(np.uint64) + _LABEL) * real
  for done in range(counts.max(initial=0) if rounds is None else rounds):
    refined = _refine(edges, colours) * real
    if rounds is None:
      refined = np.where(done < counts, refined, colours)
    colours = refined
  total = (_mix(colours + _GRAPH) * real).sum(0, dtype=np.uint64)
  return _mix(total + counts.astype(np.uint64) * _OWN)


def _refine(edges: np.ndarray, colours: np.ndarray) -> np.ndarray:
  """Gives nodes `[N, n]` new colours over edges `[N, N, n]`."""
  before, after, own = _mix(colours + _ROLES)  # one call: batches can be small
  sources = np.einsum("ijn,in->jn", edges, before)
  targets = np.einsum("ijn,jn->in", edges, after)
  return _mix(_mix(own + sources) * _OWN + targets)
