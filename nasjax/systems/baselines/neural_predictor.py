"""Neural Predictor of Wen et al. 2020: a bidirectional graph convolution.

Written for one architecture; `vmap` it. Dimensions: `N` nodes, `O` operators,
`K` width.
"""

import flax.linen as nn
import jax

from nasjax import graphs
from nasjax.features import reads
from nasjax.models import gcn, layers
from nasjax.operators import encoding


class BidirectionalGCN(nn.Module):
  """Layers of `(relu(A H W) + relu(A^T H W')) / 2` (section 3.2 there).

  Both adjacencies have self-loops and normalised rows.

  Attributes:
    width: width of every layer.
    num_layers: number of layers.
    dropout_rate: dropout after each layer.
    operators: names of operators beyond those that come with nasjax, by commas
      (`nasjax.operators.encoding`).
  """

  width: int
  num_layers: int
  dropout_rate: float
  operators: str = ""

  @nn.compact
  def __call__(self, cell: graphs.CellGraphs, *, train: bool) -> jax.Array:
    """Encodes a cell without a batch axis, `[N, K]`; padding is zero."""
    adjacency = cell.adjacency
    forward = graphs.normalize(adjacency, cell.mask)
    backward = graphs.normalize(adjacency.T, cell.mask)
    nodes = encoding.one_hot(cell.ops, self.operators)
    nodes = nodes * cell.mask[:, None]
    for index in range(self.num_layers):
      read = [
        nn.relu(
          gcn.aggregate_dense(
            normalized,
            nn.Dense(self.width, use_bias=False, name=f"{name}_{index}")(nodes),
          )
        )
        for name, normalized in (("forward", forward), ("backward", backward))
      ]
      nodes = layers.Dropout(self.dropout_rate, name=f"dropout_{index}")(
        (read[0] + read[1]) / 2, train=train
      )
    return nodes


class NeuralPredictor(nn.Module):
  """Bidirectional GCN -> mean of the nodes -> dense layer -> score.

  Attributes:
    width: width of the graph convolutions.
    num_layers: number of graph convolutions.
    head_width: width of the dense layer.
    dropout_rate: dropout after each graph convolution and the dense layer.
    operators: names of operators beyond those that come with nasjax, by commas
      (`nasjax.operators.encoding`).
  """

  width: int = 144
  num_layers: int = 3
  head_width: int = 128
  dropout_rate: float = 0.1
  operators: str = ""

  @property
  def reads(self) -> reads.Reads:
    """Inputs of the model: the graph of a cell alone."""
    return reads.Reads(node_order=False)

  def setup(self):
    """Makes the layers."""
    self.encoder = BidirectionalGCN(
      self.width, self.num_layers, self.dropout_rate, self.operators
    )
    self.head_hidden = nn.Dense(self.head_width)
    self.head_dropout = layers.Dropout(self.dropout_rate)
    self.head_output = nn.Dense(1)

  def encode(
    self, cell: graphs.CellGraphs, *, train: bool = False
  ) -> jax.Array:
    """Node states of a cell without a batch axis, `[N, K]`."""
    return self.encoder(cell, train=train)

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
    hidden = nn.relu(self.head_hidden(summary))
    hidden = self.head_dropout(hidden, train=train)
    return self.head_output(hidden)[0]
