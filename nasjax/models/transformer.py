"""Transformer encoder over the nodes of one cell.

Dimensions: `N` nodes, `K` width, `H` heads, `D = K / H`.
"""

import functools

import flax.linen as nn
import jax
import jax.numpy as jnp

from nasjax import graphs
from nasjax.models import layers

ATTENTIONS = ("all", "structural", "relations")
MAX_PAIR_NODES = 12


def head_scopes(
  adjacency: jax.Array, mask: jax.Array, num_heads: int, attention: str
) -> jax.Array:
  """Which nodes each head may look at.

  Args:
    adjacency: `[N, N]`.
    mask: `[N]`, 1 on real nodes.
    num_heads: `H`.
    attention: `all`: every real node; `structural`: three eighths of the heads
      see ancestors, three eighths descendants (both with the node itself), the
      rest every real node; `relations`: the heads take turns at the eight rows
      of `relation_scopes`.

  Returns:
    `[H, N, N]` float32, 1 where the row's node may look at the column's node.
  """
  everywhere = jnp.broadcast_to(mask[None, :], adjacency.shape)
  if attention == "all":
    return jnp.broadcast_to(everywhere, (num_heads, *adjacency.shape))
  if attention == "relations":
    relations = relation_scopes(adjacency, mask)
    return relations[jnp.arange(num_heads) % len(relations)]
  paths = graphs.reachability(adjacency)
  own = jnp.eye(adjacency.shape[-1], dtype=adjacency.dtype)
  descendants = (paths + own) * mask[None, :]
  ancestors = (paths.T + own) * mask[None, :]
  third = 3 * num_heads // 8
  return jnp.stack(
    [ancestors] * third
    + [descendants] * third
    + [everywhere] * (num_heads - 2 * third)
  )


def relation_scopes(adjacency: jax.Array, mask: jax.Array) -> jax.Array:
  """Relations between nodes, one relation a row.

  Siblings read the same node or are read by the same node; that these two
  relations help a predictor of architectures is a finding of NN-Former (Xu et
  al. 2025).

  Args:
    adjacency: `[N, N]`, 1 where node i feeds node j.
    mask: `[N]`, 1 on real nodes.

  Returns:
    `[8, N, N]` float32: every real node; descendants; ancestors; nodes that
    are fed; nodes that feed; nodes with a common feeding node; nodes with a
    common fed node; every real node again. Each node sees itself.
  """
  paths = graphs.reachability(adjacency)
  feeding = adjacency.T
  related = jnp.stack(
    [
      paths,
      paths.T,
      adjacency,
      feeding,
      feeding @ adjacency,
      adjacency @ feeding,
    ]
  )
  own = jnp.eye(adjacency.shape[-1], dtype=adjacency.dtype)
  scopes = (related + own[None] > 0).astype(adjacency.dtype)
  everywhere = jnp.ones_like(scopes[:1])
  return jnp.concatenate([everywhere, scopes, everywhere]) * mask[None, None]


class SelfAttention(nn.Module):
  """Multi-head self-attention with a mask per head (eq. 4-5).

  Queries, keys and values have no bias, as in eq. 4.

  Attributes:
    num_heads: `H`; must divide the width.
  """

  num_heads: int

  @nn.compact
  def __call__(self, nodes: jax.Array, scopes: jax.Array) -> jax.Array:
    """Maps `[N, K]` to `[N, K]`; `scopes` `[H, N, N]` from `head_scopes`."""
    num_nodes, width = nodes.shape
    query, key, value = (
      nn.Dense(width, use_bias=False, name=name)(nodes)
      for name in ("query", "key", "value")
    )
    attend = attend_pairs if num_nodes <= MAX_PAIR_NODES else attend_wide
    return nn.Dense(width, name="output")(attend(query, key, value, scopes))


def attend_pairs(
  query: jax.Array, key: jax.Array, value: jax.Array, scopes: jax.Array
) -> jax.Array:
  """Attention of all heads at once, for few nodes.

  All pairs of nodes are multiplied feature by feature; one product with a
  `[K, H]` matrix of zeros and ones sums the features of each head. Over many
  architectures that is one large matrix product, about twice as fast on a CPU
  as the small products of `attend_wide`.

  Args:
    query: `[N, K]`.
    key: `[N, K]`.
    value: `[N, K]`.
    scopes: `[H, N, N]`, 1 where the row's node may look at the column's node.

  Returns:
    `[N, K]`, the heads side by side.
  """
  num_heads, num_nodes, _ = scopes.shape
  width = query.shape[-1]
  own = _own_columns(num_heads, width, query.dtype)
  pairs = (query[:, None] * key[None]).reshape(num_nodes**2, width)
  logits = (pairs @ own.T).reshape(num_nodes, num_nodes, num_heads)
  weights = _masked_softmax(
    logits * (num_heads / width) ** 0.5, jnp.moveaxis(scopes, 0, 2), axis=1
  )
  spread = weights.reshape(num_nodes**2, num_heads) @ own
  spread = spread.reshape(num_nodes, num_nodes, width)
  return jnp.sum(spread * value[None], axis=1)


