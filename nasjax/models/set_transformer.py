"""Attention between sets: the blocks of the Set Transformer, with masks.

Lee et al., "Set Transformer: A framework for attention-based
permutation-invariant neural networks", 2019, sections 3.1 and 3.2.
Dimensions: `...` any leading axes, `N` and `M` elements, `K` width, `H` heads.
"""

import flax.linen as nn
import jax
import jax.numpy as jnp


class CrossAttention(nn.Module):
  """Multi-head attention of one set to another.

  Attributes:
    width: `K`, width of the result; a multiple of the number of heads.
    num_heads: `H`.
  """

  width: int
  num_heads: int

  @nn.compact
  def __call__(
    self, queries: jax.Array, elements: jax.Array, mask: jax.Array
  ) -> jax.Array:
    """Lets N queries read from M elements.

    Args:
      queries: `[..., N, K]`.
      elements: `[..., M, D]`.
      mask: `[..., M]`, 1 on real elements.

    Returns:
      `[..., N, K]`; where no element is real, nothing is read.
    """
    query = self._heads("query", queries)
    key = self._heads("key", elements)
    value = self._heads("value", elements)
    scale = (self.width // self.num_heads) ** -0.5
    logits = scale * jnp.einsum("...nhd,...mhd->...hnm", query, key)
    visible = jnp.broadcast_to(mask[..., None, None, :], logits.shape)
    logits = jnp.where(visible > 0, logits, -1e9)
    weights = jax.nn.softmax(logits, axis=-1) * visible
    read = jnp.einsum("...hnm,...mhd->...nhd", weights, value)
    return nn.Dense(self.width, name="output")(
      read.reshape(*read.shape[:-2], self.width)
    )

  def _heads(self, name: str, inputs: jax.Array) -> jax.Array:
    """Projects `[..., N, D]` to `[..., N, H, K / H]`."""
    projected = nn.Dense(self.width, name=name)(inputs)
    shape = (self.num_heads, self.width // self.num_heads)
    return projected.reshape(*inputs.shape[:-1], *shape)


class MAB(nn.Module):
  """Multihead attention block: attention and feed-forward, each with a norm.

  `MAB(X, Y) = LayerNorm(H + rFF(H))`, `H = LayerNorm(X + Multihead(X, Y, Y))`.

  Attributes:
    width: `K`.
    num_heads: `H`.
  """

  width: int
  num_heads: int

  @nn.compact
  def __call__(
    self, queries: jax.Array, elements: jax.Array, mask: jax.Array
  ) -> jax.Array:
    """Maps `[..., N, K]` to `[..., N, K]`; see `CrossAttention`."""
    attention = CrossAttention(self.width, self.num_heads, name="attention")
    read = attention(queries, elements, mask)
    hidden = nn.LayerNorm(name="norm_attention")(queries + read)
    forward = nn.relu(nn.Dense(self.width, name="forward")(hidden))
    return nn.LayerNorm(name="norm_output")(hidden + forward)


class SAB(nn.Module):
  """Set attention block, `SAB(X) = MAB(X, X)`: every element reads from all.

  Attributes:
    width: `K`, which the elements must have.
    num_heads: `H`.
  """

  width: int
  num_heads: int

  @nn.compact
  def __call__(self, elements: jax.Array, mask: jax.Array) -> jax.Array:
    """Maps `[..., N, K]` to `[..., N, K]`; masked rows are zero.

    Args:
      elements: `[..., N, K]`.
      mask: `[..., N]`, 1 on real elements.
    """
    block = MAB(self.width, self.num_heads, name="block")
    return block(elements, elements, mask) * mask[..., None]


class PMA(nn.Module):
  """Pooling by multihead attention, `PMA(Z) = MAB(S, rFF(Z))`.

  Attributes:
    width: `K`.
    num_heads: `H`.
    num_seeds: number of learned seed vectors `S`, and of results.
  """

  width: int
  num_heads: int
  num_seeds: int = 1

  @nn.compact
  def __call__(self, elements: jax.Array, mask: jax.Array) -> jax.Array:
    """Maps `[..., N, K]` to `[..., num_seeds, K]`.

    Args:
      elements: `[..., N, K]`.
      mask: `[..., N]`, 1 on real elements.
    """
    seeds = self.param(
      "seeds", nn.initializers.xavier_uniform(), (self.num_seeds, self.width)
    )
    forward = nn.relu(nn.Dense(self.width, name="forward")(elements))
    queries = jnp.broadcast_to(
      seeds, (*elements.shape[:-2], self.num_seeds, self.width)
    )
    return MAB(self.width, self.num_heads, name="block")(queries, forward, mask)
