"""The graph encoder of GENNAPE: a k-GNN with attention.

Mills et al., "GENNAPE: Towards Generalized Neural Architecture Performance
Estimators", AAAI 2023. Convolutions of k-GNNs with k = 1 are those of Morris et
al., "Weisfeiler and Leman Go Neural", AAAI 2019, section 4.

Dimensions: `B` graphs, `N` nodes, `F` features, `K` width.
"""

import flax.linen as nn
import jax
import jax.numpy as jnp
import jraph


class GraphConv(nn.Module):
  """`W1 x_v` and the means of what feeds `v` and of what it feeds.

  Attributes:
    width: `K`.
  """

  width: int

  @nn.compact
  def __call__(self, x: jax.Array, graph: jraph.GraphsTuple) -> jax.Array:
    """Maps `[N, F]` to `[N, K]`."""
    total = nn.Dense(self.width, name="own")(x)
    ends = jnp.asarray(graph.senders), jnp.asarray(graph.receivers)
    for name, (source, target) in zip(
      ("before", "after"), (ends, ends[::-1]), strict=True
    ):
      sums = jax.ops.segment_sum(x[source], target, len(x))
      ones = jnp.ones_like(target, x.dtype)
      number = jax.ops.segment_sum(ones, target, len(x))
      mean = sums / jnp.maximum(number, 1)[:, None]
      total += nn.Dense(self.width, use_bias=False, name=name)(mean)
    return total


class Encoder(nn.Module):
  """Graph convolutions, then attention over the nodes of each graph.

  Attributes:
    width: `K`.
    layers: number of graph convolutions.
    heads: numbers of the attention; each weighs all nodes of a graph.
  """

  width: int = 48
  layers: int = 4
  heads: int = 4

  @nn.compact
  def __call__(self, graph: jraph.GraphsTuple) -> jax.Array:
    """Maps a batch with its padding to embeddings `[B, K]`."""
    nodes = jnp.asarray(graph.nodes)
    x = nn.tanh(nn.Dense(self.width, name="embed")(nodes))
    for layer in range(self.layers):
      conv = GraphConv(self.width, name=f"conv{layer}")
      x = x + nn.tanh(conv(x, graph))
    count = len(graph.n_node)
    index = jnp.repeat(
      jnp.arange(count), graph.n_node, total_repeat_length=len(x)
    )
    logits = nn.Dense(self.heads, name="attention")(x)
    weights = jnp.asarray(jraph.segment_softmax(logits, index, count))
    values = x.reshape(len(x), self.heads, -1) * weights[:, :, None]
    seen = jax.ops.segment_sum(values.reshape(x.shape), index, count)
    sums = jax.ops.segment_sum(x, index, count)
    total = jnp.sign(sums) * jnp.log1p(jnp.abs(sums))
    both = jnp.concatenate([seen, total], axis=-1)[:-1]
    return nn.Dense(self.width, name="out")(both)
