"""A pickle, read step by step within a budget of memory and of time.

The module `pickle` lets nine bytes allocate gigabytes (a place in its memo) and
some hundred bytes run for hours (a nest of references that is hashed). Here
every step is charged for the memory that it takes before it takes it, keys of
dictionaries are simple, and nothing is called but what the caller lists. The
format is that of `pickletools`, protocols 0 to 5, without sets, persistent
classes by number, and buffers outside the file.
"""

import codecs
import collections
import re
import struct
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

MAX_KEY_LEAVES = 16
"""Values that a tuple may hold which is a key of a dictionary."""

_MAX_INT_BYTES = 255
_MAX_LINE = 640  # characters of a number that is written as text
_MAX_EQUAL_HASHES = 64
_CONTAINER = 256  # bytes of a container, of its place, and of what checks it
_ITEM = 100  # bytes of an item of a dictionary
_MAX_KEY = 1 << 60  # numbers below have a hash of their own
_DOUBLE = struct.Struct(">d")
_FLOAT = np.dtype([("code", "u1"), ("value", ">f8")])
_FLOATS = re.compile(rb"(?:G.{8}){1,1000}+", re.DOTALL)
_PLAIN_KEYS = {str, bytes, bool, float, type(None)}

Step = Callable[["Unpickler"], None]
_STEPS: list[tuple[int, Step | None]] = []


