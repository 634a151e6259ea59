"""Python and JSON literals of notations, read without running anything."""

import ast
import json
import warnings
from collections.abc import Sequence
from typing import Any

from nasjax import foreign

_LARGEST = 100  # no node or layer has a number as large
_INTS = [f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)]
_COPIES: dict[str, type] = {
  **dict.fromkeys(("list", "tuple", "array"), list),
  **dict.fromkeys(_INTS, int),
  "str_": str,
}
"""What a call of one value stands for the value itself: as numpy 2 prints."""


def read_json(text: str) -> Any:
  """Reads JSON of bounded length (`notations.strip`).

  Raises:
    ValueError: it is none, nested too deeply, or an object has a key twice.
  """
  try:
    return json.loads(
      text, parse_int=foreign.whole, object_pairs_hook=_distinct
    )
  except RecursionError as error:
    raise ValueError("nested too deeply") from error


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
  if len({key for key, _ in pairs}) != len(pairs):
    raise ValueError("a key is given twice")
  return dict(pairs)


def read(text: str, name: str, fields: Sequence[str]) -> Any:
  """Reads lists, tuples, dicts, strings, integers, ranges, and one call.

  JSON of such values is read too. White space counts for nothing, and neither
  does `x = ` before the value.

  Args:
    text: text of bounded length (`notations.strip`).
    name: name of the named tuple, e.g. `Genotype`, that may stand around all.
    fields: its fields, in order.

  Returns:
    The value, a call as a dict of its fields; tuples and ranges as lists.

  Raises:
    ValueError: it is something else.
  """
  try:
    with warnings.catch_warnings():
      warnings.simplefilter("ignore")  # odd literals make the parser warn
      body = ast.parse(" ".join(text.split())).body
    if len(body) != 1:
      raise ValueError("expected one value")
    value = _assigned(body[0])
    if isinstance(value, ast.Call) and _called(value) == name:
      return _fields(value, fields)
    return _value(value)
  except (SyntaxError, RecursionError, MemoryError) as error:
    raise ValueError(str(error)) from error


def _assigned(node: ast.stmt) -> ast.expr | None:
  """The value of `value`, `name = value` or `name: Type = value`."""
  if isinstance(node, ast.Expr):
    return node.value
  if isinstance(node, ast.Assign) and len(node.targets) == 1:
    targets = node.targets
  elif isinstance(node, ast.AnnAssign):
    targets = [node.target]
  else:
    raise ValueError("expected one value")
  if not isinstance(targets[0], ast.Name):
    raise ValueError("expected one name before '='")
  return node.value


def _called(call: ast.Call) -> str:
  """The name that a call has, without the module before it."""
  if isinstance(call.func, ast.Attribute):
    return call.func.attr
  return call.func.id if isinstance(call.func, ast.Name) else ""


def _fields(call: ast.Call, fields: Sequence[str]) -> dict[str, Any]:
  """Reads the arguments of a named tuple."""
  if len(call.args) > len(fields):
    raise ValueError("too many arguments")
  names = [*fields[: len(call.args)], *(each.arg for each in call.keywords)]
  values = [*call.args, *(each.value for each in call.keywords)]
  if None in names or len(set(names)) != len(names):
    raise ValueError("an argument is given twice")
  return {
    str(name): _value(value) for name, value in zip(names, values, strict=True)
  }


def _value(node: ast.AST | None) -> Any:
  if isinstance(node, ast.List | ast.Tuple):
    return [_value(item) for item in node.elts]
  if isinstance(node, ast.Constant) and type(node.value) in (str, int):
    return node.value
  if isinstance(node, ast.Dict):
    keys = [_value(key) for key in node.keys]
    if not all(isinstance(key, str) for key in keys):
      raise ValueError("expected names as keys")
    if len(set(keys)) != len(keys):
      raise ValueError("a key is given twice")
    return dict(zip(keys, map(_value, node.values), strict=True))
  if isinstance(node, ast.Call) and not node.keywords:
    return _called_list(node)
  raise ValueError("expected lists, names and numbers")


def _called_list(call: ast.Call) -> Any:
  """Reads `range(a, b)`, `list(...)` of a list, and `np.int64(...)`."""
  name, values = _called(call), [_value(item) for item in call.args]
  is_range = name == "range" and 1 <= len(values) <= 3
  if is_range and all(type(x) is int and 0 <= x < _LARGEST for x in values):
    return list(range(*values))
  is_copy = name in _COPIES and len(values) == 1
  if is_copy and isinstance(values[0], _COPIES[name]):
    return values[0]
  raise ValueError("expected range(first, end) or list(range(first, end))")
