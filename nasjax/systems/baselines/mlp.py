"""A multi-layer perceptron over the flattened cell: the simplest baseline.

It sees what Peephole (Deng et al. 2017) and the perceptrons of later
comparisons see, a fixed order of operators and edges, and no structure.
Dimensions: `N` nodes of the padded cell, `O` operators.
"""

import flax.linen as nn
import jax
import jax.numpy as jnp

from nasjax import graphs
from nasjax.features import reads
from nasjax.models import layers
from nasjax.operators import encoding


class MLP(nn.Module):
  """One-hot operators and adjacency, flattened -> dense layers -> score.

  Peephole reads a chain with an LSTM; a cell is no chain, so the recurrence is
  left out and only the idea of a learned function of the layer list is kept.

  Attributes:
    width: width of every hidden layer.
    num_layers: hidden layers.
    dropout_rate: dropout after each hidden layer.
    operators: names of operators beyond those that come with nasjax, by commas
      (`nasjax.operators.encoding`).
  """

  width: int = 256
  num_layers: int = 3
  dropout_rate: float = 0.0
  operators: str = ""

  @property
  def reads(self) -> reads.Reads:
    """Inputs of the model: the graph of a cell alone."""
    return reads.Reads(node_order=True)

  @nn.compact
  def __call__(
    self, cell: graphs.CellGraphs, *, train: bool = False
  ) -> jax.Array:
    """Scores one architecture.

    Args:
      cell: graphs without a batch axis (`ops [N]`, `adjacency [N, N]`,
        `mask [N]`).
      train: whether dropout is on (needs a `dropout` key).

    Returns:
      A scalar, higher = better, in units of the normalised label.
    """
    ops = encoding.one_hot(cell.ops, self.operators)
    ops = ops * cell.mask[:, None]
    hidden = jnp.concatenate([ops.ravel(), cell.adjacency.ravel()])
    for index in range(self.num_layers):
      hidden = nn.relu(nn.Dense(self.width, name=f"hidden_{index}")(hidden))
      hidden = layers.Dropout(self.dropout_rate, name=f"dropout_{index}")(
        hidden, train=train
      )
    return nn.Dense(1, name="output")(hidden)[0]
