"""Edits of padded graphs: pruning, adjacencies, the full training graph.

Dimensions: `B` architectures, `N` cell nodes, `T = 2N + 1` training-graph
nodes.
"""

import jax
import jax.numpy as jnp
import numpy as np

from nasjax import operators


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
