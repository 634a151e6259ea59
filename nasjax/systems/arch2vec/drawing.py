"""Cells as the autoencoder reads them: one graph for each cell.

A DARTS architecture is two graphs, all others are one. Nodes stand in the
order of the space's graph, absent ones before the output, so that the first
node is an input and the last one the output in every cell.

Dimensions: `B` architectures, `C` cells of an architecture, `n` cells, `N`
nodes of a cell, `O` classes of nodes.
"""

import dataclasses
import functools
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from nasjax import compiler, errors, operators
from nasjax.spaces import base as spaces_base

_ROUNDS = 5  # of colour refinement


class Drawn(NamedTuple):
  """Graphs of cells.

  Attributes:
    classes: class of each node (`Classes`), `[n, N]` int8.
    ties: how many nodes before it look alike (`_ties`), `[n, N]` int8.
    adjacency: 1 where node i feeds node j, `[n, N, N]` int8.
  """

  classes: jax.Array
  ties: jax.Array
  adjacency: jax.Array


@dataclasses.dataclass(frozen=True)
class Classes:
  """What the nodes of a space can be: its inputs in order, output, operators.

  Attributes:
    num_inputs: inputs of a cell; each has a class of its own.
    operators: ids of the other classes: output, `none` (an absent node), and
      the operators of the space.
    num_nodes: `N`.
    num_cells: `C`.
  """

  num_inputs: int
  operators: tuple[int, ...]
  num_nodes: int
  num_cells: int

  @property
  def num(self) -> int:
    """`O`, how many classes there are."""
    return self.num_inputs + len(self.operators)

  def ids(self) -> np.ndarray:
    """Operator id of each class, `[O]` int32."""
    return np.array([operators.INPUT] * self.num_inputs + [*self.operators])


@functools.lru_cache(maxsize=16)
@compiler.own_numbers()
def classes_of(space: spaces_base.Space) -> Classes:
  """Returns the classes of the nodes of a space.

  Raises:
    UserError: an edge of its graphs runs to an earlier node, or leads from one
      cell into another.
  """
  space = space.whole
  # NAS-Bench-101 draws uniformly only where it is enumerated.
  draw_cells = getattr(space, "sample_valid", space.sample)
  sample = draw_cells(64, np.random.default_rng(0))
  with jax.ensure_compile_time_eval():
    drawn = space.encode(jnp.asarray(sample))
  size = space.num_nodes // space.num_cells
  ops, adjacency = np.asarray(drawn.ops), np.asarray(drawn.adjacency)
  cell = np.arange(space.num_nodes) // size
  inside = np.triu(cell[:, None] == cell, 1)
  if (adjacency * ~inside).any():
    raise errors.UserError(
      f"space {space.name!r}: expected graphs whose edges run from earlier to "
      "later nodes of one cell, got others; number nodes in topological order"
    )
  is_input = (ops == operators.INPUT) & (np.asarray(drawn.mask) > 0)
  num_inputs = is_input[:, :size].sum(axis=1).max()
  own = operators.operator_ids(space.operator_names)
  ids = (operators.OUTPUT, operators.NONE, *np.asarray(own).tolist())
  return Classes(int(num_inputs), ids, size, space.num_cells)


def draw(space: spaces_base.Space, genotypes: jax.Array) -> Drawn:
  """Draws architectures `[B, G]`; traceable.

  Returns:
    Graphs of `n = B * C` cells, those of one architecture side by side.
  """
  kinds = classes_of(space)
  found = space.whole.encode(genotypes)
  size, count = kinds.num_nodes, kinds.num_cells
  batch = found.ops.shape[0]
  mask = found.mask.reshape(-1, size) > 0
  ops = jnp.where(mask, found.ops.reshape(-1, size), operators.NONE)
  full = found.adjacency.reshape(batch, count, size, count, size)
  adjacency = jnp.einsum("bcicj->bcij", full).reshape(-1, size, size)
  place = _places(mask)
  rows = jnp.arange(ops.shape[0])[:, None]
  ops = ops[rows, place]
  adjacency = adjacency[rows[..., None], place[:, :, None], place[:, None, :]]
  codes = _codes(kinds, ops)
  ties = _ties(codes, adjacency)
  return Drawn(
    codes.astype(jnp.int8), ties.astype(jnp.int8), adjacency.astype(jnp.int8)
  )


def _places(mask: jax.Array) -> jax.Array:
  """Which node of the drawing stands where: the output last, `[n, N]`."""
  size = mask.shape[-1]
  last = jnp.sum(mask, axis=-1, keepdims=True) - 1
  place = jnp.arange(size)[None]
  place = jnp.where(place >= last, place + 1, place)
  return place.at[:, -1:].set(last)


def _codes(kinds: Classes, ops: jax.Array) -> jax.Array:
  """Class of each node, `[n, N]` int32."""
  table = np.zeros(max(kinds.operators) + 1, np.int32)
  table[list(kinds.operators)] = kinds.num_inputs + np.arange(
    len(kinds.operators)
  )
  is_input = ops == operators.INPUT
  ordinal = jnp.cumsum(is_input, axis=-1) - 1
  return jnp.where(is_input, ordinal, jnp.asarray(table)[ops])


def _ties(codes: jax.Array, adjacency: jax.Array) -> jax.Array:
  """Number of earlier nodes that colour refinement takes for it, `[n, N]`.

  A graph network gives such nodes one state, from which no decoder could draw
  two equal chains side by side. The number tells them apart and changes
  nothing in all other cells.
  """
  links = (adjacency + jnp.swapaxes(adjacency, -1, -2)).astype(jnp.uint32)
  colours = (codes + 1).astype(jnp.uint32) * jnp.uint32(0x9E3779B1)
  for _ in range(_ROUNDS):
    mixed = _mix(colours)
    around = jnp.sum(links * mixed[..., None, :], axis=-1, dtype=jnp.uint32)
    colours = colours * jnp.uint32(31) + around
  same = colours[..., :, None] == colours[..., None, :]
  return jnp.sum(jnp.tril(same, -1), axis=-1)


def _mix(values: jax.Array) -> jax.Array:
  """Spreads 32-bit numbers one to one: the finaliser of MurmurHash3."""
  values = (values ^ (values >> 16)) * jnp.uint32(0x85EBCA6B)
  values = (values ^ (values >> 13)) * jnp.uint32(0xC2B2AE35)
  return values ^ (values >> 16)
