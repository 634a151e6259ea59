"""The DARTS space: a normal and a reduction cell, two edges per node.

Liu, Simonyan and Yang, "DARTS: Differentiable Architecture Search", ICLR
2019, section 3.1; NAS-Bench-301 (Zela et al., ICLR 2022) labels this space.
"""

import itertools
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from nasjax import compiler, errors, operators
from nasjax.spaces import (
  base,
  darts_canonical,
  darts_counts,
  darts_graphs,
  darts_text,
  notations,
)

OP_NAMES = (
  "none",
  "max_pool_3x3",
  "avg_pool_3x3",
  "skip_connect",
  "sep_conv_3x3",
  "sep_conv_5x5",
  "dil_conv_3x3",
  "dil_conv_5x5",
)
# Node 0 is c_{k-2}, node 1 is c_{k-1}, nodes 2 .. 5 are intermediate.
_EDGE_NODES = np.repeat(np.arange(2, 6), 2)
# Edges into nodes 2, 3, 4 and 5 start at 0, 2, 5 and 9 among the 14 of a cell.
_FIRST_EDGE = np.repeat([0, 2, 5, 9], 2)
_PAIRS = {
  node: np.array(list(itertools.combinations(range(node), 2)), np.int8)
  for node in range(2, 6)
}


class DARTS(base.Space):
  """The cell pairs of DARTS.

  A genotype is [normal, reduce] x 8 edges x (input node, operation code),
  flattened to 32 integers. Edges 2k and 2k + 1 end in node k + 2; their two
  inputs are distinct nodes before it, in any order. `none` is read and
  printed because some published tables hold it, but no cell that `sample`,
  `mutate` or `neighbours` makes gains one.

  The op-on-node graph has 22 nodes: per cell c_{k-2}, c_{k-1}, the eight
  operations in genotype order, output. An operation that reads intermediate
  node i is fed by both operations that end in i; the output is fed by all
  eight. `cell_type` is 1 on the nodes of the reduction cell. `channels` marks
  what operator and wiring cannot tell: (-1, 0) on c_{k-2}, (0, 1) on the
  operations of the reduction cell which read c_{k-2} or c_{k-1} and so have
  stride 2, (0, 0) elsewhere.
  """

  name = "darts"
  genotype_length = 32
  num_nodes = 22
  op_names = OP_NAMES
  operator_names = OP_NAMES[1:]
  num_cells = 2
  max_hops = 5
  size = None
  # Two of the nodes before each node, and seven operations on each edge.
  num_genotypes = (1 * 3 * 6 * 10 * 7**8) ** 2

  def parse(self, archs: Sequence[Any]) -> base.Genotypes:
    """Reads genotypes in the official notation; returns `[n, 32]` int8.

    Args:
      archs: for each cell pair the text `Genotype(normal=[('sep_conv_3x3',
        0), ...], normal_concat=range(2, 6), reduce=[...], reduce_concat=
        range(2, 6))`, the same as a named tuple, tuple or dict, or the text of
        a dict or of JSON; see `darts_text.read_genotype`. The order of the
        edges is kept.

    Raises:
      UserError: the form is another one, an operation is unknown, a node has
        wrong inputs, or a cell concatenates other nodes than 2 .. 5.
    """
    archs = notations.as_list(archs, self.name)
    rows = [
      darts_text.read_genotype(arch, f"arch {i} of 'darts'", OP_NAMES)
      for i, arch in enumerate(archs)
    ]
    genotypes = np.array(rows, np.int8).reshape(-1, 32)
    bad = np.flatnonzero(~self.is_valid(genotypes))
    if bad.size:
      raise errors.UserError(
        f"arch {bad[0]} of 'darts': expected two distinct inputs below its "
        "own number for each of the nodes 2 .. 5, got "
        f"{_split(genotypes[bad[:1]])[0, ..., 0].tolist()} (normal, reduce)"
      )
    return genotypes

  def format(self, genotypes: base.Genotypes) -> list[str]:
    """Prints genotypes `[n, 32]` as official text, one string each."""
    cells = _split(self.check(genotypes))
    return [darts_text.write_genotype(row, OP_NAMES) for row in cells]

  def is_valid(self, genotypes: base.Genotypes) -> np.ndarray:
    """Says which of `[n, 32]` are cell pairs (`none` allowed), `[n]` bool."""
    inputs, ops = np.moveaxis(_split(genotypes), -1, 0)
    fits = (inputs >= 0) & (inputs < _EDGE_NODES)
    fits &= (ops >= 0) & (ops < len(OP_NAMES))
    distinct = inputs[..., 0::2] != inputs[..., 1::2]
    return fits.all((1, 2)) & distinct.all((1, 2))

  def sample(self, num: int, rng: np.random.Generator) -> base.Genotypes:
    """Draws cell pairs, `[num, 32]` int8.

    Each node gets one of its pairs of inputs, each edge one of the seven
    operations without `none`, uniformly: the sampler of NAS-Bench-301. The
    inputs of a node are in ascending order.
    """
    cells = np.empty((num, 2, 8, 2), np.int8)
    for node, pairs in _PAIRS.items():
      drawn = pairs[rng.integers(len(pairs), size=(num, 2))]
      cells[:, :, 2 * node - 4 : 2 * node - 2, 0] = drawn
    cells[..., 1] = rng.integers(1, len(OP_NAMES), size=(num, 2, 8))
    return cells.reshape(num, 32)

  def mutate(
    self, genotypes: base.Genotypes, rng: np.random.Generator
  ) -> base.Genotypes:
    """Changes one operation or one input of each genotype, `[n, 32]`.

    As in regularised evolution (Real et al. 2019) the cell and the kind of
    change come first, with equal chance. Then one of its eight edges gets
    another operation, or one edge into the nodes 3 .. 5 another input (node
    2 has no choice of inputs).
    """
    children = _split(self.check(genotypes)).copy()
    rows = np.arange(len(children))
    cell = rng.integers(2, size=len(rows))
    changes_op = rng.random(len(rows)) < 0.5
    edge = rng.integers(np.where(changes_op, 0, 2), 8)
    inputs, ops = children[rows, cell, edge].astype(np.int64).T
    other = children[rows, cell, edge ^ 1, 0].astype(np.int64)
    new_op = _other_op(ops, rng)
    new_input = _other_input(inputs, other, _EDGE_NODES[edge], rng)
    children[rows, cell, edge, 0] = np.where(changes_op, inputs, new_input)
    children[rows, cell, edge, 1] = np.where(changes_op, new_op, ops)
    return children.reshape(-1, 32)

  def crossover(
    self,
    first: base.Genotypes,
    second: base.Genotypes,
    rng: np.random.Generator,
  ) -> base.Genotypes:
    """Takes each node of each cell (both edges) from either parent."""
    first, second = self.check(first), self.check(second)
    choice = rng.random((len(first), 8)) < 0.5
    return np.where(np.repeat(choice, 4, axis=1), first, second)

  def neighbours(self, genotype: np.ndarray) -> base.Genotypes:
    """Returns all cells one operation or one input away from `[32]`.

    There are 96 other operations (one more for every `none`) and 24 other
    inputs. An input that would repeat the other one of its node is no cell.
    """
    cells = _split(self.check(np.asarray(genotype)[None]))[0]
    children = []
    for cell, edge in itertools.product(range(2), range(8)):
      source, op = cells[cell, edge]
      other = cells[cell, edge ^ 1, 0]
      sources = [
        i for i in range(_EDGE_NODES[edge]) if i not in (source, other)
      ]
      ops = [k for k in range(1, len(OP_NAMES)) if k != op]
      for change in [(i, op) for i in sources] + [(source, k) for k in ops]:
        child = cells.copy()
        child[cell, edge] = change
        children.append(child)
    return np.array(children).reshape(-1, 32)

  def from_graphs(
    self, ops: np.ndarray, adjacency: np.ndarray
  ) -> tuple[base.Genotypes, np.ndarray]:
    """Reads graphs back (see `Space.from_graphs`); `none` is allowed."""
    ops, adjacency = self.check_graphs(ops, adjacency)
    ids = np.asarray(operators.operator_ids(OP_NAMES))
    genotypes, valid = darts_graphs.read(ops, adjacency, ids)
    valid &= self.is_valid(genotypes)
    return np.where(valid[:, None], genotypes, np.int8(0)), valid

  def fingerprint(self, genotypes: base.Genotypes) -> np.ndarray:
    """Hashes `[n, 32]`; equal for isomorphic cell pairs, `[n]` uint64."""
    return darts_canonical.hash_cells(_split(self.check(genotypes)))

  def lookup_keys(self, genotypes: base.Genotypes) -> np.ndarray:
    """Returns `fingerprint`: benchmarks tabulate cells up to isomorphism."""
    return self.fingerprint(genotypes)

  def num_params(
    self, genotypes: base.Genotypes, *, channels: int = 36, layers: int = 20
  ) -> np.ndarray:
    """Parameters of the official network (see `darts_counts`), `[n]` int64."""
    cells = _split(self.check(genotypes))
    return darts_counts.num_params(cells, channels, layers)

  def flops(
    self, genotypes: base.Genotypes, *, channels: int = 36, layers: int = 20
  ) -> np.ndarray:
    """Multiply-adds for one 32 x 32 image (see `darts_counts`), `[n]`."""
    cells = _split(self.check(genotypes))
    return darts_counts.flops(cells, channels, layers)

  @compiler.own_numbers()
  def encode(self, genotypes: jax.Array) -> base.EncodedCells:
    """Draws genotypes `[B, 32]` as op-on-node graphs with `N = 22`."""
    batch = genotypes.shape[0]
    inputs, codes = jnp.moveaxis(genotypes.reshape(batch, 2, 8, 2), -1, 0)
    ids = jnp.asarray(operators.operator_ids(OP_NAMES))[codes]
    ops = jnp.full((batch, 2, 11), operators.INPUT, jnp.int32)
    ops = ops.at[:, :, 2:10].set(ids).at[:, :, 10].set(operators.OUTPUT)
    strided = (inputs < 2) * jnp.array([[0.0], [1.0]])[None]
    channels = jnp.zeros((batch, 2, 11, 2)).at[:, :, 0, 0].set(-1.0)
    channels = channels.at[:, :, 2:10, 1].set(strided)
    read = jax.nn.one_hot(inputs, 6)  # [B, 2, 8, 6]
    cells = jnp.zeros((batch, 2, 11, 11)).at[:, :, 2:10, 10].set(1.0)
    cells = cells.at[:, :, :, 2:10].set(
      jnp.einsum("bcei,ij->bcje", read, jnp.asarray(_feeds()))
    )
    both = jnp.einsum("bcij,cd->bcidj", cells, jnp.eye(2))
    cell_type = jnp.repeat(jnp.array([0.0, 1.0]), 11)
    return base.EncodedCells(
      ops=ops.reshape(batch, 22),
      channels=channels.reshape(batch, 22, 2),
      cell_type=jnp.broadcast_to(cell_type, (batch, 22)),
      adjacency=both.reshape(batch, 22, 22),
      mask=jnp.ones((batch, 22)),
    )

  @compiler.own_numbers()
  def edge_features(self, genotypes: jax.Array) -> jax.Array:
    """Says which operation each of 2 x 14 edges has, `[B, 196]` float32.

    Edges run from each node to each later one that is no input, by the node
    they end in; the seven operations of an edge stand side by side. An edge
    that the cell does not have, or with `none`, has zeros.
    """
    batch = genotypes.shape[0]
    inputs, codes = jnp.moveaxis(genotypes.reshape(batch, 2, 8, 2), -1, 0)
    edges = jnp.asarray(_FIRST_EDGE)[None, None] + inputs
    places = jax.nn.one_hot(edges, 14)
    ops = jax.nn.one_hot(codes - 1, len(OP_NAMES) - 1)
    return jnp.einsum("bcep,bceo->bcpo", places, ops).reshape(batch, -1)


