"""Graph masked autoencoder of GMAE-NAS (Jing et al. 2022): a GAT encoder.

`nasjax.systems.baselines.pretrain` trains `encode` to name hidden operations;
training on labels then starts from it. Written for one architecture; `vmap` it.
Dimensions: `N` nodes, `H` heads, `K` width.
"""

import flax.linen as nn
import jax
import jax.numpy as jnp

from nasjax import graphs
from nasjax.features import reads
from nasjax.models import layers
from nasjax.operators import encoding

_SLOPE = 0.2


class GraphAttention(nn.Module):
  """Graph attention (Velickovic et al. 2018), heads averaged.

  Attributes:
    width: `K`, width of each head and of the result.
    num_heads: `H`.
  """

  width: int
  num_heads: int

  @nn.compact
  def __call__(self, nodes: jax.Array, visible: jax.Array) -> jax.Array:
    """Maps `[N, F]` to `[N, K]`.

    Args:
      nodes: `[N, F]`.
      visible: `[N, N]`, 1 where the row's node may look at the column's node.
    """
    shape = self.num_heads, self.width
    values = nn.Dense(self.num_heads * self.width, use_bias=False, name="value")
    value = values(nodes).reshape(-1, *shape)
    init = nn.initializers.glorot_uniform()
    reader = self.param("reader", init, shape)
    source = self.param("source", init, shape)
    logits = (
      jnp.sum(value * reader[None], -1)[:, None]
      + jnp.sum(value * source[None], -1)[None]
    )
    seen = visible[..., None] > 0
    logits = jnp.where(seen, nn.leaky_relu(logits, _SLOPE), -1e9)
    weights = jnp.where(seen, jax.nn.softmax(logits, axis=1), 0.0)
    bias = self.param("bias", nn.initializers.zeros, (self.width,))
    mixed = jnp.einsum("ijh,jhk->ik", weights, value) / self.num_heads
    return mixed + bias[None]


class GMAE(nn.Module):
  """Embedding -> graph attention layers -> mean of the nodes -> score.

  Nodes look at their neighbours in both directions and at themselves. Each
  layer has a residual connection and a norm.

  Attributes:
    width: `K`, width of each head.
    num_heads: heads of each layer.
    num_layers: layers.
    head_width: hidden width of the dense layers behind the encoder.
    dropout_rate: dropout after each layer.
    freeze_encoder: whether training on labels leaves the encoder as it is.
    operators: names of operators beyond those that come with nasjax, by commas
      (`nasjax.operators.encoding`).
  """

  width: int = 32
  num_heads: int = 16
  num_layers: int = 4
  head_width: int = 128
  dropout_rate: float = 0.0
  freeze_encoder: bool = False
  operators: str = ""

  @property
  def reads(self) -> reads.Reads:
    """Inputs of the model: the graph of a cell alone."""
    return reads.Reads(node_order=False)

  def setup(self):
    """Makes the layers."""
    self.embed = nn.Dense(self.width, use_bias=False)
    self.attentions = [
      GraphAttention(self.width, self.num_heads) for _ in range(self.num_layers)
    ]
    self.norms = [nn.LayerNorm() for _ in range(self.num_layers)]
    self.dropout = layers.Dropout(self.dropout_rate)
    self.head_hidden = nn.Dense(self.head_width)
    self.head_output = nn.Dense(1)

  def encode(
    self, cell: graphs.CellGraphs, *, train: bool = False
  ) -> jax.Array:
    """Node states of a cell without a batch axis, `[N, K]`; padding is zero.

    A hidden operation (`encoding.HIDDEN`) has a column of its own.
    """
    adjacency = graphs.symmetric(cell.adjacency)
    visible = adjacency + jnp.diag(cell.mask)
    hidden = jnp.asarray(cell.ops == encoding.HIDDEN, jnp.float32)
    ops = jnp.concatenate(
      [encoding.one_hot(cell.ops, self.operators), hidden[:, None]], axis=-1
    )
    nodes = self.embed(ops) * cell.mask[:, None]
    for attention, norm in zip(self.attentions, self.norms, strict=True):
      read = self.dropout(nn.elu(attention(nodes, visible)), train=train)
      nodes = norm(nodes + read) * cell.mask[:, None]
    return nodes

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
    nodes = self.encode(cell, train=train)
    if self.freeze_encoder:
      nodes = jax.lax.stop_gradient(nodes)
    summary = layers.mean_nodes(nodes, cell.mask)
    return self.head_output(nn.relu(self.head_hidden(summary)))[0]
