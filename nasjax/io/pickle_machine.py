"""The state of an unpickler: a stack, a memo, and a budget of memory.

Every value is charged before it is made, keys of dictionaries are simple, and
nothing is called but what the caller lists.
"""

import collections
import re
import struct
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

CONTAINER = 256
"""Bytes of a container, of its place, and of what checks it."""

_MAX_KEY_LEAVES = 16  # values of a tuple that is a key, and the tuple
_MAX_LINE = 640  # characters of a number that is written as text
_MAX_EQUAL_HASHES = 64
_MAX_KEY = 1 << 60  # numbers below have a hash of their own
_ITEM = 100  # bytes of an item of a dictionary
_DOUBLE = struct.Struct(">d")
_FLOAT = np.dtype([("code", "u1"), ("value", ">f8")])
_FLOATS = re.compile(rb"(?:G.{8}){1,1000}+", re.DOTALL)
_PLAIN_KEYS = {str, bytes, bool, float, type(None)}


class Machine:
  """The stack, the memo and the budget of a pickle that is read.

  Attributes:
    content: the bytes.
    at: place of the next byte.
    left: bytes of memory that may still be taken.
    stack: values above the topmost mark.
  """

  def __init__(
    self,
    content: bytes,
    allowed: Mapping[tuple[str, str], object],
    refuse: Callable[[str, str], Exception],
    resolve: Callable[[Any], Any] | None,
    encoding: str,
    limit: int,
  ):
    """Prepares to read.

    Args:
      content: the bytes.
      allowed: (module, name) as written in the file -> what stands for it.
      refuse: makes the error for any other module and name.
      resolve: called with each persistent id; None refuses them.
      encoding: how strings of Python 2 are read.
      limit: bytes of memory that the pickles may take.
    """
    self.content, self.at, self.left = content, 0, limit
    self._allowed, self._refuse, self._resolve = allowed, refuse, resolve
    self._callables = {id(v): v for v in allowed.values() if callable(v)}
    self._encoding = encoding
    self.start()

  def start(self) -> None:
    """Forgets all values: another pickle begins."""
    self.stack: list[Any] = []
    self._marked: list[list[Any]] = []
    self._memo: dict[int, Any] = {}
    self._hashes: dict[int, collections.Counter] = {}

  def charge(self, num_bytes: int) -> None:
    """Takes memory from the budget."""
    self.left -= num_bytes
    if self.left < 0:
      raise ValueError("it would take too much memory")

  def take(self, size: int) -> bytes:
    """Returns the next bytes."""
    end = self.at + size
    if end > len(self.content):
      raise EOFError("it ends too early")
    piece = self.content[self.at : end]
    self.at = end
    return piece

  def number(self, size: int) -> int:
    """Returns the next unsigned integer."""
    return int.from_bytes(self.take(size), "little")

  def line(self) -> bytes:
    """Returns the text before the next line end."""
    end = self.content.find(b"\n", self.at)
    if end < 0:
      raise EOFError("it ends too early")
    piece = self.take(end - self.at)
    self.at += 1
    return piece

  def short_line(self) -> bytes:
    """Returns a line that holds a number."""
    line = self.line()
    if len(line) > _MAX_LINE:
      raise ValueError(f"a number of {len(line)} characters")
    return line

  def text(self, content: bytes, encoding: str = "utf-8") -> None:
    """Pushes a text; one wide character widens all others to four bytes."""
    self.charge(4 * len(content))
    self.stack.append(str(content, encoding, "surrogatepass"))

  def old_text(self, content: bytes) -> None:
    """Pushes a string of Python 2."""
    self.charge(4 * len(content))
    self.stack.append(str(content, self._encoding, "strict"))

  def items(self) -> list[Any]:
    """Returns what lies above the topmost mark, and removes both."""
    items = self.stack
    self.stack = self._marked.pop()
    return items

  def mark(self) -> None:
    """Begins a list of items."""
    self._marked.append(self.stack)
    self.stack = []

  def store(self, place: int) -> None:
    """Remembers the topmost value."""
    self._memo[place] = self.stack[-1]

  def fetch(self, place: int) -> None:
    """Pushes a value that was remembered."""
    self.stack.append(self._memo[place])

  # The most frequent steps, in few calls.

  def store_next(self) -> None:
    """Remembers the topmost value under the next number."""
    memo = self._memo
    memo[len(memo)] = self.stack[-1]

  def fetch_byte(self) -> None:
    """Pushes a value by a number of one byte."""
    self.stack.append(self._memo[self.content[self.at]])
    self.at += 1

  def push_byte(self) -> None:
    """Pushes a number of one byte."""
    self.stack.append(self.content[self.at])
    self.at += 1

  def find(self, module: Any, name: Any) -> None:
    """Pushes what stands for a name."""
    if type(module) is not str or type(name) is not str:
      raise ValueError("a name that is no text")
    if (module, name) not in self._allowed:
      raise self._refuse(module, name)
    self.stack.append(self._allowed[module, name])

  def persistent(self, pid: Any) -> None:
    """Pushes what a persistent id stands for."""
    if self._resolve is None:
      raise ValueError("a persistent id")
    self.stack.append(self._resolve(pid))

  def call(self) -> None:
    """Calls what stands for a name; its arguments bound what it may make."""
    arguments = self.stack.pop()
    function = self._callables.get(id(self.stack[-1]))
    if function is None or type(arguments) is not tuple:
      raise ValueError("a call of what is no function")
    self.charge(_size(arguments))
    self.stack[-1] = function(*arguments)

  def build(self) -> None:
    """Gives an object, which such a call made, its state."""
    state = self.stack.pop()
    setter = getattr(type(self.stack[-1]), "__setstate__", None)
    if setter is None:
      raise ValueError(f"a state of {type(self.stack[-1]).__name__}")
    self.charge(_size(state))
    setter(self.stack[-1], state)

  def set_items(self, items: list[Any]) -> None:
    """Puts keys and values into the topmost dictionary."""
    target = self.stack[-1]
    if not isinstance(target, dict) or len(items) % 2:
      raise ValueError("items of what is no dictionary")
    keys = items[::2]
    self.charge(_ITEM * len(keys))
    if check_keys(keys):
      self._check_hashes(target, keys)
    target.update(zip(keys, items[1::2], strict=True))

  def _check_hashes(self, target: dict, keys: list[Any]) -> None:
    """Refuses many tuples of one hash, which take quadratic time."""
    count = self._hashes.setdefault(id(target), collections.Counter())
    self.charge(_ITEM * len(keys))
    count.update(map(hash, keys))
    if max(map(count.__getitem__, map(hash, keys))) > _MAX_EQUAL_HASHES:
      raise ValueError("keys of one hash")

  def extend(self, items: list[Any]) -> None:
    """Puts values at the end of the topmost list."""
    if type(self.stack[-1]) is not list:
      raise ValueError("items of what is no list")
    self.charge(16 * len(items))
    self.stack[-1].extend(items)

  def floats(self) -> None:
    """Pushes a number, and those that follow it at once."""
    at = self.at
    if self.content[at + 8 : at + 9] != b"G":
      self.stack.append(_DOUBLE.unpack_from(self.content, at)[0])
      self.at = at + 8
      return
    run = _FLOATS.match(self.content, self.at - 1)
    if run is None:
      raise EOFError("it ends too early")
    numbers = np.frombuffer(run.group(), _FLOAT)["value"]
    self.charge(40 * len(numbers))
    self.stack.extend(numbers.tolist())
    self.at = run.end()


