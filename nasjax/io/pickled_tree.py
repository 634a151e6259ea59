"""Limits the size of unpickled data as a walk through them sees it.

A file of some hundred bytes can hold a list of ten references to a list of ten
references and so on: small in memory, and without end to a loop, a comparison
or a print. What is counted here is the tree that such a walk meets.
"""

from typing import Any

MAX_DEPTH = 100
"""How deep data may be nested."""

MAX_SHARED = 1 << 20
"""Nodes that the tree may have beyond the bytes of its file."""

_CONTAINERS = (list, tuple, dict)
_NUMBERS = {int, float, bool, type(None)}


def check(value: Any, num_bytes: int) -> None:
  """Refuses data whose tree is too large or too deep, or has no end.

  Args:
    value: lists, tuples and dictionaries of anything. What has a length in
      bytes (`nbytes`, or a text) counts one node for every 64 of them.
    num_bytes: length of the pickle.

  Raises:
    ValueError: it is refused.
  """
  sizes: dict[int, int] = {}  # of each container; 0 until all in it is known
  todo, depth, most = [value], 0, MAX_SHARED + num_bytes
  while todo:
    item = todo[-1]
    inner = _inner(item)
    known = sizes.get(id(item))
    if known is None:
      depth += 1
      if depth > MAX_DEPTH:
        raise ValueError(f"nested more than {MAX_DEPTH} deep")
      sizes[id(item)] = 0
      for child in inner:
        if sizes.get(id(child)) == 0:
          raise ValueError("a reference to itself")
      todo += [child for child in inner if id(child) not in sizes]
      continue
    todo.pop()
    if not known:
      depth -= 1
      size = _weight(item) + sum(sizes[id(child)] for child in inner)
      if size > most:
        raise ValueError("too many references to the same data")
      sizes[id(item)] = size


def _values(item: Any) -> Any:
  if isinstance(item, dict):
    return item.values()
  return item if isinstance(item, _CONTAINERS) else ()


def _inner(item: Any) -> list[Any]:
  """Returns the containers in a container."""
  values = _values(item)
  if not set(map(type, values)) - _NUMBERS:
    return []
  return [value for value in values if isinstance(value, _CONTAINERS)]


def _weight(item: Any) -> int:
  """Returns the nodes of a container without the containers in it."""
  values = _values(item)
  weight = 1 + len(values)
  if set(map(type, values)) - _NUMBERS:
    weight += sum(_length(value) for value in values) // 64
  return weight


def _length(value: Any) -> int:
  if isinstance(value, (str, bytes, bytearray)):
    return len(value)
  return getattr(value, "nbytes", 0)
