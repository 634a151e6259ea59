"""Seeded mutations of bytes, and of texts and archives by their structure."""

import bz2
import gzip
import io
import json
import random
import struct
import zipfile

import numpy as np

_NUMBERS = (
  *(0, 1, 2, 3, 7, 8, 63, 64, 100, 127, 128, 255, 256, 1000, 4096),
  *(32767, 32768, 65535, 65536, 10**6, 2**24, 2**31 - 1, 2**31, 2**32 - 1),
  *(2**32, 2**40, 2**48, 2**62, 2**63 - 1, 2**63, 2**64 - 1),
)
_TOKENS = (
  *(b"NaN", b"Infinity", b"-1", b"1e999", b"1e-999", b"null", b"true", b"{}"),
  *(b"[]", b'""', b"0", b"-0.0", b"9" * 400, b"[" * 5000, b"(" * 200, b"\0"),
  *(b"\n", b"\r\n", b'"', b"'", b",", b"|", b"~", b"\xff\xfe", b"\xef\xbb\xbf"),
  *(
    "é".encode(),
    "\U0001d7d9".encode(),
    b"A" * 3000,
    b"../",
    b"%s",
    b"<f8",
    b"|O",
  ),
)


def mutate(
  rng: random.Random, content: bytes, tokens: tuple[bytes, ...] = ()
) -> bytes:
  """Applies one to four mutations.

  Args:
    rng: draws them.
    content: valid bytes.
    tokens: what means something in the format.
  """
  found = bytearray(content)
  for _ in range(rng.choice((1, 1, 1, 2, 3, 4))):
    rng.choice(_MUTATIONS)(rng, found, tokens)
  return bytes(found)


def _place(rng, content, width=1):
  """A place, more often near the two ends, where headers are."""
  length = max(len(content) - width, 0)
  kind = rng.random()
  if kind < 0.3:
    return rng.randint(0, min(length, 64))
  if kind < 0.4:
    return length - rng.randint(0, min(length, 64))
  return rng.randint(0, length)


def _flip(rng, content, tokens):
  del tokens
  if content:
    place = min(_place(rng, content), len(content) - 1)
    content[place] ^= 1 << rng.randrange(8)


def _byte(rng, content, tokens):
  del tokens
  if content:
    place = min(_place(rng, content), len(content) - 1)
    content[place] = rng.randrange(256)


def _number(rng, content, tokens):
  del tokens
  width = rng.choice((1, 2, 4, 8))
  number = rng.choice(_NUMBERS) % (1 << 8 * width)
  order = rng.choice(("little", "big"))
  place = _place(rng, content, width)
  content[place : place + width] = number.to_bytes(width, order)


def _decimal(rng, content, tokens):
  """Replaces a run of digits by another number."""
  del tokens
  digits = [i for i, byte in enumerate(content[:100_000]) if 48 <= byte < 58]
  if digits:
    start = rng.choice(digits)
    end = start
    while end < len(content) and 48 <= content[end] < 58:
      end += 1
    content[start:end] = str(rng.choice((-1, *_NUMBERS))).encode()


def _insert(rng, content, tokens):
  token = rng.choice((*_TOKENS, *tokens, *tokens))
  place = _place(rng, content)
  replaced = rng.choice((0, 0, 1, len(token)))
  content[place : place + replaced] = token


def _delete(rng, content, tokens):
  del tokens
  place = _place(rng, content)
  del content[place : place + rng.choice((1, 1, 2, 4, 8, 100))]


def _repeat(rng, content, tokens):
  del tokens
  place = _place(rng, content)
  piece = content[place : place + rng.choice((1, 4, 16, 300))]
  content[place:place] = piece * rng.choice((1, 2, 50))


def _truncate(rng, content, tokens):
  del tokens
  del content[_place(rng, content) :]


def _splice(rng, content, tokens):
  """Copies one part over another."""
  del tokens
  size = rng.choice((2, 4, 8, 30, 200))
  source, target = _place(rng, content, size), _place(rng, content, size)
  content[target : target + size] = content[source : source + size]


_MUTATIONS = (
  *(_flip, _flip, _byte, _number, _number, _decimal, _insert, _insert),
  *(_delete, _repeat, _truncate, _splice),
)


def inside_zip(rng, content, tokens=()):
  """Mutates one member, and packs it with a right checksum."""
  with zipfile.ZipFile(io.BytesIO(content)) as archive:
    members = {name: archive.read(name) for name in archive.namelist()}
  name = rng.choice(sorted(members))
  if name.endswith(".npy") and rng.random() < 0.6:
    members[name] = array(rng, members[name])
  elif rng.random() < 0.05:
    members[rng.choice(sorted(members)) + "x"] = members.pop(name)
  else:
    members[name] = mutate(rng, members[name], tokens)
  stream = io.BytesIO()
  method = rng.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))
  with zipfile.ZipFile(stream, "w", method) as archive:
    for name, member in members.items():
      archive.writestr(name, member)
  return stream.getvalue()