def attend_wide(
  query: jax.Array, key: jax.Array, value: jax.Array, scopes: jax.Array
) -> jax.Array:
  """Attention of all heads as one product an architecture, for many nodes.

  Keys and values of head h are zero outside its own columns: one product of
  `[N, K]` by `[K, H N]` is several times faster than H tiny ones. Arguments and
  result as in `attend_pairs`.
  """
  num_heads, num_nodes, _ = scopes.shape
  width = query.shape[-1]
  own = _own_columns(num_heads, width, query.dtype)
  wide = num_heads * num_nodes
  keys = (own[:, None, :] * key[None]).reshape(wide, width)
  values = (own[:, None, :] * value[None]).reshape(wide, width)
  logits = (query @ keys.T).reshape(num_nodes, num_heads, num_nodes)
  weights = _masked_softmax(
    logits * (num_heads / width) ** 0.5, jnp.swapaxes(scopes, 0, 1), axis=2
  )
  return weights.reshape(num_nodes, wide) @ values


def _own_columns(num_heads: int, width: int, dtype: jnp.dtype) -> jax.Array:
  """1 where a feature belongs to a head, `[H, K]`."""
  return jnp.repeat(jnp.eye(num_heads, dtype=dtype), width // num_heads, axis=1)


def _masked_softmax(
  logits: jax.Array, visible: jax.Array, axis: int
) -> jax.Array:
  """Softmax over the visible entries; 0 on the others, also where all are."""
  logits = jnp.where(visible > 0, logits, -1e9)
  return jax.nn.softmax(logits, axis=axis) * visible


class EncoderLayer(nn.Module):
  """Attention and feed-forward, each with dropout, residual, and norm.

  Attributes:
    num_heads: heads of the attention.
    ffn_width: width of the feed-forward hidden layer.
    dropout_rate: dropout of both branches.
  """

  num_heads: int
  ffn_width: int
  dropout_rate: float

  @nn.compact
  def __call__(
    self, nodes: jax.Array, scopes: jax.Array, *, train: bool
  ) -> jax.Array:
    """Maps `[N, K]` to `[N, K]`."""
    drop = functools.partial(
      layers.Dropout(self.dropout_rate, name="dropout"), train=train
    )
    attended = SelfAttention(self.num_heads, name="attention")(nodes, scopes)
    nodes = nn.LayerNorm(name="norm_attention")(nodes + drop(attended))
    hidden = nn.relu(nn.Dense(self.ffn_width, name="hidden")(nodes))
    hidden = nn.Dense(nodes.shape[-1], name="output")(hidden)
    return nn.LayerNorm(name="norm_output")(nodes + drop(hidden))


class TransformerEncoder(nn.Module):
  """A stack of encoder layers.

  Attributes:
    num_layers: number of layers.
    num_heads: heads of each attention.
    ffn_width: width of the feed-forward hidden layers.
    dropout_rate: dropout.
    attention: one of `ATTENTIONS`, see `head_scopes`.
  """

  num_layers: int
  num_heads: int
  ffn_width: int
  dropout_rate: float
  attention: str = "all"

  @nn.compact
  def __call__(
    self,
    nodes: jax.Array,
    adjacency: jax.Array,
    mask: jax.Array,
    *,
    train: bool,
  ) -> jax.Array:
    """Encodes nodes.

    Args:
      nodes: `[N, K]`.
      adjacency: `[N, N]` of the cell, for structural heads.
      mask: `[N]`, 1 on real nodes; nobody looks at padding.
      train: whether dropout is on (needs a `dropout` key).

    Returns:
      `[N, K]`; rows of padding are zero.
    """
    scopes = head_scopes(adjacency, mask, self.num_heads, self.attention)
    for index in range(self.num_layers):
      layer = EncoderLayer(
        self.num_heads, self.ffn_width, self.dropout_rate, name=f"layer_{index}"
      )
      nodes = layer(nodes, scopes, train=train)
    return nodes * mask[:, None]
