"""Genotypes as padded graphs, and every edit that is made to a graph.

Dimensions: `B` architectures, `N` cell nodes, `M` numeric operation features,
`T = 2N + 1` training-graph nodes, `E` edges.
"""

import dataclasses
import functools

import flax.linen as nn
import jax
import jax.numpy as jnp
import jraph
import numpy as np

from nasjax import compiler, feature_scales, graph_features, operators
from nasjax.spaces import base as spaces_base

NUM_DETAILS = operators.detail_table().shape[1] + 3


@functools.partial(
  jax.tree_util.register_dataclass,
  data_fields=[
    "ops",
    "details",
    "adjacency",
    "mask",
    "features",
    "paths",
    "signals",
    "edges",
    "function",
  ],
  meta_fields=[],
)
@dataclasses.dataclass(frozen=True)
class CellGraphs:
  """Op-on-node graphs of cells, padded to one size.

  Every field has a leading batch axis, except inside a model, which sees one
  architecture.

  Attributes:
    ops: operator ids, `[B, N]` int32; 0 on padding.
    details: numeric detail of each node: the columns of
      `operators.detail_table`, log2 input and output channels (relative to the
      cell's width), cell type; `[B, N, M]` float32; 0 on padding.
    adjacency: 1 where node i feeds node j, `[B, N, N]` float32.
    mask: 1 on real nodes, `[B, N]` float32.
    features: standardised graph features, the cells of an architecture side by
      side, `[B, F]` float32; None where nobody computed them.
    paths: standardised path features (`nasjax.cell_path_features`), likewise,
      `[B, P]` float32.
    signals: standardised signals (`nasjax.cell_signals`), likewise, `[B, U]`
      float32; None where nobody asked for them.
    edges: 1 where an edge has an operation (`Space.edge_features`), `[B, E]`
      float32; None in spaces without.
    function: the cell that stands for all cells with the same function
      (`Space.functions`), with the mean of their features and its own signals,
      itself without paths, edges and function; None in spaces without.
  """

  ops: jax.Array
  details: jax.Array
  adjacency: jax.Array
  mask: jax.Array
  features: jax.Array | None = None
  paths: jax.Array | None = None
  signals: jax.Array | None = None
  edges: jax.Array | None = None
  function: "CellGraphs | None" = None


@compiler.own_numbers()
def build(cells: spaces_base.EncodedCells, *, prune: bool) -> CellGraphs:
  """Turns a space's drawing of cells into `CellGraphs`; traceable.

  Args:
    cells: op-on-node graphs with a leading batch axis `B`.
    prune: whether dead nodes are removed (see `live_nodes`).

  Returns:
    Graphs with the same node numbering; removed nodes become padding.
  """
  mask = cells.mask
  if prune:
    mask = live_nodes(cells.ops, cells.adjacency, mask)
  adjacency = cells.adjacency * mask[..., :, None] * mask[..., None, :]
  table = jnp.asarray(operators.detail_table())
  details = jnp.concatenate(
    [table[cells.ops], cells.channels, cells.cell_type[..., None]], axis=-1
  )
  return CellGraphs(
    ops=jnp.where(mask > 0, cells.ops, 0).astype(jnp.int32),
    details=details * mask[..., None],
    adjacency=adjacency,
    mask=mask,
  )


@compiler.own_numbers()
def cell_graphs(
  space: spaces_base.Space,
  genotypes: jax.Array,
  *,
  prune: bool = True,
  signals: bool = False,
) -> CellGraphs:
  """Encodes genotypes `[B, G]` of a space: graphs with features.

  Features are standardised by their mean and spread over 4,096 cells that are
  drawn from the space once and for all; no label enters.

  Args:
    space: the space of the genotypes.
    genotypes: `[B, G]`.
    prune: whether dead nodes are removed.
    signals: whether signals are computed too, which takes longer than the rest;
      see `reads_signals`.
  """
  genotypes = jnp.asarray(genotypes)
  cells = build(space.encode(genotypes), prune=prune)
  kinds = ("features", "paths", *(("signals",) if signals else ()))
  return dataclasses.replace(
    cells,
    **{kind: _standardised(space, cells, kind) for kind in kinds},
    edges=space.edge_features(genotypes),
    function=_function_graphs(space, genotypes, prune, signals),
  )


@compiler.own_numbers()
def training_cells(
  space: spaces_base.Space,
  genotypes: np.ndarray,
  prune: bool,
  *,
  signals: bool = False,
) -> CellGraphs:
  """Graphs of training samples `[S, n, G]`; fields have axes `[S, n, ...]`.

  Args:
    space: the space of the samples.
    genotypes: `[S, n, G]`.
    prune: whether dead nodes are removed.
    signals: whether the model reads signals (`reads_signals`).
  """
  seeds, num, length = genotypes.shape
  build = functools.partial(cell_graphs, space, prune=prune, signals=signals)
  cells = compiler.jit(build)(
    jnp.asarray(genotypes.reshape(seeds * num, length))
  )
  return jax.tree.map(
    lambda field: field.reshape(seeds, num, *field.shape[1:]), cells
  )


