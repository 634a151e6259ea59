"""Pickles that ask for more than they are worth, and those that do not."""

import collections
import io
import pickle
import random
import time
import tracemalloc

import numpy as np
import pytest

from nasjax import errors
from nasjax.io import pickle_machine, pickled_tree, safe_pickle, unpickler

DTYPE = b"cnumpy\ndtype\n(U\x02f8K\0K\1tRq\1"
LATIN = b"c_codecs\nencode\nq\1X\x06\0\0\0latin1q\2"


def laughs(kind, depth=30, fan=10):
  """Nested references; `kind` is what holds them."""
  body = b"K\1q\0"
  for level in range(depth):
    get, put = b"h" + bytes([level]), b"q" + bytes([level + 1])
    if kind == "list":
      body += b"](" + get * fan + b"e" + put
    elif kind == "dict":
      items = b"".join(b"K" + bytes([i]) + get for i in range(fan))
      body += b"}(" + items + b"u" + put
    elif kind == "duplicate":
      body += b"2\x86"
    else:
      body += b"(" + get * fan + b"t" + put
  return b"\x80\x02" + body + b"."


def key_laughs():
  return laughs("tuple")[:-1] + b"q\xff}h\xffNs."


def text(size):
  return b"X" + size.to_bytes(4, "little") + b"a" * size


BOMBS = {
  "length of a text": b"X\xff\xff\xff\x7fabc.",
  "length of 64 bits": b"\x8e" + (1 << 40).to_bytes(8, "little") + b"x.",
  "bytearray of 64 bits": b"\x96" + (1 << 33).to_bytes(8, "little") + b"x.",
  "frame of 64 bits": b"\x95" + (1 << 62).to_bytes(8, "little") + b"N.",
  "long integer": b"\x8b\0\0\0\x10" + b"\1" * 1000 + b".",
  "decimal integer": b"I" + b"9" * 5000 + b"\n.",
  "list of lists": laughs("list"),
  "tuple of tuples": laughs("tuple"),
  "dictionary of dictionaries": laughs("dict"),
  "duplicates": laughs("duplicate", 60),
  "key of tuples": key_laughs(),
  "key of an ordered dictionary": laughs("tuple")[:-1]
  + b"q\xffccollections\nOrderedDict\n(](h\xffN\x86etR.",
  "deep tuple": b"N" + b"\x85" * 10**5 + b".",
  "deep list": b"]" * 10**5 + b"a" * (10**5 - 1) + b".",
  "deep marks": b"(" * 10**5 + b"." * 10**5,
  "wide empty shape": b"\x80\x02cnumpy.core.multiarray\n_reconstruct\n"
  b"(cnumpy\nndarray\nK\0\x85U\x01btR(K\x01(K\0\x8a\x06\0\0\0\0\0\1t"
  + DTYPE
  + b"K\0U\0tb.",
  "dictionaries": b"(" + b"}" * (3 * 10**6) + b"t.",
  "one text encoded often": LATIN
  + text(1 << 20)
  + b"q\3("
  + b"h\1h\3h\2\x86R" * 5000
  + b"t.",
  "one list made a dictionary often": b"ccollections\nOrderedDict\nq\1]("
  + b"K\1K\2\x86" * 20_000
  + b"eq\2("
  + b"h\1h\2\x85R" * 5000
  + b"t.",
  "keys of one hash": b"}("
  + b"".join(
    b"("
    + b"".join(
      b"J" + (-1 - (n >> bit & 1)).to_bytes(4, "little", signed=True)
      for bit in range(14)
    )
    + b"tN"
    for n in range(1 << 14)
  )
  + b"u.",
  "numbers of one hash": b"}("
  + b"".join(
    b"\x8a\x0b" + (n * (2**61 - 1)).to_bytes(11, "little") + b"N"
    for n in range(1, 20_000)
  )
  + b"u.",
  "name of references": laughs("tuple")[:-1] + b"q\xff0h\xffh\xff\x93.",
  "encoding of references": laughs("tuple")[:-1]
  + b"q\xff0c_codecs\nencode\nX\1\0\0\0ah\xff\x86R.",
}


@pytest.mark.parametrize("name", BOMBS)
def test_bombs_are_refused_at_once(name):
  began = time.process_time()
  with pytest.raises(errors.UserError) as caught:
    safe_pickle.load_arrays(io.BytesIO(BOMBS[name]))
  assert time.process_time() - began < 10
  assert len(str(caught.value)) < 400
  assert "\n" not in str(caught.value)


