"""PINAT of Lu et al. 2023: a transformer with permutation-invariant modules.

Written for one architecture; `vmap` it. Dimensions: `N` nodes, `K` width, `F`
features and `T` heads of a set convolution, `H` attention heads of width `D`.
"""

from collections.abc import Mapping
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp

from nasjax import errors, graphs
from nasjax.features import reads
from nasjax.models import layers
from nasjax.operators import encoding

_SLOPE = 0.2


def sources(cell: graphs.CellGraphs) -> jax.Array:
  """1 where the row's node reads the column's: feeders and itself, `[N, N]`."""
  return cell.adjacency.T + jnp.diag(cell.mask)


def _feature_weights(
  key: jax.Array, shape: tuple[int, int], dtype: jnp.dtype = jnp.float32
) -> jax.Array:
  """Glorot's uniform weights of a set convolution, `[F, T T + T + 1]`.

  One draw for the three groups of columns, each with its own bound: compiling
  a draw takes longer than many steps of training.
  """
  width, columns = shape
  heads = int(columns**0.5)  # T T + T + 1 lies between T^2 and (T + 1)^2
  bounds = jnp.sqrt(
    jnp.concatenate(
      [
        jnp.full(heads * heads, 3 / heads),
        jnp.full(heads, 6 / (width + heads)),
        jnp.full(1, 3.0),
      ]
    )
  )
  return jax.random.uniform(key, shape, dtype, -1.0) * bounds[None]


class SetConvolution(nn.Module):
  """A function of the unordered set of a node's sources, beside a dense layer.

  Every source is mapped alone, the results are added, and the sum is mapped
  again, feature by feature over the heads: permuting the sources changes
  nothing. A dense layer of the node itself is added.

  Attributes:
    width: `F`, features of each head.
    num_heads: `T`.
    concat: whether heads are set side by side; else they are added.
  """

  width: int
  num_heads: int
  concat: bool = True

  @nn.compact
  def __call__(self, nodes: jax.Array, reads: jax.Array) -> jax.Array:
    """Maps `[N, K]` to `[N, F T]` or `[N, F]`; `reads` from `sources`."""
    heads, inner = self.num_heads, self.width * self.num_heads
    outer = inner if self.concat else self.width
    both = nn.Dense(inner + outer, use_bias=False, name="dense")(nodes)
    element, own = jax.lax.split(both, (inner, outer), axis=1)
    zeros = nn.initializers.zeros
    own += self.param("own_bias", zeros, (outer,))[None]
    columns = heads * heads + heads + 1
    weights = self.param("weights", _feature_weights, (self.width, columns))
    # Heads come first, features last: loops over features run in vectors.
    mix, gain, scale = jax.lax.split(
      weights.T, (heads * heads, heads, 1), axis=0
    )
    mix = mix.reshape(heads, heads, self.width)
    shift = self.param("shift", zeros, (self.width, 1)).T
    bias = self.param("bias", zeros, (self.width, heads)).T
    element = element.reshape(-1, self.width, heads).transpose(2, 0, 1)
    element = nn.leaky_relu(element * scale[None] + shift[None], _SLOPE)
    total = jnp.sum(reads[None, :, :, None] * element[:, None], axis=2)
    mixed = jnp.einsum("snf,stf->tnf", total, mix) + bias[:, None]
    mixed = nn.leaky_relu(mixed, _SLOPE) * gain[:, None]
    if self.concat:
      return mixed.transpose(1, 2, 0).reshape(-1, outer) + own
    return jnp.sum(mixed, axis=0) + own


class PermutationInvariantModule(nn.Module):
  """Three set convolutions with ELU between them.

  Attributes:
    width: width of the result.
    hidden_width: features of each head of the first two.
    num_heads: heads of the set convolutions.
  """

  width: int
  hidden_width: int
  num_heads: int

  @nn.compact
  def __call__(self, nodes: jax.Array, reads: jax.Array) -> jax.Array:
    """Maps `[N, K]` to `[N, width]`; `reads` `[N, N]` from `sources`."""
    heads = self.num_heads
    for index in range(2):
      layer = SetConvolution(self.hidden_width, heads, name=f"set_{index}")
      nodes = nn.elu(layer(nodes, reads))
    last = SetConvolution(self.width, heads, concat=False, name="set_2")
    return last(nodes, reads)


