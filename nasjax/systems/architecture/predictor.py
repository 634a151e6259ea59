"""Predictor A: the architecture-enhanced predictor of Wang et al. 2024.

Written for one architecture; `vmap` it over architectures. Dimensions: `N`
nodes, `M` numeric details, `K` width, `T = 2N + 1` training-graph nodes.
"""

import flax.linen as nn
import jax
import jax.numpy as jnp

from nasjax import graphs, operators
from nasjax.features import kinds, reads
from nasjax.models import flow, gcn, layers, transformer
from nasjax.operators import encoding

CHOICES = {
  "encoding": ("hyper", "onehot"),
  "attention": transformer.ATTENTIONS,
  "encoder": ("gcn", "flow"),
  "adjacency": ("raw", "norm"),
  "graph": ("training", "inference"),
  "head": ("gcn", "mlp"),
  "features": ("none", "node", "head", "both"),
  "implementation": gcn.IMPLEMENTATIONS,
}


class ArchitecturePredictor(nn.Module):
  """Embedding -> transformer -> GCN -> GCN over the training graph -> score.

  Attributes:
    width: `K`, width of the transformer.
    num_heads: heads of each attention.
    num_layers: transformer layers.
    ffn_width: width of the transformer's feed-forward layers.
    encoder: graph encoder behind the transformer: `gcn` (eq. 6-7), or `flow`
      (passes along and against the edges, `models.flow`).
    encoder_layers: number of encoder layers; 0: no encoder.
    predictor_layers: graph convolutions over the training graph.
    gcn_width: width of all graph convolutions, and of each pass of `flow`.
    head_width: hidden width of the last two dense layers.
    dropout_rate: dropout in the transformer.
    gcn_dropout_rate: dropout after each graph convolution.
    encoding: `hyper` (operation and its numeric detail) or `onehot`.
    position: whether the Laplacian is added to the embedding (eq. 3).
    attention: `all`, `structural` or `relations` (see
      `transformer.head_scopes`).
    adjacency: `raw` (eq. 7 to the letter) or `norm` (self-loops, normalised
      rows).
    bidirectional: whether the predictor GCN also reads the transposed graph.
    graph: `training` (eq. 16) or `inference` (forward graph alone).
    head: `gcn`, or `mlp` on the mean of the encoded nodes.
    features: where graph features enter: `none`, `node` (added to the
      embedding of every node), `head` (beside the summary), or `both`.
    paths: whether path features stand beside the graph features wherever
      those enter.
    signals: whether signals (`cell_signals`) stand beside the graph
      features wherever those enter.
    edges: whether the edge features of the space stand beside the graph
      features wherever those enter; they depend on the numbering of the nodes,
      so isomorphic cells may score differently.
    functions: whether a cell is read as the cell that stands for its function,
      with the mean features of all cells of that function
      (`Space.functions`), so that they all get one score.
    extra_kinds: further kinds of features (`nasjax.features.kinds`) that stand
      beside them, by commas.
    feature_width: width that the features are projected to for the head.
    feature_dropout_rate: dropout of the features themselves.
    implementation: `dense` or `jraph` graph convolutions.
    operators: names of operators beyond those that come with nasjax, by commas
      (`nasjax.operators.encoding`).
  """

  width: int = 64
  num_heads: int = 8
  num_layers: int = 3
  ffn_width: int = 256
  encoder: str = "gcn"
  encoder_layers: int = 3
  predictor_layers: int = 3
  gcn_width: int = 144
  head_width: int = 256
  dropout_rate: float = 0.1
  gcn_dropout_rate: float = 0.0
  encoding: str = "hyper"
  position: bool = True
  attention: str = "all"
  adjacency: str = "raw"
  bidirectional: bool = False
  graph: str = "training"
  head: str = "gcn"
  features: str = "none"
  paths: bool = False
  signals: bool = False
  edges: bool = False
  functions: bool = False
  feature_width: int = 64
  feature_dropout_rate: float = 0.0
  implementation: str = "dense"
  extra_kinds: str = ""
  operators: str = ""

  @property
  def reads(self) -> reads.Reads:
    """Inputs of the model, as its fields choose them."""
    chosen = kinds.chosen(
      paths=self.paths,
      signals=self.signals,
      edges=self.edges,
      extra=self.extra_kinds,
    )
    return reads.Reads(
      kinds=() if self.features == "none" else chosen,
      by_function=self.functions,
      node_order=self.position,
    )

  @nn.compact
  def __call__(
    self,
    cell: graphs.CellGraphs,
    dataset: jax.Array | None = None,
    *,
    train: bool = False,
  ) -> jax.Array:
    """Scores one architecture.

    Args:
      cell: graphs without a batch axis (`ops [N]`, `details [N, M]`,
        `adjacency [N, N]`, `mask [N]`).
      dataset: `H_D` of the data set, any width; it becomes the head node `S_0`
        of the training graph, a learned vector where None.
      train: whether dropout is on (needs a `dropout` key).

    Returns:
      A scalar, higher = better, in units of the normalised label.
    """
    features = self._features(cell, train)
    nodes = self._embed(cell, features)
    nodes = transformer.TransformerEncoder(
      self.num_layers,
      self.num_heads,
      self.ffn_width,
      self.dropout_rate,
      self.attention,
      name="transformer",
    )(nodes, cell.adjacency, cell.mask, train=train)
    nodes = self._encode(nodes, cell, train)
    summary = self._read_out(nodes, cell, dataset, train)
    if self.features in ("head", "both"):
      own = nn.Dense(self.feature_width, name="feature_hidden")(features)
      summary = jnp.concatenate([summary, nn.relu(own)])
    hidden = nn.relu(nn.Dense(self.head_width, name="head_hidden")(summary))
    return nn.Dense(1, name="head_output")(hidden)[0]

  def _features(self, cell: graphs.CellGraphs, train: bool) -> jax.Array | None:
    """Features `[F]`, dropped out in training; None if the model reads none."""
    if self.features == "none":
      return None
    drop = layers.Dropout(self.feature_dropout_rate, name="feature_dropout")
    return drop(self.reads.side_by_side(cell), train=train)

  def _embed(
    self, cell: graphs.CellGraphs, features: jax.Array | None
  ) -> jax.Array:
    """Hyper-dimensional embedding plus position, `[N, K]` (eq. 3)."""
    rows = encoding.one_hot(cell.ops, self.operators)
    if self.encoding == "hyper":
      rows = jnp.concatenate([rows, cell.details], axis=-1)
    nodes = nn.Dense(self.width, use_bias=False, name="embed")(rows)
    if self.features in ("node", "both"):
      nodes += nn.Dense(self.width, name="feature_embed")(features)[None]
    if self.position:
      nodes += nn.Dense(self.width, use_bias=False, name="position")(
        graphs.laplacian(cell.adjacency)
      )
    return nodes * cell.mask[:, None]

  def _encode(
    self, nodes: jax.Array, cell: graphs.CellGraphs, train: bool
  ) -> jax.Array:
    """Gives the structure back that attention washed out (eq. 6-7)."""
    if not self.encoder_layers:
      return nodes
    if self.encoder == "flow":
      encoder = flow.Flow(self.gcn_width, self.encoder_layers, name="flow")
      return encoder(nodes, cell.adjacency, cell.mask)
    adjacency = graphs.symmetric(cell.adjacency)
    if self.adjacency == "norm":
      adjacency = graphs.normalize(adjacency, cell.mask)
    return gcn.GCN(
      self.gcn_width,
      self.encoder_layers,
      self.gcn_dropout_rate,
      self.implementation,
      name="encoder",
    )(nodes, (adjacency,), train=train)

  def _read_out(
    self,
    nodes: jax.Array,
    cell: graphs.CellGraphs,
    dataset: jax.Array | None,
    train: bool,
  ) -> jax.Array:
    """Summary of the whole cell, `[gcn_width]` or `[K]` (eq. 16-17)."""
    if self.head == "mlp":
      return jnp.sum(nodes, axis=0) / jnp.sum(cell.mask)
    states, mask, adjacency = self._training_graph(nodes, cell, dataset)
    if self.adjacency == "norm":
      directions = [graphs.normalize(adjacency, mask)]
      if self.bidirectional:
        directions.append(graphs.normalize(adjacency.T, mask))
    else:
      directions = [adjacency]
      if self.bidirectional:
        directions.append(adjacency.T)
    states = gcn.GCN(
      self.gcn_width,
      self.predictor_layers,
      self.gcn_dropout_rate,
      self.implementation,
      name="predictor",
    )(states, tuple(directions), train=train)
    return nn.relu(jnp.sum(states * mask[:, None], axis=0))

  def _training_graph(
    self,
    nodes: jax.Array,
    cell: graphs.CellGraphs,
    dataset: jax.Array | None,
  ) -> tuple[jax.Array, jax.Array, jax.Array]:
    """States `[T, F]`, mask `[T]`, adjacency `[T, T]` of the last GCN."""
    width = nodes.shape[-1]
    init = nn.initializers.normal(0.02)
    if dataset is None:
      head = self.param("head_node", init, (1, width))
    else:
      head = nn.Dense(width, name="dataset")(dataset)[None]
    kinds = self.param("kinds", init, (2, width))
    entry = cell.mask * (cell.ops == operators.INPUT)
    one = jnp.ones((1,), cell.mask.dtype)
    features = nodes + kinds[:1]
    if self.graph == "inference":
      states = jnp.concatenate([head, features])
      mask = jnp.concatenate([one, cell.mask])
      adjacency = graphs.inference_graph(cell.adjacency, entry)
    else:
      states = jnp.concatenate([head, features, nodes + kinds[1:]])
      mask = jnp.concatenate([one, cell.mask, cell.mask])
      adjacency = graphs.training_graph(cell.adjacency, entry, cell.mask)
    return states * mask[:, None], mask, adjacency
