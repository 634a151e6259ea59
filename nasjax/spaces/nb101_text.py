"""Notations of NAS-Bench-101 cells: matrices, official JSON, compact text.

The compact text is nasjax's own: rows of the matrix joined by `/`, a colon,
operations joined by `+`, e.g. `011/001/000:input+maxpool3x3+output`.
"""

import numbers
import re
from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np

from nasjax import errors
from nasjax.spaces import literals, notations
from nasjax.spaces import nb101_modelspec as modelspec

_CODES = {name: code for code, name in enumerate(modelspec.OP_NAMES)}
_NAMES = {code: name for name, code in _CODES.items()}
_NAMES |= {modelspec.INPUT: "input", modelspec.OUTPUT: "output"}
_AROUND_MARKS = re.compile(" ?([/:+]) ?")
_UNKNOWN = 99
_KEYS = ("module_adjacency", "module_operations")


def parse(archs: Sequence[Any]) -> np.ndarray:
  """Reads cells and prunes them as the official ModelSpec does.

  Args:
    archs: each a `(matrix, operations)` pair, a dict with the official keys
      `module_adjacency` and `module_operations`, the text of either as JSON or
      as Python prints it, or compact text. Matrices are upper triangular; the
      first operation is `input`, the last `output`. As officially, limits on
      vertices, edges and operations bind what is left after pruning.

  Returns:
    Genotypes, `[len(archs), 26]` int8.

  Raises:
    UserError: a cell is malformed or none of the space.
  """
  archs = notations.as_list(archs, "nb101")
  cells = [_read(arch, i) for i, arch in enumerate(archs)]
  genotypes = np.zeros((len(cells), modelspec.GENOTYPE_LENGTH), np.int8)
  sizes = np.array([len(ops) for _, ops in cells], int)
  for size in np.unique(sizes):
    rows = np.flatnonzero(sizes == size)
    adjacency = np.stack([cells[i][0] for i in rows])
    codes = np.array([_codes(cells[i][1]) for i in rows], np.int8)
    adjacency, ops = modelspec.prune(adjacency, codes)
    _refuse_outside(adjacency, ops, rows, cells)
    genotypes[rows] = modelspec.from_matrix(*seven(adjacency, ops))
  return genotypes


