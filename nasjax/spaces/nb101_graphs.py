"""Graphs of operators back to cells of NAS-Bench-101.

Dimensions: `n` graphs of 7 nodes.
"""

import numpy as np

from nasjax import operators
from nasjax.spaces import nb101_modelspec as modelspec

_UNKNOWN = -5


def read(
  ops: np.ndarray, adjacency: np.ndarray, operator_ids: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
  """Reads graphs and prunes them, as the official ModelSpec does.

  Absent nodes (`none`) may stand anywhere, with their edges; they pass nothing
  on. A graph is a cell where node 0 is the only input, one output is reached,
  and at most 9 edges and known operations are left on paths between them.

  Args:
    ops: operator ids `[n, 7]`.
    adjacency: `[n, 7, 7]` integers.
    operator_ids: ids of the operations by their code, `[3]`.

  Returns:
    Genotypes `[n, 26]` int8, zeros where invalid, and which are valid, `[n]`.
  """
  codes = _codes(ops, operator_ids)
  valid = np.isin(adjacency, (0, 1)).all((1, 2))
  valid &= (np.tril(adjacency) == 0).all((1, 2))
  valid &= codes[:, 0] == modelspec.INPUT
  valid &= (codes == modelspec.OUTPUT).sum(axis=1) == 1
  there = codes != modelspec.PADDING
  edges = adjacency * (there[:, :, None] & there[:, None])
  pruned, kinds = modelspec.prune(edges * valid[:, None, None], codes)
  inner = kinds[:, 1:]
  known = (inner >= 0) | np.isin(inner, (modelspec.OUTPUT, modelspec.PADDING))
  valid &= known.all(axis=1) & modelspec.in_domain(pruned, kinds)
  genotypes = modelspec.from_matrix(pruned, kinds)
  return np.where(valid[:, None], genotypes, np.int8(0)), valid


def _codes(ops: np.ndarray, operator_ids: np.ndarray) -> np.ndarray:
  """Codes of `modelspec` for operator ids `[n, 7]`."""
  codes = np.full(ops.shape, _UNKNOWN, np.int8)
  marks = {
    operators.INPUT: modelspec.INPUT,
    operators.OUTPUT: modelspec.OUTPUT,
    operators.NONE: modelspec.PADDING,
  }
  known = dict(zip(operator_ids.tolist(), range(3), strict=True))
  for number, code in {**marks, **known}.items():
    codes[ops == number] = code
  return codes