def _split(genotypes: np.ndarray) -> np.ndarray:
  """Views `[n, 32]` as `[n, cell, edge, (input, operation)]`."""
  return genotypes.reshape(-1, 2, 8, 2)


def _feeds() -> np.ndarray:
  """Says which graph nodes make up cell node i, `[6, 11]` float32."""
  feeds = np.zeros((6, 11), np.float32)
  feeds[[0, 1], [0, 1]] = 1
  feeds[_EDGE_NODES, np.arange(2, 10)] = 1
  return feeds


def _other_op(ops: np.ndarray, rng: np.random.Generator) -> np.ndarray:
  """Draws an operation besides `none` and the present one, `[n]`."""
  last = len(OP_NAMES) - 1
  first_choice = rng.integers(1, last + 1, size=len(ops))
  shift = rng.integers(1, last, size=len(ops))
  return np.where(ops == 0, first_choice, (ops - 1 + shift) % last + 1)


def _other_input(
  inputs: np.ndarray,
  other: np.ndarray,
  node: np.ndarray,
  rng: np.random.Generator,
) -> np.ndarray:
  """Draws a third input for each edge, `[n]`; meaningless for node 2."""
  draw = rng.integers(np.maximum(node - 2, 1))
  low, high = np.minimum(inputs, other), np.maximum(inputs, other)
  draw = draw + (draw >= low)
  return draw + (draw >= high)
