"""Graphs of operators back to cell pairs of DARTS.

Dimensions: `n` architectures; a cell has 11 nodes: two inputs, eight operations
in the order of the genotype, output.
"""

import numpy as np

from nasjax import operators

_NODES = 11
_FEEDS = np.zeros((6, _NODES), np.int64)
_FEEDS[[0, 1], [0, 1]] = 1
_FEEDS[np.repeat(np.arange(2, 6), 2), np.arange(2, 10)] = 1


def read(
  ops: np.ndarray, adjacency: np.ndarray, operator_ids: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
  """Reads graphs; an operation is fed by a whole node of its own cell.

  Args:
    ops: operator ids `[n, 22]`.
    adjacency: `[n, 22, 22]` integers.
    operator_ids: ids of the operations by their code, `[8]`.

  Returns:
    Genotypes `[n, 32]` int8, and which graphs have the form of cells, `[n]`;
    that the two inputs of a node differ and come before it is not checked.
  """
  split = adjacency.reshape(-1, 2, _NODES, 2, _NODES)
  apart = (split[:, 0, :, 1] == 0) & (split[:, 1, :, 0] == 0)
  valid = apart.all((1, 2))
  rows = []
  for cell in range(2):
    nodes = ops.reshape(-1, 2, _NODES)[:, cell]
    genes, fits = _read_cell(nodes, split[:, cell, :, cell], operator_ids)
    rows.append(genes)
    valid &= fits
  return np.stack(rows, axis=1).reshape(-1, 32).astype(np.int8), valid


def _read_cell(ops, adjacency, operator_ids) -> tuple[np.ndarray, np.ndarray]:
  """Edges `[n, 8, 2]` of cells `[n, 11]`, and which have the form of one."""
  found = ops[:, 2:10, None] == operator_ids
  fed = adjacency[:, None, :, 2:10] == _FEEDS[None, :, :, None]
  source = fed.all(axis=2)  # [n, 6, 8]
  valid = (ops[:, :2] == operators.INPUT).all(1)
  valid &= ops[:, 10] == operators.OUTPUT
  valid &= found.any(-1).all(-1) & source.any(1).all(-1)
  valid &= (adjacency[:, :, :2] == 0).all((1, 2))
  valid &= (adjacency[:, :, 10] == _FEEDS[2:].sum(0)).all(1)
  genes = np.stack([source.argmax(1), found.argmax(-1)], axis=-1)
  return genes, valid