class PISALayer(nn.Module):
  """Attention heads over all nodes and set heads over sources, side by side.

  Attributes:
    num_heads: heads of both kinds; half of them are set heads.
    key_width: `D`, width of each head.
    ffn_width: width of the feed-forward hidden layer.
    set_width: features of the set convolutions.
    dropout_rate: dropout of attention weights and of both branches.
  """

  num_heads: int
  key_width: int
  ffn_width: int
  set_width: int
  dropout_rate: float

  @nn.compact
  def __call__(
    self, nodes: jax.Array, reads: jax.Array, mask: jax.Array, *, train: bool
  ) -> jax.Array:
    """Maps `[N, K]` to `[N, K]`; `mask` `[N]`, 1 on real nodes."""
    num_set = self.num_heads // 2
    invariant = PermutationInvariantModule(
      num_set * self.key_width, self.set_width, num_set, name="invariant"
    )(nodes, reads)
    attended = self._attend(nodes, mask, self.num_heads - num_set, train)
    both = jnp.concatenate([invariant, attended], axis=-1)
    width = nodes.shape[-1]
    mixed = nn.Dense(width, use_bias=False, name="mix")(both)
    mixed = layers.Dropout(self.dropout_rate, name="dropout_mix")(
      mixed, train=train
    )
    nodes = nn.LayerNorm(name="norm_mix")(nodes + mixed)
    hidden = nn.relu(nn.Dense(self.ffn_width, name="hidden")(nodes))
    hidden = nn.Dense(width, name="output")(hidden)
    hidden = layers.Dropout(self.dropout_rate, name="dropout_output")(
      hidden, train=train
    )
    return nn.LayerNorm(name="norm_output")(nodes + hidden)

  def _attend(
    self, nodes: jax.Array, mask: jax.Array, num_heads: int, train: bool
  ) -> jax.Array:
    """Self-attention over the real nodes, `[N, H D]`."""
    size = num_heads * self.key_width
    all_three = nn.Dense(3 * size, use_bias=False, name="query_key_value")
    query, key, value = (
      part.reshape(-1, num_heads, self.key_width)
      for part in jnp.split(all_three(nodes), 3, axis=-1)
    )
    logits = jnp.einsum("ihd,jhd->ijh", query, key) / self.key_width**0.5
    logits = jnp.where(mask[None, :, None] > 0, logits, -1e9)
    weights = layers.Dropout(self.dropout_rate, name="dropout_weights")(
      jax.nn.softmax(logits, axis=1), train=train
    )
    return jnp.einsum("ijh,jhd->ihd", weights, value).reshape(-1, size)


class PINAT(nn.Module):
  """Embedding + Laplacian + invariant module -> PISA layers -> score.

  Attributes:
    width: `K`.
    num_heads: heads of each layer; half of them are set heads (PISA).
    key_width: width of each head.
    num_layers: layers.
    ffn_width: width of the feed-forward layers.
    set_width: features of the set convolutions.
    embed_heads: heads of the set convolutions of the embedding (PITE).
    head_width: width of the dense layer of the regressor.
    dropout_rate: dropout everywhere.
    position: whether the Laplacian is added.
    operators: names of operators beyond those that come with nasjax, by commas
      (`nasjax.operators.encoding`).
  """

  width: int = 80
  num_heads: int = 4
  key_width: int = 64
  num_layers: int = 3
  ffn_width: int = 512
  set_width: int = 16
  embed_heads: int = 6
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
    self.invariant = PermutationInvariantModule(
      self.width, self.set_width, self.embed_heads
    )
    self.embed_dropout = layers.Dropout(self.dropout_rate)
    self.invariant_dropout = layers.Dropout(self.dropout_rate)
    self.norm = nn.LayerNorm()
    self.stack = [
      PISALayer(
        self.num_heads,
        self.key_width,
        self.ffn_width,
        self.set_width,
        self.dropout_rate,
      )
      for _ in range(self.num_layers)
    ]
    self.head_hidden = nn.Dense(self.head_width, use_bias=False)
    self.head_dropout = layers.Dropout(self.dropout_rate)
    self.head_output = nn.Dense(1, use_bias=False)

  def encode(
    self, cell: graphs.CellGraphs, *, train: bool = False
  ) -> jax.Array:
    """Node states of a cell without a batch axis, `[N, K]`."""
    reads = sources(cell)
    ops = encoding.one_hot(cell.ops, self.operators)
    nodes = self.embed(ops)
    if self.position:
      nodes += self.place(graphs.laplacian(cell.adjacency))
    nodes = self.embed_dropout(nodes, train=train)
    nodes += self.invariant_dropout(self.invariant(ops, reads), train=train)
    nodes = self.norm(nodes)
    for layer in self.stack:
      nodes = layer(nodes, reads, cell.mask, train=train)
    return nodes * cell.mask[:, None]

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


def check(fields: Mapping[str, Any]) -> None:
  """Checks sizes that depend on each other.

  Raises:
    UserError: the heads cannot be halved.
  """
  if fields["num_heads"] < 2 or fields["num_heads"] % 2:
    raise errors.UserError(
      "config.model.num_heads: expected an even number (half of them are set "
      f"heads), got {fields['num_heads']}"
    )
