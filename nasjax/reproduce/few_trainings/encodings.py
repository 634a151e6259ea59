"""Encodings of cells that the compared methods read.

Dimensions: `n` cells, `G` integers of a genotype, `N` nodes of the op-on-node
graph, `O` operators of the space, `F` numbers of an encoding.
"""

import functools
import itertools

import jax.numpy as jnp
import numpy as np

from nasjax import compiler, operators
from nasjax.spaces import base
from nasjax.surrogates import onehot

_MOST_PATHS = 700  # sequences of operators from one input


def graph(space: base.Space, genotypes: np.ndarray) -> np.ndarray:
  """Operators and adjacency of the nodes, for networks on graphs.

  Args:
    space: the space of the cells.
    genotypes: `[n, G]`.

  Returns:
    `[n, N, O + N]` float32: the operator of a node, and which nodes it feeds.
  """
  drawn = onehot.draw(space, genotypes, prune=False)
  return np.concatenate([drawn.ops, drawn.adjacency], axis=2)


def paths(space: base.Space, genotypes: np.ndarray) -> np.ndarray:
  """Path encoding: which sequences of operators lead from input to output.

  White et al. 2021 ("BANANAS", section 3.1). Paths of each input of the graph
  count apart, so that both inputs of both cells of DARTS are told apart; there
  sequences of more than three operators are left out, in the way of the
  truncated encoding of that paper.

  Args:
    space: the space of the cells.
    genotypes: `[n, G]`.

  Returns:
    `[n, F]` float32 of 0 and 1.
  """
  space = space.whole
  drawn = onehot.draw(space, genotypes, prune=True)
  parts = [
    each
    for start in _inputs(space)
    for each in _paths_from(drawn, start, _longest(space))
  ]
  return np.concatenate(parts, axis=1).astype(np.float32)


def _paths_from(
  drawn: onehot.Drawn, start: int, longest: int
) -> list[np.ndarray]:
  """Sequences of 0, 1, ... operators from an input, `[n, O ** length]`."""
  num, num_nodes, num_ops = drawn.ops.shape
  feeds_output = np.einsum("nij,nj->ni", drawn.adjacency, drawn.is_output) > 0
  found = [feeds_output[:, start, None]]
  # Sequences that end in each node: [n, N, O ** length].
  ending = (drawn.adjacency[:, start, :, None] * drawn.ops) > 0
  for length in range(1, longest + 1):
    found.append((ending & feeds_output[..., None]).any(axis=1))
    if length < longest:
      led = np.swapaxes(drawn.adjacency, 1, 2) @ ending.astype(np.float32) > 0
      ending = led[..., :, None] & (drawn.ops > 0)[..., None, :]
      ending = ending.reshape(num, num_nodes, num_ops ** (length + 1))
  return found


@functools.lru_cache(maxsize=8)
def _inputs(space: base.Space) -> tuple[int, ...]:
  """Nodes where paths begin: the same ones in every cell."""
  with compiler.own_numbers():
    ops = np.asarray(space.encode(jnp.asarray(onehot.any_cell(space))).ops)[0]
    mask = np.asarray(space.encode(jnp.asarray(onehot.any_cell(space))).mask)[0]
  return tuple(np.flatnonzero((ops == operators.INPUT) & (mask > 0)).tolist())


def _longest(space: base.Space) -> int:
  """Operators of the longest sequence that is told apart."""
  num_ops = len(space.operator_names)
  totals = itertools.accumulate(num_ops**k for k in range(space.max_hops))
  return sum(total <= _MOST_PATHS for total in totals) - 1