def array(rng, content):
  """Writes an array with other values, another type, or another shape."""
  found = np.load(io.BytesIO(content), allow_pickle=False)
  kind = rng.randrange(4)
  if kind == 0 and found.size and found.dtype.kind in "iuf":
    found = found.copy()
    number = rng.choice((-1, 5, 101, 127, 1e30, np.nan, np.inf, 0.5))
    with np.errstate(all="ignore"):
      place = rng.randrange(found.size)
      found.flat[place] = np.array(number).astype(found.dtype)
  elif kind == 1:
    with np.errstate(all="ignore"):
      types = ["f8", "i8", "u1", "c16", "S3", "U3", "?", "f2", "M8[s]"]
      try:
        found = found.astype(rng.choice(types))
      except ValueError:
        found = np.zeros(found.shape)
  elif kind == 2:
    shapes = [(), (0,), (1,), (-1, 1), (1, -1), (0, 2**40), (2**20, 0)]
    found = np.resize(found, abs(found.size))
    shape = rng.choice(shapes)
    empty = 0 in shape
    found = np.zeros(shape, found.dtype) if empty else found
    if not empty and -1 in shape:
      found = found.reshape(shape)
  else:
    found = found[: rng.randrange(4)] if found.ndim else found
  stream = io.BytesIO()
  np.save(stream, found)
  return stream.getvalue()


def inside_bz2(rng, content, tokens=()):
  """Mutates what is packed."""
  return bz2.compress(mutate(rng, bz2.decompress(content), tokens))


def inside_gzip(rng, content, tokens=()):
  """Mutates what is packed."""
  return gzip.compress(mutate(rng, gzip.decompress(content), tokens), 1)


def bomb(rng):
  """A pickle whose references grow without end."""
  depth, fan = rng.choice((5, 20, 60)), rng.choice((2, 10))
  kind = rng.choice(["tuple", "list", "dict", "key"])
  body = b"K\1q\0"
  for level in range(depth):
    get = b"h" + bytes([level % 250])
    put = b"q" + bytes([(level + 1) % 250])
    if kind == "list":
      body += b"](" + get * fan + b"e" + put
    elif kind == "dict":
      items = b"".join(b"K" + bytes([i]) + get for i in range(fan))
      body += b"}(" + items + b"u" + put
    else:
      body += b"(" + get * fan + b"t" + put
  if kind == "key":
    body += b"}h" + bytes([depth % 250]) + b"Ns"
  return b"\x80\x02" + body + b"."


_CODES = (
  *(b"N", b"K\x05", b"J\xff\xff\xff\x7f", b"G@\x09\x21\xfbTD-\x18", b"(", b")"),
  *(b"]", b"}", b"e", b"a", b"s", b"u", b"t", b"\x85", b"\x86", b"0", b"1"),
  *(b"2", b"q\0", b"q\1", b"h\0", b"h\1", b"X\2\0\0\0ab", b"\x8c\1k", b"C\1b"),
  *(b"\x94", b"R", b"b", b"\x81", b"Q", b"ccollections\nOrderedDict\n"),
  *(b"cnumpy\ndtype\n", b"cnumpy.core.multiarray\nscalar\n", b"\x8f", b"\x90"),
  *(b"cnumpy.core.multiarray\n_reconstruct\n", b"c_codecs\nencode\n"),
)


def pickled(rng, content):
  """A random program, a bomb, or a pickle with some codes more or fewer."""
  kind = rng.random()
  if kind < 0.1:
    return bomb(rng)
  if kind < 0.2:
    place = struct.pack("<I", rng.choice((0, 1000, 2**20, 2**29, 2**32 - 1)))
    return b"N" + rng.choice((b"r" + place, b"p536870911\n")) + b"."
  if kind < 0.4:
    codes = b"".join(rng.choices(_CODES, k=rng.randint(1, 60)))
    return b"\x80\x02" + codes * rng.choice((1, 1, 30)) + b"."
  return mutate(rng, content, _CODES)


def value(rng, content):
  """Writes JSON with another value in one place."""
  tree = json.loads(content)
  replacements = (
    *(None, True, -1, 0, 1e308, -1e308, 10**40, "", "x" * 3000, [], {}),
    *([[]], {"a": 1}, 3.7, 2**31, float("nan"), float("inf"), "0", [1] * 50),
  )
  node, path = tree, []
  while isinstance(node, (dict, list)) and node and rng.random() < 0.9:
    keys = list(node) if isinstance(node, dict) else range(len(node))
    path.append((node, rng.choice(list(keys))))
    node = path[-1][0][path[-1][1]]
  if not path:
    return json.dumps(rng.choice(replacements)).encode()
  parent, key = path[-1]
  if rng.random() < 0.2:
    del parent[key]
  elif isinstance(parent, list) and rng.random() < 0.2:
    parent.append(node)
  else:
    parent[key] = rng.choice(replacements)
  return json.dumps(tree).encode()
