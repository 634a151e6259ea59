"""Reads `.npz` archives from untrusted sources within a memory limit.

`numpy.load` allocates what a header announces, and raises whatever its zip and
text parsers raise. Here every member is checked before anything is allocated:
its method and ratio of compression, and that shape and type have the size that
the archive says.
"""

import math
import zipfile
from typing import IO

import numpy as np

from nasjax import foreign

_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_MAX_RATIO = 1100  # DEFLATE packs at most 1,032 bytes into one
_MAX_DIRECTORY = 1 << 20  # bytes: some thousand arrays
_MAX_HEADER = 10_000  # characters, as numpy has it
_KINDS = "biufcSU"
_PIECE = 1 << 20
_HEADERS = {
  (1, 0): np.lib.format.read_array_header_1_0,
  (2, 0): np.lib.format.read_array_header_2_0,
}


def read(file: IO[bytes], source: object, limit: int) -> dict[str, np.ndarray]:
  """Reads all arrays.

  Args:
    file: an open binary file.
    source: the file, as messages name it.
    limit: bytes that the arrays may take together.

  Returns:
    Arrays of numbers, bytes or texts by name, in the order of the archive.

  Raises:
    UserError: the arrays would take more memory than the limit.
    ValueError: a member is no array of those, or does not fit its header;
      other damage raises what `foreign.DAMAGED` lists.
  """
  with foreign.open_zip(file, source, _MAX_DIRECTORY) as archive:
    members = archive.infolist()
    names = [_name(member) for member in members]
    if len(set(names)) < len(names):
      raise ValueError("two arrays of one name")
    foreign.afford(source, sum(member.file_size for member in members), limit)
    return {
      name: _array(archive, member)
      for name, member in zip(names, members, strict=True)
    }


def _name(member: zipfile.ZipInfo) -> str:
  """Checks what the directory says of a member; returns its array's name."""
  packed, size = member.compress_size, member.file_size
  stored = member.compress_type == zipfile.ZIP_STORED
  if member.compress_type not in _METHODS or member.flag_bits & 1:
    raise ValueError("a member that numpy has not written")
  if (stored and packed != size) or size > _MAX_RATIO * (packed + 1):
    raise ValueError(f"a member of {size} bytes in {packed}")
  if not member.filename.endswith(".npy"):
    raise ValueError("a member that is no .npy file")
  return member.filename.removesuffix(".npy")


def _array(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> np.ndarray:
  """Reads one member, once its header fits its size."""
  with archive.open(member) as stream:
    version = np.lib.format.read_magic(stream)
    if version not in _HEADERS:
      raise ValueError(f"a header of version {version}")
    shape, fortran, dtype = _HEADERS[version](
      stream, max_header_size=_MAX_HEADER
    )
    if dtype.kind not in _KINDS:
      raise ValueError(f"an array of {dtype}")
    count = math.prod(shape)
    foreign.check_shape(shape, count)
    size = count * dtype.itemsize
    if size != member.file_size - stream.tell() or count > _most(dtype, size):
      raise ValueError(f"shape {shape} of {dtype} in {member.file_size} bytes")
    content = bytearray()
    while piece := stream.read(_PIECE):
      content += piece
  if len(content) != size:
    raise ValueError("an array that is cut off")
  flat = np.frombuffer(content, dtype) if size else np.empty(count, dtype)
  return flat.reshape(shape, order="F" if fortran else "C")


def _most(dtype: np.dtype, size: int) -> int:
  """Returns how many values an array may have: empty texts take no bytes."""
  return size if dtype.itemsize else foreign.MAX_EMPTY
