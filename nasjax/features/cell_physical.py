"""Physical features of a cell: how much of which work lies on its paths.

Counts and paths in layers of convolution, of spatial convolution and of
pooling, whatever the operators are called: they follow from the kinds, kernels
and repeats of `nasjax.operators`. So cells of two spaces that share no operator
have the same features in the same units, and a regression that was learnt in
one space can be asked in another.

Dimensions: `N` nodes, `O` operators, `P` features.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from nasjax import operators
from nasjax.features import cell_paths

Array = Any  # of numpy or of JAX

_WIDTH = 64
"""Channels at which a depthwise kernel is weighed against a full one."""
_TYPES = ("input", "spatial", "1x1", "pool", "output")
_ON_PATHS = ("conv", "spatial", "field", "pool", "hops")
_SHARES = ("conv", "spatial", "pool", "work")
_WIDE = ("conv", "spatial", "hops")

NAMES = (
  *(f"nodes ({each})" for each in ("spatial", "1x1", "pool", "skip")),
  *(f"layers ({each})" for each in ("spatial", "1x1")),
  *(
    f"{what} on paths ({each})"
    for what in ("most", "least", "mean", "spread", "walks")
    for each in _ON_PATHS
  ),
  *(f"most without pool ({each})" for each in ("conv", "spatial")),
  *(f"share of paths without {each}" for each in _SHARES),
  "some path without conv",
  *(f"width ({each})" for each in _WIDE),
  "log2 kernel area",
  "share of pool nodes",
  "edges",
  "log2 paths",
  *(f"edges {a} to {b}" for a in _TYPES[:-1] for b in _TYPES[1:]),
)
"""Names of the `P` features of one cell."""


class Work(NamedTuple):
  """What each operator does, `[O]` float32 each.

  Attributes:
    conv: layers of convolution, or of linear maps.
    spatial: those with a kernel beyond one pixel.
    field: pixels by which the receptive field grows.
    pool: 1 of a pooling.
    skip: 1 of an identity.
    area: kernel elements for each pair of channels.
  """

  conv: Array
  spatial: Array
  field: Array
  pool: Array
  skip: Array
  area: Array


def work() -> Work:
  """The work of every operator, by its id."""
  rows = [_work_of(each) for each in operators.operators()]
  return Work(*np.array(rows, np.float32).T)


def _work_of(operator: operators.Operator) -> tuple[float, ...]:
  times = max(operator.repeats, 1)
  height, width = (max(size, 1) for size in operator.kernel)
  wide = max(height, width)
  is_conv = operator.kind in ("conv", "linear")
  is_pool = operator.kind == "pool"
  area = height * width
  if operator.depthwise:
    area = 1 + area / _WIDTH
  return (
    times * is_conv,
    times * (is_conv and wide > 1),
    times * (wide - 1) * max(operator.dilation, 1) * (is_conv or is_pool),
    is_pool,
    operator.kind == "skip",
    times * area * is_conv,
  )


def physical_features(
  ops: jax.Array, adjacency: jax.Array, mask: jax.Array, max_hops: int
) -> jax.Array:
  """Physical features of one pruned cell; traceable, `vmap` it.

  Args:
    ops: operator ids, `[N]`.
    adjacency: 1 where node i feeds node j, `[N, N]`, acyclic.
    mask: 1 on nodes that count, `[N]`.
    max_hops: edges of the longest path there can be.

  Returns:
    `[P]` float32, in the order of `NAMES`; all 0 where nothing leads from an
    input to an output.
  """
  own = Work(*(jnp.asarray(each)[ops] * mask for each in work()))
  graph = cell_paths.PathGraph(
    adjacency=adjacency * mask[:, None] * mask[None, :],
    is_input=mask * (ops == operators.INPUT),
    is_output=mask * (ops == operators.OUTPUT),
    max_hops=max_hops,
  )
  is_work = jnp.maximum(own.conv > 0, own.pool)
  along = jnp.stack([own.conv, own.spatial, own.field, own.pool, is_work])
  number = cell_paths.count_paths(graph, jnp.ones_like(along[:1]))[0]
  most, *others = _on_paths(graph, along)
  shares = _shares(graph, along, number)
  edges = _edges(graph, own)
  parts = [
    _counts(own),
    most,
    *others,
    _most_without_pool(graph, along[:2], own.pool),
    shares,
    jnp.where(shares[:1] > 0, 1.0, 0.0),
    _widths(own, is_work, most),
    _totals(own, is_work, edges, number),
    edges,
  ]
  return jnp.where(number > 0, jnp.concatenate(parts), 0.0)


def _types(own: Work) -> tuple[jax.Array, jax.Array]:
  """Which nodes are spatial and which are pointwise convolutions, `[N]`."""
  is_spatial = own.spatial > 0
  return is_spatial, (own.conv > 0) * (1.0 - is_spatial)


def _counts(own: Work):
  """Nodes of each type and layers of convolution, `[6]`."""
  is_spatial, is_pointwise = _types(own)
  layers = own.spatial, own.conv - own.spatial
  counted = (is_spatial, is_pointwise, own.pool, own.skip, *layers)
  return jnp.stack([each.sum() for each in counted])


def _widths(own: Work, is_work, most):
  """Layers in all by those of the longest path, `[3]`."""
  totals = jnp.stack([own.conv.sum(), own.spatial.sum(), is_work.sum()])
  return totals / jnp.maximum(most[jnp.array([0, 1, 4])], 1.0)


def _totals(own: Work, is_work, edges, number):
  """Kernel area, share of poolings, edges and paths, `[4]`."""
  return jnp.stack(
    [
      jnp.log2(1 + own.area.sum()),
      own.pool.sum() / jnp.maximum(is_work.sum(), 1.0),
      edges.sum(),
      jnp.log2(1 + number),
    ]
  )


def _on_paths(graph: cell_paths.PathGraph, along):
  """Most, least, mean and spread on paths and mean on walks, `[5]` each."""
  everywhere = jnp.ones_like(along)
  numbers = cell_paths.path_numbers(graph)
  before, after = graph.is_input @ numbers, numbers @ graph.is_output
  total = jnp.maximum(before @ graph.is_output, 1.0)
  mean = along @ (before * after) / total
  pairs = before[:, None] * numbers * after[None, :] / total
  pairs = pairs + pairs.T - jnp.diag(jnp.diag(pairs))
  squares = jnp.sum((along @ pairs) * along, axis=1)
  variance = squares - mean**2
  return (
    cell_paths.extreme(graph, everywhere, along, jnp.maximum),
    cell_paths.extreme(graph, everywhere, along, jnp.minimum),
    mean,
    jnp.sqrt(jnp.where(variance > 1e-4, variance, 0.0)),
    along @ cell_paths.visits(graph),
  )


def _most_without_pool(graph: cell_paths.PathGraph, along, pool):
  """Longest sums on paths that have no pooling, `[2]`; 0 without such."""
  views = jnp.broadcast_to(1.0 - pool, along.shape)
  exists = cell_paths.count_paths(graph, views) > 0
  best = cell_paths.extreme(graph, views, along, jnp.maximum)
  return jnp.where(exists, best, 0.0)


def _shares(graph: cell_paths.PathGraph, along, number):
  """Shares of the paths without conv, spatial, pool and any work, `[4]`."""
  views = 1.0 - (along[jnp.array([0, 1, 3, 4])] > 0)
  found = cell_paths.count_paths(graph, views)
  return found / jnp.maximum(number, 1.0)


def _edges(graph: cell_paths.PathGraph, own: Work):
  """Edges from each type to each, identities contracted, `[16]`."""
  types = jnp.stack([graph.is_input, *_types(own), own.pool, graph.is_output])
  through = graph.adjacency * own.skip[:, None]

  def step(_, reached):
    return jnp.minimum(graph.adjacency + reached @ through, 1.0)

  reached = jax.lax.fori_loop(0, graph.max_hops, step, graph.adjacency)
  return (types[:-1] @ reached @ types[1:].T).reshape(-1)