def check_keys(keys: list[Any]) -> bool:
  """Refuses keys whose hash costs more than their bytes.

  Returns:
    Whether there are tuples among them.
  """
  kinds = set(map(type, keys)) - _PLAIN_KEYS
  if kinds == {int} and -_MAX_KEY < min(keys) <= max(keys) < _MAX_KEY:
    return False
  for key in keys if kinds else ():
    _leaves(key, _MAX_KEY_LEAVES)
  return tuple in kinds


def _leaves(key: Any, most: int) -> int:
  """Counts the values of a key; refuses more than some, and other kinds."""
  if type(key) in _PLAIN_KEYS:
    return 1
  if type(key) is int and abs(key) < _MAX_KEY:
    return 1
  if type(key) is not tuple:
    raise ValueError(f"a key that is {type(key).__name__}")
  count = 1
  for item in key:
    if count >= most:
      raise ValueError("a key of many values")
    count += _leaves(item, most - count)
  return count


def _size(value: Any) -> int:
  """Bytes that a function can make of its arguments, two levels deep."""
  if value == ():
    return CONTAINER
  if type(value) is not tuple:
    value = (value,)
  size = CONTAINER
  for item in value:
    if type(item) in (list, tuple, dict):
      size += CONTAINER + _ITEM * len(item)
    elif type(item) in (str, bytes, bytearray):
      size += 8 + 4 * len(item)
    else:
      size += 8
  return size