def reads_signals(model: nn.Module) -> bool:
  """Whether a model has to be given cells with signals."""
  inner = getattr(model, "predictor", model)
  return getattr(inner, "signals", False)


def _standardised(
  space: spaces_base.Space, cells: CellGraphs, kind: str
) -> jax.Array:
  """A kind of features in units of its spread, `[B, F]`."""
  scale = feature_scales.load(space.name, kind)
  mean, spread = scale or measure_feature_scale(space, kind)
  return (graph_features.KINDS[kind](space, cells) - mean) / spread


def _function_graphs(
  space: spaces_base.Space, genotypes: jax.Array, prune: bool, signals: bool
) -> CellGraphs | None:
  """`CellGraphs.function` of genotypes `[B, G]`."""
  functions = space.functions()
  if functions is None:
    return None
  numbers = jnp.asarray(functions.numbers)[space.rows(genotypes)]
  chosen = jnp.asarray(functions.cells)[numbers]
  cells = build(space.encode(chosen), prune=prune)
  return dataclasses.replace(
    cells,
    features=jnp.asarray(_function_features(space))[numbers],
    signals=_standardised(space, cells, "signals") if signals else None,
  )


@functools.lru_cache(maxsize=16)
@compiler.own_numbers()
def _function_features(space: spaces_base.Space) -> np.ndarray:
  """Mean features of the cells of each function, `[functions, F]` float32."""
  functions = space.functions()
  assert functions is not None

  def compute(genotypes):
    cells = build(space.encode(genotypes), prune=True)
    return _standardised(space, cells, "features")

  with jax.ensure_compile_time_eval():
    found = np.asarray(compiler.jit(compute)(space.enumerate()), np.float64)
  sums = np.zeros((len(functions.cells), found.shape[1]))
  np.add.at(sums, functions.numbers, found)
  counts = np.bincount(functions.numbers)[:, None]
  return (sums / counts).astype(np.float32)


@functools.lru_cache(maxsize=16)
@compiler.own_numbers()
def measure_feature_scale(
  space: spaces_base.Space, kind: str
) -> feature_scales.Scale:
  """Mean and spread of a kind of features over 4,096 cells of a space."""
  drawn = space.sample(4096, np.random.default_rng(0))

  def compute(genotypes):
    cells = build(space.encode(genotypes), prune=True)
    return graph_features.KINDS[kind](space, cells)

  with jax.ensure_compile_time_eval():
    found = compiler.jit(compute)(drawn)
    return feature_scales.measure(np.asarray(found))


def live_nodes(
  ops: jax.Array, adjacency: jax.Array, mask: jax.Array
) -> jax.Array:
  """Marks the nodes that carry a signal from an input to an output.

  A `none` node passes nothing on; a node off every path from an input to an
  output changes nothing. Inputs and outputs themselves always stay.

  Args:
    ops: `[B, N]` operator ids.
    adjacency: `[B, N, N]`.
    mask: `[B, N]`, 1 on real nodes.

  Returns:
    `[B, N]` float32, 1 on live nodes.
  """
  passes = mask * (ops != operators.NONE)
  is_input = passes * (ops == operators.INPUT)
  is_output = passes * (ops == operators.OUTPUT)
  forward = _reach(is_input, adjacency * passes[..., None, :])
  backward = _reach(
    is_output, jnp.swapaxes(adjacency, -1, -2) * passes[..., None, :]
  )
  return jnp.maximum(forward * backward, jnp.maximum(is_input, is_output))


def _reach(start: jax.Array, adjacency: jax.Array) -> jax.Array:
  """Nodes that a walk from `start` `[B, N]` can reach, `[B, N]` float32."""
  num_nodes = adjacency.shape[-1]

  def step(_, reached):
    fed = jnp.einsum("...i,...ij->...j", reached, adjacency)
    return jnp.minimum(reached + fed, 1.0)

  return jax.lax.fori_loop(0, num_nodes - 1, step, start)


def reachability(adjacency: jax.Array) -> jax.Array:
  """Transitive closure: 1 where a path leads from i to j.

  Args:
    adjacency: `[..., N, N]` of an acyclic graph.

  Returns:
    `[..., N, N]` float32, zero diagonal.
  """
  closure = adjacency
  for _ in range(max(1, int(np.ceil(np.log2(adjacency.shape[-1]))))):
    closure = jnp.minimum(closure + closure @ closure, 1.0)
  return closure


def laplacian(adjacency: jax.Array) -> jax.Array:
  """`L = D - A` with out-degrees D (eq. 3 of Wang et al. 2024), `[..., N, N]`.

  Rows and columns of padded nodes are zero because they have no edges.
  """
  degree = jnp.sum(adjacency, axis=-1)
  return degree[..., :, None] * jnp.eye(adjacency.shape[-1]) - adjacency


