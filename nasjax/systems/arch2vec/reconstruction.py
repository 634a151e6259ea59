"""How much of the cells the autoencoder gives back.

Dimensions: `n` cells, `N` nodes, `L` latent numbers of a node.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from nasjax import compiler
from nasjax.systems.arch2vec import drawing
from nasjax.systems.arch2vec import model as models

_AT_ONCE = 1024


class Right(NamedTuple):
  """Shares that are right, as fractions.

  Attributes:
    operations: of the nodes, whose most likely class is theirs.
    adjacency: of the pairs of nodes: an edge where its chance is above 1/2.
    entries: of nodes and pairs together (per entry, as published).
    graphs: of the cells without any error.
  """

  operations: float
  adjacency: float
  entries: float
  graphs: float


def hard(logits: models.Logits) -> tuple[jax.Array, jax.Array]:
  """Most likely class of each node `[n, N]`, and edges i < j `[n, N, N]`."""
  edges = jnp.triu(logits.edges > 0, 1)
  return jnp.argmax(logits.classes, axis=-1), edges.astype(jnp.int8)


def counter(model: Any) -> Callable[..., Any]:
  """Returns a compiled function of variables and cells `[m, b]`.

  It gives the numbers of right nodes, pairs and cells, `[3]`.
  """

  def count(variables, cells):
    codes, edges = hard(model.apply(variables, cells))
    size = codes.shape[-1]
    right = codes == cells.classes
    same = (edges == cells.adjacency)[:, *jnp.triu_indices(size, 1)]
    whole = right.all(axis=-1) & same.all(axis=-1)
    return jnp.stack([right.sum(), same.sum(), whole.sum()])

  def batches(variables, cells):
    return jax.lax.map(lambda each: count(variables, each), cells).sum(axis=0)

  return compiler.jit(batches)


@compiler.own_numbers()
def measure(
  model: models.Arch2Vec, variables: Any, cells: drawing.Drawn
) -> Right:
  """Reconstructs cells `[n]` from the means of their posterior."""
  num, size = cells.classes.shape
  batch = min(num, _AT_ONCE)
  whole = num // batch * batch
  count = counter(model)
  folded = jax.tree.map(
    lambda field: field[:whole].reshape(-1, batch, *field.shape[1:]), cells
  )
  right = count(variables, folded).astype(float)
  if whole < num:
    rest = jax.tree.map(lambda field: field[None, whole:], cells)
    right += count(variables, rest)
  nodes, pairs, graphs = (int(each) for each in right)
  num_nodes, num_pairs = num * size, num * size * (size - 1) // 2
  return Right(
    operations=nodes / num_nodes,
    adjacency=pairs / num_pairs,
    entries=(nodes + pairs) / (num_nodes + num_pairs),
    graphs=graphs / num,
  )


@compiler.own_numbers()
def spread(
  model: models.Arch2Vec, variables: Any, cells: drawing.Drawn
) -> np.ndarray:
  """Mean and spread of the means of each node, `[2, N, L]`.

  They are over cells `[n]` in whole batches of 1,024; the rest is left out.
  """
  size = min(cells.classes.shape[0], _AT_ONCE)
  program = compiler.jit(
    lambda variables, each: _moments(model, variables, each)
  )
  total = np.zeros(())
  for start in range(0, cells.classes.shape[0] // size * size, size):
    part = jax.tree.map(lambda x, at=start: x[at : at + size], cells)
    total = total + np.asarray(program(variables, part), np.float64)
  count = cells.classes.shape[0] // size * size
  mean, square = total / count
  return np.stack([mean, np.sqrt(np.maximum(square - mean**2, 0))])


def _moments(model, variables, cells) -> jax.Array:
  mean = model.apply(variables, cells, method="encode").mean
  return jnp.stack([mean.sum(axis=0), (mean**2).sum(axis=0)])