class Unpickler:
  """Reads one pickle after another from bytes.

  Attributes:
    content: the bytes.
    at: place of the next byte.
    left: bytes of memory that may still be taken.
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
    self._hashes: dict[int, collections.Counter] = {}

  def load(self) -> Any:
    """Reads one pickle and leaves `at` behind it.

    Raises:
      ValueError: it asks for more than is allowed, or for what is no plain
        data; other damage raises what `foreign.DAMAGED` lists.
    """
    self.stack: list[Any] = []
    self._marked: list[list[Any]] = []
    self._memo: dict[int, Any] = {}
    self._hashes.clear()
    content, steps = self.content, _STEPS
    while True:
      if self.at >= len(content):
        raise EOFError("it ends too early")
      cost, step = steps[content[self.at]]
      self.at += 1
      self.left -= cost
      if self.left < 0:
        raise ValueError("it would take too much memory")
      if step is None:
        return self.stack.pop()
      step(self)

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
    _leaves(key, MAX_KEY_LEAVES)
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
    return _CONTAINER
  if type(value) is not tuple:
    value = (value,)
  size = _CONTAINER
  for item in value:
    if type(item) in (list, tuple, dict):
      size += _CONTAINER + _ITEM * len(item)
    elif type(item) in (str, bytes, bytearray):
      size += 8 + 4 * len(item)
    else:
      size += 8
  return size


def _unknown(machine: Unpickler) -> None:
  place = machine.at - 1
  raise ValueError(f"code {machine.content[place]:#04x} at byte {place}")


def _integer(machine: Unpickler, size: int) -> None:
  if size > _MAX_INT_BYTES:
    raise ValueError(f"a number of {size} bytes")
  content = machine.take(size)
  machine.stack.append(int.from_bytes(content, "little", signed=True))


def _old_integer(machine: Unpickler) -> None:
  line = machine.short_line()
  known = {b"00": False, b"01": True}
  machine.stack.append(known[line] if line in known else int(line))


def _quoted(machine: Unpickler) -> None:
  line = machine.line()
  if len(line) < 2 or line[0] != line[-1] or line[:1] not in (b"'", b'"'):
    raise ValueError("a text without quotes")
  machine.old_text(codecs.escape_decode(line[1:-1])[0])  # pyright: ignore


def _tuple(machine: Unpickler, size: int) -> None:
  if len(machine.stack) < size:
    raise ValueError("a tuple of too few values")
  items = tuple(machine.stack[-size:])
  machine.stack[-size:] = [items]


def _marked_tuple(machine: Unpickler) -> None:
  items = machine.items()
  machine.charge(8 * len(items))
  machine.stack.append(tuple(items))


def _marked_list(machine: Unpickler) -> None:
  items = machine.items()
  machine.stack.append([])
  machine.extend(items)


def _marked_dict(machine: Unpickler) -> None:
  items = machine.items()
  machine.stack.append({})
  machine.set_items(items)


def _global(machine: Unpickler) -> None:
  module = machine.line().decode()
  machine.find(module, machine.line().decode())


def _stack_global(machine: Unpickler) -> None:
  name = machine.stack.pop()
  machine.find(machine.stack.pop(), name)


def _set_item(machine: Unpickler) -> None:
  value = machine.stack.pop()
  machine.set_items([machine.stack.pop(), value])


def _append(machine: Unpickler) -> None:
  machine.extend([machine.stack.pop()])


def _pop(machine: Unpickler) -> None:
  if machine.stack:
    machine.stack.pop()
  else:
    machine.items()


def _protocol(machine: Unpickler) -> None:
  if (version := machine.number(1)) > 5:
    raise ValueError(f"protocol {version}")


def _frame(machine: Unpickler) -> None:
  if machine.number(8) > len(machine.content) - machine.at:
    raise EOFError("it ends too early")


def _push(value: Any) -> Step:
  return lambda machine: machine.stack.append(value)


def _bytes(machine: Unpickler, width: int) -> None:
  content = machine.take(machine.number(width))
  machine.charge(len(content))
  machine.stack.append(content)


def _byte_array(machine: Unpickler) -> None:
  _bytes(machine, 8)
  machine.stack[-1] = bytearray(machine.stack[-1])


def _table() -> list[tuple[int, Step | None]]:
  """Returns the memory (bytes) and the step of each code; None ends it."""
  steps: dict[str, tuple[int, Step | None]] = {
    ".": (0, None),
    # Numbers and constants.
    "N": (16, _push(None)),
    "\x88": (16, _push(True)),
    "\x89": (16, _push(False)),
    "I": (40, _old_integer),
    "L": (40, lambda m: m.stack.append(int(m.short_line().rstrip(b"L")))),
    "F": (40, lambda m: m.stack.append(float(m.short_line()))),
    "J": (40, lambda m: _integer(m, 4)),
    "K": (16, Unpickler.push_byte),
    "M": (40, lambda m: m.stack.append(m.number(2))),
    "\x8a": (40, lambda m: _integer(m, m.number(1))),
    "\x8b": (40, lambda m: _integer(m, m.number(4))),
    "G": (40, Unpickler.floats),
    # Texts and bytes.
    "S": (64, _quoted),
    "T": (64, lambda m: m.old_text(m.take(m.number(4)))),
    "U": (64, lambda m: m.old_text(m.take(m.number(1)))),
    "V": (64, lambda m: m.text(m.line(), "raw-unicode-escape")),
    "X": (64, lambda m: m.text(m.take(m.number(4)))),
    "\x8c": (64, lambda m: m.text(m.take(m.number(1)))),
    "\x8d": (64, lambda m: m.text(m.take(m.number(8)))),
    "B": (64, lambda m: _bytes(m, 4)),
    "C": (64, lambda m: _bytes(m, 1)),
    "\x8e": (64, lambda m: _bytes(m, 8)),
    "\x96": (64, _byte_array),
    # Containers.
    "(": (_CONTAINER, Unpickler.mark),
    ")": (16, _push(())),
    "\x85": (_CONTAINER, lambda m: _tuple(m, 1)),
    "\x86": (_CONTAINER, lambda m: _tuple(m, 2)),
    "\x87": (_CONTAINER, lambda m: _tuple(m, 3)),
    "t": (_CONTAINER, _marked_tuple),
    "]": (_CONTAINER, lambda m: m.stack.append([])),
    "l": (_CONTAINER, _marked_list),
    "a": (48, _append),
    "e": (48, lambda m: m.extend(m.items())),
    "}": (_CONTAINER, lambda m: m.stack.append({})),
    "d": (_CONTAINER, _marked_dict),
    "s": (96, _set_item),
    "u": (96, lambda m: m.set_items(m.items())),
    # The stack and the memo.
    "0": (16, _pop),
    "1": (16, lambda m: m.items() and None),
    "2": (16, lambda m: m.stack.append(m.stack[-1])),
    "p": (96, lambda m: m.store(int(m.short_line()))),
    "q": (96, lambda m: m.store(m.number(1))),
    "r": (96, lambda m: m.store(m.number(4))),
    "\x94": (96, Unpickler.store_next),
    "g": (16, lambda m: m.fetch(int(m.short_line()))),
    "h": (16, Unpickler.fetch_byte),
    "j": (16, lambda m: m.fetch(m.number(4))),
    # Names, calls, and the frame around all.
    "c": (64, _global),
    "\x93": (64, _stack_global),
    "R": (64, Unpickler.call),
    "\x81": (64, Unpickler.call),
    "b": (64, Unpickler.build),
    "P": (64, lambda m: m.persistent(m.line().decode("ascii"))),
    "Q": (64, lambda m: m.persistent(m.stack.pop())),
    "\x80": (16, _protocol),
    "\x95": (16, _frame),
  }
  return [steps.get(chr(code), (16, _unknown)) for code in range(256)]


_STEPS.extend(_table())
