"""TG-NAS (Qiao et al. 2024): a graph network over sentences of operators.

A node is the vector of a sentence that describes its operator, so that the
parameters know neither the operators nor the size of a space: a network that is
trained in one space scores the cells of another one.

Dimensions: `b` cells, `N` nodes, `O` operators, `D` width of the vectors, `K`
width of the layers.
"""

from collections.abc import Sequence
from typing import NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp

from nasjax import graphs
from nasjax.features import reads
from nasjax.models import layers
from nasjax.operators import encoding, sentences
from nasjax.systems.tgnas import layers as own

CHOICES = {
  "variant": ("paper", "code"),
  "sentence": sentences.LENGTHS,
  "encoder": tuple(sentences.ENCODERS),
  "cells": ("all", "normal"),
}

_BOUND = 0.05


def _uniform(key: jax.Array, shape: Sequence[int], dtype=jnp.float32):
  """The first weights of the official code: uniform on +-.05."""
  return jax.random.uniform(key, shape, dtype, -_BOUND, _BOUND)


class Start(NamedTuple):
  """What the layers begin with.

  Attributes:
    vectors: sentence vectors of the operators and the global node,
      `[O + 1, D + 1]`.
    ops: which of them a node is, `[b, N + 1, O + 1]`; zeros on padding.
    reads: how nodes read each other, `[b, N + 1, N + 1]`.
    mask: 1 on real nodes, `[b, N + 1]`.
  """

  vectors: jax.Array
  ops: jax.Array
  reads: jax.Array
  mask: jax.Array


class TGNAS(nn.Module):
  """Sentence vectors -> graph convolutions -> global node -> score.

  Attributes:
    variant: `code`, the official project, sums the nodes that feed a node and
      has batch normalisation. `paper` normalises the adjacency by the degrees
      (`D^-1/2 A D^-1/2`) and has graph normalisation. What the paper leaves
      open is as in the code: a global node that reads all others is read out.
    sentence: length of the sentences: `short`, `medium`, `long`.
    encoder: of the sentences: `minilm`, or `minilm_pca64`, its first 64
      principal components.
    width: `K`.
    num_layers: graph convolutions; 2 in the paper, 4 in the code.
    cells: which cells of an architecture are read: `all`, or `normal` for those
      that are no reduction cells, as the code does in DARTS.
    dropout_rate: dropout after each layer.
    operators: names of operators beyond those that come with nasjax, by commas
      (`nasjax.operators.encoding`).
  """

  variant: str = "paper"
  sentence: str = "short"
  encoder: str = "minilm"
  width: int = 64
  num_layers: int = 2
  cells: str = "all"
  dropout_rate: float = 0.0
  operators: str = ""

  @property
  def reads(self) -> reads.Reads:
    """Inputs of the model: the graph of a cell alone."""
    return reads.Reads(node_order=False)

  def setup(self):
    """Makes the layers."""
    self.dense = [
      nn.Dense(self.width, use_bias=False, kernel_init=_uniform)
      for _ in range(self.num_layers)
    ]
    norm = own.BatchNorm if self.variant == "code" else own.GraphNorm
    self.norms = [norm() for _ in range(self.num_layers)]
    self.dropout = layers.Dropout(self.dropout_rate)
    self.output = nn.Dense(1, kernel_init=_uniform, bias_init=_uniform)

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
    cells = jax.tree.map(lambda field: field[None], cell)
    return self._run(cells, jnp.ones(1), train=train, by_batch=False)[0][0]

  def score_batch(
    self, cells: graphs.CellGraphs, where: jax.Array
  ) -> jax.Array:
    """Scores a batch in training: it may normalise itself; `[b]`.

    Args:
      cells: fields `[b, ...]`.
      where: 1 on the cells that count, `[b]`.
    """
    return self._run(cells, where, train=True, by_batch=True)[0]

  def statistics(self, cells: graphs.CellGraphs) -> list[own.Statistics]:
    """Mean and variance before every batch normalisation, over all cells."""
    where = jnp.ones(len(cells.ops))
    return self._run(cells, where, train=False, by_batch=True)[1]

  def _run(
    self,
    cells: graphs.CellGraphs,
    where: jax.Array,
    *,
    train: bool,
    by_batch: bool,
  ) -> tuple[jax.Array, list[own.Statistics]]:
    """Scores `[b]`, and the statistics of every batch normalisation."""
    start, found = self._start(cells), []
    mask = start.mask[..., None]
    nodes = jnp.zeros(())
    for index, (dense, norm) in enumerate(
      zip(self.dense, self.norms, strict=True)
    ):
      # All nodes of an operator are equal before the first layer.
      sent = dense(nodes) if index else start.ops @ dense(start.vectors)
      nodes = own.aggregate(start.reads, sent)
      if isinstance(norm, own.BatchNorm):
        nodes, used = norm(nodes, start.mask * where[:, None], by_batch)
        found.append(used)
      else:
        nodes = norm(nodes, start.mask)
      nodes = self.dropout(nn.relu(nodes), train=train) * mask
    return self.output(nodes[:, -1])[:, 0], found

  def _start(self, cells: graphs.CellGraphs) -> Start:
    names = encoding.names(self.operators)
    vectors = sentences.vectors(names, self.sentence, self.encoder)
    mask = cells.mask
    if self.cells == "normal":
      mask = mask * (cells.details[..., -1] == 0)  # the type of the cell
    adjacency = cells.adjacency * mask[..., :, None] * mask[..., None, :]
    ops = encoding.one_hot(cells.ops, self.operators) * mask[..., None]
    # The global node is one more operator, which a further feature marks.
    marked = jnp.pad(vectors, ((0, 1), (0, 1))).at[-1, -1].set(1.0)
    ops = jnp.pad(ops, ((0, 0), (0, 1), (0, 1))).at[:, -1, -1].set(1.0)
    reads = own.with_global(adjacency, mask)
    if self.variant == "paper":
      reads = own.normalized(reads)
    return Start(
      marked, ops, reads, jnp.pad(mask, ((0, 0), (0, 1)), constant_values=1.0)
    )
