"""Archives of arrays with faults of every kind that zip and numpy can meet."""

import io
import struct
import zipfile

import numpy as np


def header(text):
  """The start of a `.npy` file of version 1.0."""
  content = text.encode() + b"\n"
  return b"\x93NUMPY\1\0" + struct.pack("<H", len(content)) + content


def member(shape, descr="'<f8'", data=b""):
  text = f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}}}"
  return header(text) + data


def archive(members, method=zipfile.ZIP_STORED):
  stream = io.BytesIO()
  with zipfile.ZipFile(stream, "w", method) as file:
    for name, content in members:
      file.writestr(name, content)
  return stream.getvalue()


def _one(content):
  return archive([("a.npy", content)])


def _field(offset, number, width=2):
  """Writes a number into the directory entry and the header of a member."""
  content = bytearray(_one(member("(1,)", data=bytes(8))))
  start = content.index(b"PK\1\2")
  content[start + offset : start + offset + width] = number.to_bytes(
    width, "little"
  )
  content[offset - 2 : offset - 2 + width] = number.to_bytes(width, "little")
  return bytes(content)


def _sizes(packed, size):
  """A stored member whose directory announces other sizes."""
  content = bytearray(_one(member("(1,)", data=bytes(8))))
  start = content.index(b"PK\1\2")
  content[start + 20 : start + 28] = struct.pack("<II", packed, size)
  return bytes(content)


def _objects():
  stream = io.BytesIO()
  np.savez(stream, a=np.array([{"a": 1}], dtype=object))
  return stream.getvalue()


FAULTS = {
  "empty": b"",
  "no archive": b"not an archive",
  "cut off": _one(member("(4,)", data=bytes(32)))[:-30],
  "method 99": _field(10, 99),
  "bzip2": archive(
    [("a.npy", member("(1,)", data=bytes(8)))], zipfile.ZIP_BZIP2
  ),
  "encrypted": _field(8, 1),
  "patched data": _field(8, 32),
  "version 9.9": _field(6, 99),
  "checksum": _field(16, 12345, 4),
  "large shape": _one(member("(10000000000000,)")),
  "largest shape": _one(member("(9223372036854775807, 9223372036854775807)")),
  "negative shape": _one(member("(-1,)")),
  "shape of texts": _one(member("('a',)")),
  "shape that is no tuple": _one(member("8")),
  "shape of a float": _one(member("(1.5,)", data=bytes(8))),
  "no end of the header": _one(header("{'descr': '<f8', 'shape': (")),
  "header that is no text": _one(b"\x93NUMPY\1\0\x04\0\xff\xfe\0\n"),
  "deep header": _one(header("(" * 5000)),
  "header that calls": _one(header("__import__('os').getcwd()")),
  "long header": _one(header("{" + " " * 60_000 + "}")),
  "unknown type": _one(member("(1,)", "'<q7'", bytes(8))),
  "objects": _objects(),
  "object type": _one(member("(1,)", "'|O'", bytes(8))),
  "dates": _one(member("(1,)", "'<M8[s]'", bytes(8))),
  "records": _one(member("(1,)", "[('a', '<f8')]", bytes(8))),
  "wide texts": _one(member("(1,)", "'<U500000000'", bytes(8))),
  "empty texts": _one(member("(1000000000000,)", "'<U0'")),
  "wide and empty": _one(member("(0, 1000000000000)")),
  "fewer values": _one(member("(3,)", data=bytes(8))),
  "more values": _one(member("(1,)", data=bytes(24))),
  "announced size": _sizes(8, 4_000_000_000),
  "announced packed size": _sizes(4_000_000_000, 4_000_000_000),
  "no array": archive([("a.txt", b"text")]),
  "half an end": b"PK\5\6" + bytes(17),
}
"""Name of a fault -> bytes of a file that is no complete `.npz` of numbers."""


def bomb(size):
  """A small archive of many arrays of zeros, which its headers announce."""
  content = member(f"({size // 8},)", data=bytes(size))
  names = [f"{number}.npy" for number in range(70)]
  return archive([(name, content) for name in names], zipfile.ZIP_DEFLATED)