def test_a_place_in_the_memo_costs_no_more_than_another():
  tracemalloc.start()
  for place in (b"r\xff\xff\xff\x1f", b"p536870911\n"):
    assert safe_pickle.load(io.BytesIO(b"N" + place + b".")) is None
  assert tracemalloc.get_traced_memory()[1] < 1 << 20
  tracemalloc.stop()


def test_shared_data_is_read_up_to_a_limit():
  shared = [[0] * 10] * 10
  assert load([shared] * 1000) == [shared] * 1000
  with pytest.raises(errors.UserError, match="too many references"):
    load([shared] * 20_000)


def test_depth():
  deep = []
  for _ in range(pickled_tree.MAX_DEPTH - 1):
    deep = [deep]
  assert load(deep) == deep
  with pytest.raises(errors.UserError, match="nested more than 100 deep"):
    load([deep])


def load(data, protocol=4):
  return safe_pickle.load(
    io.BytesIO(pickle.dumps(data, protocol)), safe_pickle.PLAIN
  )


def random_tree(rng, depth):
  kind = rng.randrange(12 if depth else 8)
  if kind >= 8:
    items = [random_tree(rng, depth - 1) for _ in range(rng.randrange(6))]
    if kind == 8:
      return tuple(items)
    if kind == 9:
      return {f"k{i}": item for i, item in enumerate(items)}
    if kind == 10:
      return {(i, "x", None): item for i, item in enumerate(items)}
    return items
  return (
    rng.choice((None, True, False)),
    rng.choice((0, -1, 255, 256, -(2**31), 2**70, -(2**200), 65535)),
    rng.random(),
    [rng.random() for _ in range(rng.randrange(2500))],
    rng.choice(("", "text", "é" * 300, "\U0001f600", "line\nend", "\\u0041")),
    bytes(rng.randrange(256) for _ in range(rng.choice((1, 3, 300)))),
    float(rng.choice(("inf", "-inf", "1e-320"))),
    collections.OrderedDict(a=1, b=[2]),
  )[kind]


@pytest.mark.parametrize("protocol", range(6))
def test_same_values_as_the_standard_module(protocol):
  rng = random.Random(protocol)
  for _ in range(60):
    tree = [random_tree(rng, 4) for _ in range(3)]
    tree += tree[:1]  # a reference
    assert load(tree, protocol) == tree


def test_the_file_stands_behind_the_pickle():
  stream = io.BytesIO(b"xx" + pickle.dumps([1]) + pickle.dumps("b") + b"rest")
  stream.seek(2)
  assert safe_pickle.load(stream) == [1]
  assert safe_pickle.load(stream) == "b"
  assert stream.read() == b"rest"


@pytest.mark.parametrize(
  "content",
  [
    b"cnumpy.core.multiarray\nscalar\n}X\x0c\0\0\0__defaults__)sb.",
    b"cnumpy.core.multiarray\nscalar\nN}X\x0c\0\0\0__defaults__)s\x86b.",
    b"cnumpy\ndtype\nN}X\x04\0\0\0codeX\2\0\0\0f8s\x86b.",
    b"c_codecs\nencode\nN}X\x01\0\0\0aNs\x86b.",
  ],
)
def test_stand_ins_cannot_be_changed(content):
  before = {id(v): dict(vars(v)) for v in safe_pickle.ARRAYS.values()}
  with pytest.raises(errors.UserError):
    safe_pickle.load_arrays(io.BytesIO(content))
  assert before == {id(v): dict(vars(v)) for v in safe_pickle.ARRAYS.values()}


@pytest.mark.parametrize(
  "key",
  [
    b"](N\x94Ne",
    b"}",
    b"\x96\1\0\0\0\0\0\0\0x",
    b"(" + b"K\1" * 17 + b"t",
    b"\x8a\x09" + (1 << 61).to_bytes(9, "little"),
  ],
)
def test_keys_are_simple(key):
  with pytest.raises(errors.UserError, match=r"a key|items of what"):
    safe_pickle.load(io.BytesIO(b"}" + key + b"Ns."))


def test_memory_is_charged_before_it_is_taken():
  machine = pickle_machine.Machine(
    b"]" * 100 + b".", {}, lambda *_: ValueError(), None, "ASCII", 20_000
  )
  with pytest.raises(ValueError, match="too much memory"):
    unpickler.load(machine)
  assert len(machine.stack) == 20_000 // 256


def test_large_pickles_may_take_more():
  numbers = np.random.default_rng(0).random(100_000).tolist()
  assert load({"a": numbers, "b": numbers}) == {"a": numbers, "b": numbers}
