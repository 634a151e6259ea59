"""TNASP of Lu et al. 2021: a transformer with the Laplacian as position.

Written for one architecture; `vmap` it. Dimensions: `N` nodes, `K` width. The
self-evolution of that paper feeds errors on validation cells back into the
training, which needs labels of cells that are no training cells: left out.
"""

import flax.linen as nn
import jax

from nasjax import graphs
from nasjax.features import reads
from nasjax.models import layers, transformer
from nasjax.operators import encoding


class TNASP(nn.Module):
  """Embedding + Laplacian -> transformer -> mean of the nodes -> score.

  Attributes:
    width: `K`.
    num_heads: heads of each attention; divides the width.
    num_layers: transformer layers.
    ffn_width: width of the feed-forward layers.
    head_width: width of the dense layer of the regressor.
    dropout_rate: dropout of embedding, transformer and regressor.
    position: whether the Laplacian is added; without it the model does not see
      the edges at all.
    operators: names of operators beyond those that come with nasjax, by commas
      (`nasjax.operators.encoding`).
  """

  width: int = 64
  num_heads: int = 8
  num_layers: int = 3
  ffn_width: int = 256
  head_width: int = 96
  dropout_rate: float = 0.1
  position: bool = True
  operators: str = ""

  @property
  def reads(self) -> reads.Reads:
    """Inputs of the model: the graph of a cell alone."""
    return reads.Reads(node_order=self.position)

  def setup(self):
    """Makes the layers."""
    self.embed = nn.Dense(self.width, use_bias=False)
    if self.position:
      self.place = nn.Dense(self.width)
    self.embed_dropout = layers.Dropout(self.dropout_rate)
    self.transformer = transformer.TransformerEncoder(
      num_layers=self.num_layers,
      num_heads=self.num_heads,
      ffn_width=self.ffn_width,
      dropout_rate=self.dropout_rate,
      attention="all",
    )
    self.head_hidden = nn.Dense(self.head_width)
    self.head_dropout = layers.Dropout(self.dropout_rate)
    self.head_output = nn.Dense(1)

  def encode(
    self, cell: graphs.CellGraphs, *, train: bool = False
  ) -> jax.Array:
    """Node states of a cell without a batch axis, `[N, K]`."""
    nodes = self.embed(encoding.one_hot(cell.ops, self.operators))
    if self.position:
      nodes += self.place(graphs.laplacian(cell.adjacency))
    nodes = self.embed_dropout(nodes, train=train) * cell.mask[:, None]
    return self.transformer(nodes, cell.adjacency, cell.mask, train=train)

  def __call__(
    self, cell: graphs.CellGraphs, *, train: bool = False
  ) -> jax.Array:
    """Scores one architecture.

    Args:
      cell: graphs without a batch axis.
      train: whether dropout is on (needs a `dropout` key).

    Returns:
      A scalar, higher = better, in units of the normalised label.
    """
    summary = layers.mean_nodes(self.encode(cell, train=train), cell.mask)
    hidden = self.head_dropout(self.head_hidden(summary), train=train)
    return self.head_output(hidden)[0]
