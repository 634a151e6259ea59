"""Reads and prints the official notation of DARTS genotypes."""

import ast
import operator
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from nasjax import errors

_FIELDS = ("normal", "normal_concat", "reduce", "reduce_concat")
_CONCAT = [2, 3, 4, 5]
_MAX_LENGTH = 4000  # an official text has about 600 characters
_FORM = (
  "Genotype(normal=[(op, input), ...], normal_concat=range(2, 6), "
  "reduce=[(op, input), ...], reduce_concat=range(2, 6))"
)


def read_genotype(arch: Any, where: str, op_names: Sequence[str]) -> list[int]:
  """Reads one genotype.

  Args:
    arch: official text, or its named tuple, tuple of four, or dict.
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
  text = repr(got)
  text = text if len(text) <= 80 else text[:77] + "..."
  return errors.UserError(f"{where}: expected {_FORM}, got {text}")


def _read_text(text: str, where: str) -> dict[str, Any]:
  if len(text) > _MAX_LENGTH:
    raise _wrong(where, text)
  try:
    with warnings.catch_warnings():
      warnings.simplefilter("ignore")  # odd literals make the parser warn
      call = ast.parse(text.strip(), mode="eval").body
      if not (isinstance(call, ast.Call) and _is_name(call, "Genotype")):
        raise ValueError
      values: dict[str, Any] = {}
      values.update(zip(_FIELDS, map(_value, call.args), strict=False))
      for keyword in call.keywords:
        if keyword.arg is None or keyword.arg in values:
          raise ValueError
        values[keyword.arg] = _value(keyword.value)
      if len(values) != len(call.args) + len(call.keywords):
        raise ValueError
      return values
  except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
    raise _wrong(where, text) from error


def _is_name(call: ast.Call, name: str) -> bool:
  return isinstance(call.func, ast.Name) and call.func.id == name


def _value(node: ast.AST) -> Any:
  """Reads lists, tuples, strings, integers, `range(a, b)`; nothing else."""
  if isinstance(node, ast.List | ast.Tuple):
    return [_value(item) for item in node.elts]
  if isinstance(node, ast.Constant) and type(node.value) in (str, int):
    return node.value
  if isinstance(node, ast.Call) and _is_name(node, "range"):
    bounds = [_value(item) for item in node.args]
    in_bounds = all(type(b) is int and 0 <= b < 100 for b in bounds)
    if len(bounds) == 2 and in_bounds and not node.keywords:
      return list(range(*bounds))
  raise ValueError


def _integer(value: Any) -> int | None:
  if isinstance(value, bool | np.bool_):
    return None
  try:
    return operator.index(value)
  except TypeError:
    return None


def _check_concat(concat: Any, place: str) -> None:
  try:
    nodes = [_integer(node) for node in concat]
  except TypeError:
    nodes = []
  if nodes != _CONCAT:
    raise errors.UserError(
      f"{place}: expected the concatenation of nodes 2, 3, 4, 5, got "
      f"{concat!r}; other concatenations are outside the space"
    )


def _read_cell(edges: Any, place: str, op_names: Sequence[str]) -> list[int]:
  if not isinstance(edges, list | tuple) or len(edges) != 8:
    count = len(edges) if isinstance(edges, list | tuple) else repr(edges)
    raise errors.UserError(
      f"{place}: expected 8 edges (operation, input), got {count}"
    )
  row = []
  for i, edge in enumerate(edges):
    pair = list(edge) if isinstance(edge, list | tuple) else []
    source = _integer(pair[1]) if len(pair) == 2 else None
    if source is None or not isinstance(pair[0], str):
      raise errors.UserError(
        f"{place}, edge {i}: expected (operation, input), got {edge!r}"
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