def symmetric(adjacency: jax.Array) -> jax.Array:
  """`A' = A + A^T` (eq. 7 of Wang et al. 2024), `[..., N, N]`."""
  return adjacency + jnp.swapaxes(adjacency, -1, -2)


def normalize(adjacency: jax.Array, mask: jax.Array) -> jax.Array:
  """Row-normalised adjacency with self-loops, `D^-1 (A + I)`.

  Args:
    adjacency: `[..., N, N]`.
    mask: `[..., N]`; padded nodes get no self-loop.

  Returns:
    `[..., N, N]`; each real row sums to one.
  """
  looped = adjacency + mask[..., :, None] * jnp.eye(adjacency.shape[-1])
  degree = jnp.sum(looped, axis=-1, keepdims=True)
  return looped / jnp.maximum(degree, 1.0)


def training_graph(
  adjacency: jax.Array, entry: jax.Array, mask: jax.Array
) -> jax.Array:
  """Full training graph `a_Tra` (algorithm 1 of Wang et al. 2024).

  Nodes are the features `S_0 .. S_N`, then the operations `op_1 .. op_N`:
  `[[M_inf, P], [Q, M_grad]]` where `M_inf` is the cell with the head node
  `S_0`, `M_grad` the transposed cell (the gradient flow), `P` ties a feature to
  the operation that makes it, `Q` an operation to the features that it feeds.

  Args:
    adjacency: cell `C`, `[..., N, N]`.
    entry: 1 on the nodes which `S_0` feeds (the cell's inputs), `[..., N]`.
    mask: 1 on real nodes, `[..., N]`.

  Returns:
    `[..., T, T]` with `T = 2N + 1`.
  """
  m_inf = inference_graph(adjacency, entry)
  m_grad = jnp.swapaxes(adjacency, -1, -2)
  num_nodes = adjacency.shape[-1]
  p = jnp.eye(num_nodes + 1, num_nodes, k=-1, dtype=adjacency.dtype)
  p = p * mask[..., None, :]
  q = m_inf[..., 1:, :]
  top = jnp.concatenate([m_inf, p], axis=-1)
  bottom = jnp.concatenate([q, m_grad], axis=-1)
  return jnp.concatenate([top, bottom], axis=-2)


def inference_graph(adjacency: jax.Array, entry: jax.Array) -> jax.Array:
  """Cell with the head node `S_0`: `M_inf`, `[..., N + 1, N + 1]` (eq. 10)."""
  head = jnp.concatenate([jnp.zeros_like(entry[..., :1]), entry], axis=-1)
  body = jnp.concatenate(
    [jnp.zeros_like(adjacency[..., :1]), adjacency], axis=-1
  )
  return jnp.concatenate([head[..., None, :], body], axis=-2)


def to_graphs_tuple(
  nodes: jax.Array, adjacency: jax.Array, max_edges: int
) -> jraph.GraphsTuple:
  """One graph as a padded `jraph.GraphsTuple`; traceable.

  The second graph of the tuple is padding: one node, and the unused edges.

  Args:
    nodes: `[N, K]` node states.
    adjacency: `[N, N]` edge weights; a non-zero entry is an edge i -> j.
    max_edges: room for edges, `E`; further edges are lost, so give a bound.

  Returns:
    Two graphs: `nodes [N + 1, K]`, `edges [E, 1]` (weights), `senders` and
    `receivers [E]`, `n_node [N, 1]`, `n_edge [used, E - used]`.
  """
  num_nodes = adjacency.shape[-1]
  senders, receivers = jnp.nonzero(
    adjacency, size=max_edges, fill_value=num_nodes
  )
  weights = jnp.pad(adjacency, ((0, 1), (0, 1)))[senders, receivers]
  used = jnp.sum(adjacency != 0)
  return jraph.GraphsTuple(
    nodes=jnp.pad(nodes, ((0, 1), (0, 0))),
    edges=weights[:, None],
    senders=senders,
    receivers=receivers,
    n_node=jnp.array([num_nodes, 1]),
    n_edge=jnp.stack([used, max_edges - used]),
    globals=None,
  )


def from_graphs_tuple(graph: jraph.GraphsTuple) -> tuple[jax.Array, jax.Array]:
  """Inverse of `to_graphs_tuple`: nodes `[N, K]`, adjacency `[N, N]`."""
  nodes, edges = jnp.asarray(graph.nodes), jnp.asarray(graph.edges)
  num_nodes = nodes.shape[0] - 1
  adjacency = jnp.zeros((num_nodes + 1, num_nodes + 1))
  adjacency = adjacency.at[graph.senders, graph.receivers].add(edges[:, 0])
  return nodes[:-1], adjacency[:-1, :-1]
