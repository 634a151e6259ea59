"""A pickle, read step by step within a budget of memory and of time.

The module `pickle` lets nine bytes allocate gigabytes (a place in its memo) and
some hundred bytes run for hours (a nest of references that is hashed). Here
every code is charged for the memory that it takes before it takes it. The
format is that of `pickletools`, protocols 0 to 5, without sets, classes by
number, and buffers outside the file.
"""

import codecs
from collections.abc import Callable
from typing import Any

from nasjax.io import pickle_machine
from nasjax.io.pickle_machine import Machine

Step = Callable[[Machine], Any]

_MAX_INT_BYTES = 255


def load(machine: Machine) -> Any:
  """Reads the next pickle of a machine and leaves its place behind it.

  Raises:
    ValueError: it asks for more than is allowed, or for what is no plain
      data; other damage raises what `foreign.DAMAGED` lists.
  """
  machine.start()
  content, steps = machine.content, _STEPS
  while True:
    if machine.at >= len(content):
      raise EOFError("it ends too early")
    cost, step = steps[content[machine.at]]
    machine.at += 1
    machine.left -= cost
    if machine.left < 0:
      raise ValueError("it would take too much memory")
    if step is None:
      return machine.stack.pop()
    step(machine)


def _unknown(machine: Machine) -> None:
  place = machine.at - 1
  raise ValueError(f"code {machine.content[place]:#04x} at byte {place}")


def _integer(machine: Machine, size: int) -> None:
  if size > _MAX_INT_BYTES:
    raise ValueError(f"a number of {size} bytes")
  content = machine.take(size)
  machine.stack.append(int.from_bytes(content, "little", signed=True))


def _old_integer(machine: Machine) -> None:
  line = machine.short_line()
  known = {b"00": False, b"01": True}
  machine.stack.append(known[line] if line in known else int(line))


def _quoted(machine: Machine) -> None:
  line = machine.line()
  if len(line) < 2 or line[0] != line[-1] or line[:1] not in (b"'", b'"'):
    raise ValueError("a text without quotes")
  machine.old_text(codecs.escape_decode(line[1:-1])[0])  # pyright: ignore


def _tuple(machine: Machine, size: int) -> None:
  if len(machine.stack) < size:
    raise ValueError("a tuple of too few values")
  items = tuple(machine.stack[-size:])
  machine.stack[-size:] = [items]


def _marked_tuple(machine: Machine) -> None:
  items = machine.items()
  machine.charge(8 * len(items))
  machine.stack.append(tuple(items))


def _marked_list(machine: Machine) -> None:
  items = machine.items()
  machine.stack.append([])
  machine.extend(items)


def _marked_dict(machine: Machine) -> None:
  items = machine.items()
  machine.stack.append({})
  machine.set_items(items)


def _global(machine: Machine) -> None:
  module = machine.line().decode()
  machine.find(module, machine.line().decode())


def _stack_global(machine: Machine) -> None:
  name = machine.stack.pop()
  machine.find(machine.stack.pop(), name)


def _set_item(machine: Machine) -> None:
  value = machine.stack.pop()
  machine.set_items([machine.stack.pop(), value])


def _append(machine: Machine) -> None:
  machine.extend([machine.stack.pop()])


def _pop(machine: Machine) -> None:
  if machine.stack:
    machine.stack.pop()
  else:
    machine.items()


def _protocol(machine: Machine) -> None:
  if (version := machine.number(1)) > 5:
    raise ValueError(f"protocol {version}")


def _frame(machine: Machine) -> None:
  if machine.number(8) > len(machine.content) - machine.at:
    raise EOFError("it ends too early")


def _push(value: Any) -> Step:
  return lambda machine: machine.stack.append(value)


def _bytes(machine: Machine, width: int) -> None:
  content = machine.take(machine.number(width))
  machine.charge(len(content))
  machine.stack.append(content)


def _byte_array(machine: Machine) -> None:
  _bytes(machine, 8)
  machine.stack[-1] = bytearray(machine.stack[-1])


_CODES: dict[str, tuple[int, Step | None]] = {
  ".": (0, None),
  # Numbers and constants.
  "N": (16, _push(None)),
  "\x88": (16, _push(True)),
  "\x89": (16, _push(False)),
  "I": (40, _old_integer),
  "L": (40, lambda m: m.stack.append(int(m.short_line().rstrip(b"L")))),
  "F": (40, lambda m: m.stack.append(float(m.short_line()))),
  "J": (40, lambda m: _integer(m, 4)),
  "K": (16, Machine.push_byte),
  "M": (40, lambda m: m.stack.append(m.number(2))),
  "\x8a": (40, lambda m: _integer(m, m.number(1))),
  "\x8b": (40, lambda m: _integer(m, m.number(4))),
  "G": (40, Machine.floats),
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
  "(": (pickle_machine.CONTAINER, Machine.mark),
  ")": (16, _push(())),
  "\x85": (pickle_machine.CONTAINER, lambda m: _tuple(m, 1)),
  "\x86": (pickle_machine.CONTAINER, lambda m: _tuple(m, 2)),
  "\x87": (pickle_machine.CONTAINER, lambda m: _tuple(m, 3)),
  "t": (pickle_machine.CONTAINER, _marked_tuple),
  "]": (pickle_machine.CONTAINER, lambda m: m.stack.append([])),
  "l": (pickle_machine.CONTAINER, _marked_list),
  "a": (48, _append),
  "e": (48, lambda m: m.extend(m.items())),
  "}": (pickle_machine.CONTAINER, lambda m: m.stack.append({})),
  "d": (pickle_machine.CONTAINER, _marked_dict),
  "s": (96, _set_item),
  "u": (96, lambda m: m.set_items(m.items())),
  # The stack and the memo.
  "0": (16, _pop),
  "1": (16, Machine.items),
  "2": (16, lambda m: m.stack.append(m.stack[-1])),
  "p": (96, lambda m: m.store(int(m.short_line()))),
  "q": (96, lambda m: m.store(m.number(1))),
  "r": (96, lambda m: m.store(m.number(4))),
  "\x94": (96, Machine.store_next),
  "g": (16, lambda m: m.fetch(int(m.short_line()))),
  "h": (16, Machine.fetch_byte),
  "j": (16, lambda m: m.fetch(m.number(4))),
  # Names, calls, and the frame around all.
  "c": (64, _global),
  "\x93": (64, _stack_global),
  "R": (64, Machine.call),
  "\x81": (64, Machine.call),
  "b": (64, Machine.build),
  "P": (64, lambda m: m.persistent(m.line().decode("ascii"))),
  "Q": (64, lambda m: m.persistent(m.stack.pop())),
  "\x80": (16, _protocol),
  "\x95": (16, _frame),
}
"""Memory (bytes) and step of each code; None ends the pickle."""

_STEPS = [_CODES.get(chr(code), (16, _unknown)) for code in range(256)]
