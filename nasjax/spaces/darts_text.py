"""Reads and prints the official notation of DARTS genotypes."""

import itertools
import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from nasjax import errors
from nasjax.spaces import literals, notations

_FIELDS = ("normal", "normal_concat", "reduce", "reduce_concat")
_CONCAT = [2, 3, 4, 5]
_FORM = (
  "Genotype(normal=[(op, input), ...], normal_concat=range(2, 6), "
  "reduce=[(op, input), ...], reduce_concat=range(2, 6))"
)


def read_genotype(arch: Any, where: str, op_names: Sequence[str]) -> list[int]:
  """Reads one genotype.

  Args:
    arch: text, or its named tuple, tuple of four, or dict. A text is the
      official one, also behind `name =`, or a dict or JSON of its fields. The
      edges of a cell are a list of eight, or a list of two for each node.
    where: how error messages call this genotype.
    op_names: the operations by code.

  Returns:
    32 integers: [normal, reduce] x 8 edges x (input node, operation code).

  Raises:
    UserError: `arch` has another form; inputs are not checked.
  """
  if isinstance(arch, str):
    arch = _read_text(arch, where)
  if isinstance(arch, dict):
    fields: dict[Any, Any] = arch
  elif isinstance(arch, tuple | list) and len(arch) == 4:
    names = getattr(arch, "_fields", _FIELDS)
    fields = dict(zip(names, arch, strict=True))
  else:
    raise _wrong(where, arch)
  if sorted(map(str, fields)) != sorted(_FIELDS):
    raise _wrong(where, arch)
  row = []
  for cell in ("normal", "reduce"):
    place = f"{where}, {cell} cell"
    _check_concat(fields[f"{cell}_concat"], place)
    row += _read_cell(fields[cell], place, op_names)
  return row


def write_genotype(cells: np.ndarray, op_names: Sequence[str]) -> str:
  """Prints one genotype `[2, 8, 2]` as official text."""
  normal, reduce = (
    [(op_names[op], int(source)) for source, op in cell] for cell in cells
  )
  return (
    f"Genotype(normal={normal}, normal_concat=range(2, 6), "
    f"reduce={reduce}, reduce_concat=range(2, 6))"
  )


def _wrong(where: str, got: Any) -> errors.UserError:
  return errors.UserError(f"{where}: expected {_FORM}, got {errors.quote(got)}")


def _read_text(text: str, where: str) -> Any:
  try:
    return literals.read(notations.strip(text, where), "Genotype", _FIELDS)
  except errors.UserError:
    raise
  except ValueError as error:
    reason = " ".join(str(error).split())[:80]
    raise errors.UserError(f"{_wrong(where, text)} ({reason})") from error


def _integer(value: Any) -> int | None:
  if isinstance(value, bool | np.bool_):
    return None
  try:
    return operator.index(value)
  except TypeError:
    return None


def _check_concat(concat: Any, place: str) -> None:
  try:
    nodes = [_integer(node) for node in itertools.islice(concat, 9)]
  except TypeError:
    nodes = []
  if nodes != _CONCAT:
    raise errors.UserError(
      f"{place}: expected the concatenation of nodes 2, 3, 4, 5, got "
      f"{errors.quote(concat)}; other concatenations are outside the space"
    )


def _flat(edges: Any) -> Any:
  """Puts the edges of four nodes, two each, into one list."""
  if not _are_lists(edges) or len(edges) != 4 or not _are_lists(*edges):
    return edges
  inner = [edge for node in edges for edge in node]
  if any(len(node) != 2 for node in edges) or not _are_lists(*inner):
    return edges
  return inner


def _are_lists(*values: Any) -> bool:
  return all(isinstance(value, list | tuple) for value in values)


def _read_cell(edges: Any, place: str, op_names: Sequence[str]) -> list[int]:
  edges = _flat(edges)
  if not _are_lists(edges) or len(edges) != 8:
    count = len(edges) if _are_lists(edges) else errors.quote(edges)
    raise errors.UserError(
      f"{place}: expected 8 edges (operation, input), got {count}"
    )
  row = []
  for i, edge in enumerate(edges):
    pair = list(edge) if isinstance(edge, list | tuple) else []
    source = _integer(pair[1]) if len(pair) == 2 else None
    if source is None or not isinstance(pair[0], str):
      raise errors.UserError(
        f"{place}, edge {i}: expected (operation, input), got "
        f"{errors.quote(edge)}"
      )
    if pair[0] not in op_names:
      raise errors.one_of(f"operation of {place}, edge {i}", pair[0], op_names)
    if not 0 <= source < 2 + i // 2:
      raise errors.UserError(
        f"{place}, edge {i}: expected an input in 0 .. {1 + i // 2}, "
        f"got {source}"
      )
    row += [source, op_names.index(pair[0])]
  return row