def seven(
  adjacency: np.ndarray, ops: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
  """Pads or cuts pruned cells `[n, N, N]`, `[n, N]` to seven vertices."""
  wide = max(0, modelspec.MAX_VERTICES - ops.shape[1])
  adjacency = np.pad(adjacency, ((0, 0), (0, wide), (0, wide)))
  ops = np.pad(ops, ((0, 0), (0, wide)), constant_values=modelspec.PADDING)
  top = slice(modelspec.MAX_VERTICES)
  return adjacency[:, top, top], ops[:, top]


def format_cells(genotypes: np.ndarray) -> list[str]:
  """Prints valid genotypes `[n, 26]` as compact text."""
  adjacency, ops = modelspec.to_matrix(genotypes)
  sizes = (ops != modelspec.PADDING).sum(1).tolist()
  digits = np.where(adjacency != 0, "1", "0").tolist()
  return [
    "/".join("".join(row[:size]) for row in matrix[:size])
    + ":"
    + "+".join(_NAMES[code] for code in codes[:size])
    for matrix, codes, size in zip(digits, ops.tolist(), sizes, strict=True)
  ]


def _read(arch: Any, at: int) -> tuple[np.ndarray, list[str]]:
  """Returns the matrix `[N, N]` int8 and the operations of one notation."""
  if isinstance(arch, str):
    text = notations.strip(arch, f"architecture {at}")
    is_literal = text[:1] in ("{", "[", "(") or "=" in text
    arch = _read_literal(text, at) if is_literal else _read_text(text, at)
  if isinstance(arch, dict):
    missing = [key for key in _KEYS if key not in arch]
    if missing:
      raise _error(at, f"a dict with the keys {_KEYS}", f"no {missing[0]!r}")
    arch = [arch[key] for key in _KEYS]
  try:
    rows, ops = arch
    ops = list(ops)
    if not all(isinstance(op, str) for op in ops):
      raise TypeError
  except (TypeError, ValueError):
    expected = "a (matrix, operations) pair, dict or text"
    raise _error(at, expected, errors.quote(arch)) from None
  return _check_matrix(rows, len(ops), at), _check_ends(ops, at)


def _read_literal(text: str, at: int) -> Any:
  """Reads JSON text, or a dict or pair as Python prints it."""
  try:
    return literals.read_json(text)
  except ValueError as error:
    reason = str(error)
  try:
    return literals.read(text, "", ())
  except ValueError:
    expected = "JSON text of an object"
    raise _error(at, expected, f"{errors.quote(text)} ({reason})") from None


def _read_text(text: str, at: int) -> tuple[list[list[str]], list[str]]:
  compact = _AROUND_MARKS.sub(r"\1", " ".join(text.split()))
  rows, colon, ops = compact.partition(":")
  if not colon or set(rows) - set("01/"):
    example = "'011/001/000:input+maxpool3x3+output'"
    raise _error(at, f"text like {example}", errors.quote(text))
  return [list(row) for row in rows.split("/")], ops.split("+")


def _check_matrix(rows: Any, num_ops: int, at: int) -> np.ndarray:
  matrix = _numbers(rows, at)
  if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
    raise _error(at, "a square matrix", f"shape {list(matrix.shape)}")
  if len(matrix) != num_ops or num_ops < 2:
    got = f"{len(matrix)} rows and {num_ops} operations"
    raise _error(at, "one operation per row, at least 2", got)
  if not np.isin(matrix, (0, 1)).all():
    strange = matrix[~np.isin(matrix, (0, 1))][0]
    raise _error(at, "a matrix of 0 and 1", f"{strange:g}")
  lower = np.argwhere(np.tril(matrix))
  if len(lower):
    got = f"an edge {lower[0][0]} -> {lower[0][1]}"
    raise _error(at, "an upper triangular matrix (no cycles)", got)
  return matrix.astype(np.int8)


def _numbers(rows: Any, at: int) -> np.ndarray:
  """Reads a matrix of real numbers or of their texts, float64."""
  if notations.hides(rows):
    raise _error(at, "a matrix without a mask", "masked entries")
  try:
    array = np.array(rows)
    kind, floating = array.dtype.kind, jnp.issubdtype(array.dtype, np.floating)
    if kind not in "biufUO" and not floating:
      raise TypeError
    if kind == "O" and not all(map(_is_real, array.ravel())):
      raise TypeError
    return array.astype(float)
  except (TypeError, ValueError, RecursionError):
    raise _error(
      at, "a square matrix of numbers", "rows of other kinds"
    ) from None


def _is_real(value: Any) -> bool:
  is_span = isinstance(value, np.timedelta64)  # registered as an integer
  return isinstance(value, numbers.Real) and not is_span


def _codes(ops: list[str]) -> list[int]:
  inner = [_CODES.get(op, _UNKNOWN) for op in ops[1:-1]]
  return [modelspec.INPUT, *inner, modelspec.OUTPUT]


def _check_ends(ops: list[str], at: int) -> list[str]:
  if ops[0] != "input" or ops[-1] != "output":
    got = f"{errors.quote(ops[0])} and {errors.quote(ops[-1])}"
    raise _error(at, "'input' first and 'output' last", got)
  return ops


def _refuse_outside(adjacency, ops, rows, cells) -> None:
  """Raises for the first of the pruned cells that is none of the space."""
  sizes = (ops != modelspec.PADDING).sum(1)
  num_edges = adjacency.sum((1, 2), dtype=int)
  inner = ops[:, 1:] * (np.arange(1, ops.shape[1]) < sizes[:, None] - 1)
  strange = ~np.isin(inner, range(len(modelspec.OP_NAMES))).all(1)
  bad = (sizes == 0) | (sizes > modelspec.MAX_VERTICES) | strange
  for i in np.flatnonzero(bad | (num_edges > modelspec.MAX_EDGES))[:1]:
    at = rows[i]
    if sizes[i] == 0:
      raise _error(at, "a path from input to output", "none")
    if sizes[i] > modelspec.MAX_VERTICES:
      got = f"{sizes[i]} after pruning"
      raise _error(at, f"at most {modelspec.MAX_VERTICES} vertices", got)
    if num_edges[i] > modelspec.MAX_EDGES:
      got = f"{num_edges[i]} after pruning"
      raise _error(at, f"at most {modelspec.MAX_EDGES} edges", got)
    known = ", ".join(modelspec.OP_NAMES)
    strangers = [op for op in cells[at][1][1:-1] if op not in _CODES]
    raise _error(
      at, f"inner operations among {known}", errors.quote(strangers[0])
    )


def _error(at: int, expected: str, got: str) -> errors.UserError:
  return errors.UserError(
    f"architecture {at}: expected {expected}, got {got}; give a valid "
    "NAS-Bench-101 cell"
  )
