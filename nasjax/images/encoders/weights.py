"""Files of weights, read with numpy alone.

torch files (both the format before 1.6 and the zip of today) are pickles: they
may name tensors, storages and ordered dictionaries, and nothing else. A
safetensors file is a JSON header and raw values.
"""

import functools
import io
import math
import pathlib
import zipfile
from collections.abc import Callable, Iterable, Mapping
from typing import IO, Any

import numpy as np

from nasjax import errors, files, foreign
from nasjax.io import safe_pickle

_STORAGES = {
  "BFloat16Storage": "bf16",
  "BoolStorage": "?",
  "ByteStorage": "<u1",
  "CharStorage": "<i1",
  "DoubleStorage": "<f8",
  "FloatStorage": "<f4",
  "HalfStorage": "<f2",
  "IntStorage": "<i4",
  "LongStorage": "<i8",
  "ShortStorage": "<i2",
}
_SAFETENSORS = {
  "BF16": "bf16",
  "BOOL": "?",
  "F16": "<f2",
  "F32": "<f4",
  "F64": "<f8",
  "I16": "<i2",
  "I32": "<i4",
  "I64": "<i8",
  "I8": "<i1",
  "U8": "<u1",
}
_LEGACY_MAGIC = 0x1950A86A20F9469CFC6C
_LEGACY_VERSION = 1001
_MAX_HEADER = 1 << 24  # bytes of the pickle or JSON that names the arrays
_MAX_BYTES = foreign.MAX_BYTES // 2  # of the storages, and of the arrays
_WRAPPERS = ("state_dict", "model")


class _Tensor:
  """Stands in for a torch tensor: where its values lie."""

  __slots__ = ("layout", "storage")

  def __init__(self, storage, offset, size, stride, *_):
    self.storage = storage
    self.layout = _number(offset), _numbers(size), _numbers(stride)


class _State(dict):
  """Stands in for an ordered dictionary, whose attributes are not needed."""

  def __setstate__(self, state: Any) -> None:
    del state


def _state(pairs: Iterable = ()) -> _State:
  return _State(safe_pickle.ordered(pairs))


def _parameter(tensor: _Tensor, *_) -> _Tensor:
  """Stands in for the constructor of `torch.nn.Parameter`."""
  return tensor


def _number(value: Any) -> int:
  """Checks a size, a stride or a number of values."""
  if type(value) is not int or not 0 <= value < 1 << 48:
    raise ValueError("a size that is no number of values")
  return value


def _numbers(values: Any) -> tuple[int, ...]:
  if type(values) not in (list, tuple) or len(values) > 32:
    raise ValueError("no shape")
  return tuple(map(_number, values))


_ALLOWED = {
  ("collections", "OrderedDict"): _state,
  ("torch._utils", "_rebuild_tensor_v2"): _Tensor,
  ("torch._utils", "_rebuild_parameter"): _parameter,
  **{("torch", name): code for name, code in _STORAGES.items()},
}


def read(path: pathlib.Path) -> dict[str, np.ndarray]:
  """Reads a torch, safetensors, or pickled file of weights.

  Args:
    path: `.pth`, `.pt`, `.bin`, `.safetensors`, or `.pkl`.

  Returns:
    Arrays by name. A list of arrays in a pickle is named `NAME.0`, `NAME.1`.

  Raises:
    UserError: the file is missing, damaged, names code, holds no arrays, or
      more than 512 MiB of them.
  """
  path = files.expand(path)
  where = repr(str(path))
  with (
    foreign.reading(path, "a complete file of weights"),
    open(path, "rb") as file,
  ):
    arrays = _reader(path)(file, where)
  if not arrays:
    raise errors.UserError(f"{where} holds no weights; give another file")
  return arrays


def _reader(path: pathlib.Path) -> Callable[[IO[bytes], str], dict]:
  if path.suffix.lower() == ".safetensors":
    return _read_safetensors
  if path.suffix.lower() in (".pkl", ".pickle"):
    return _read_pickle
  return _read_torch_zip if zipfile.is_zipfile(path) else _read_torch_legacy


def _decode(content: bytes, code: str) -> np.ndarray:
  """Turns bytes into a flat array; bfloat16 becomes float32."""
  if code == "bf16":
    halves = np.frombuffer(content, "<u2").astype("<u4")
    return (halves << 16).view("<f4")
  return np.frombuffer(content, code)


def _item_size(code: str) -> int:
  return 2 if code == "bf16" else np.dtype(code).itemsize


def _read_safetensors(file: IO[bytes], where: str) -> dict[str, np.ndarray]:
  length = int.from_bytes(file.read(8), "little")
  if not 0 < length <= _MAX_HEADER:
    raise ValueError(f"a header of {length} bytes")
  header = foreign.parse_json(
    file.read(length), where, "a complete file of weights"
  )
  content = file.read(_MAX_BYTES + 1)
  foreign.afford(where, len(content), _MAX_BYTES)
  arrays, left = {}, len(content)
  for name, entry in header.items():
    if name == "__metadata__":
      continue
    code = _SAFETENSORS[entry["dtype"]]
    start, end = _numbers(entry["data_offsets"])
    shape = _numbers(entry["shape"])
    size = math.prod(shape) * _item_size(code)
    left -= size  # values belong to one array
    if not start <= end <= len(content) or end - start != size or left < 0:
      raise ValueError(f"{errors.quote(name)} lies outside the file")
    values = _decode(content[start:end], code)
    foreign.check_shape(shape, len(values))
    arrays[name] = values.reshape(shape)
  return arrays


def _read_pickle(file: IO[bytes], where: str) -> dict[str, np.ndarray]:
  content = safe_pickle.load_arrays(file, where)
  arrays, total = {}, 0
  for name, value in content.items():
    values = value if isinstance(value, (list, tuple)) else [value]
    for number, array in enumerate(values):
      total += 4 * np.size(array)
      foreign.afford(where, total, _MAX_BYTES)
      arrays[f"{name}.{number}"] = np.asarray(array, np.float32)
  return arrays


def _read_torch_zip(file: IO[bytes], where: str) -> dict[str, np.ndarray]:
  with foreign.open_zip(file, where) as archive:
    pickles = [n for n in archive.namelist() if n.endswith("/data.pkl")]
    if len(pickles) != 1:
      raise ValueError("no data.pkl")
    home = pickles[0].removesuffix("data.pkl")
    stored: dict[str, tuple[str, int]] = {}
    if archive.getinfo(pickles[0]).file_size > _MAX_HEADER:
      raise ValueError("data.pkl is too large")
    stream = io.BytesIO(archive.read(pickles[0]))
    resolve = functools.partial(_resolve, stored)
    tree = safe_pickle.load(stream, _ALLOWED, where, resolve=resolve)
    _afford(stored, where)
    storages = {}
    for key, (code, count) in stored.items():
      member = archive.getinfo(f"{home}data/{key}")
      if member.file_size != count * _item_size(code):
        raise ValueError(f"storage {key} has {member.file_size} bytes")
      storages[key] = _decode(archive.read(member), code)
  return _tensors(tree, storages, where)


def _resolve(stored: dict[str, tuple[str, int]], pid: Any) -> str:
  """Notes the type and the length of a storage; returns its key."""
  _, code, key, _, count, *_ = pid
  if type(key) is not str or type(code) is not str:
    raise ValueError("a storage without a name")
  if stored.setdefault(key, (code, _number(count))) != (code, count):
    raise ValueError(f"storage {key} has two lengths")
  return key


def _afford(stored: dict[str, tuple[str, int]], where: str) -> None:
  """Refuses storages that are too large, before any of them is read."""
  sizes = (count * _item_size(code) for code, count in stored.values())
  foreign.afford(where, sum(sizes), _MAX_BYTES)


def _read_torch_legacy(file: IO[bytes], where: str) -> dict[str, np.ndarray]:
  stored: dict[str, tuple[str, int]] = {}
  resolve = functools.partial(_resolve, stored)

  def load() -> Any:
    return safe_pickle.load(
      file, _ALLOWED, where, resolve=resolve, size=_MAX_HEADER
    )

  if load() != _LEGACY_MAGIC or load() != _LEGACY_VERSION:
    raise ValueError("no file that torch.save wrote")
  load()  # byte order and sizes of the machine that wrote it
  tree = load()
  _afford(stored, where)
  storages = {}
  for key in load():
    code, count = stored[key]
    if key in storages or int.from_bytes(file.read(8), "little") != count:
      raise ValueError(f"storage {key} has another length than its tensors say")
    content = file.read(count * _item_size(code))
    if len(content) != count * _item_size(code):
      raise ValueError(f"storage {key} is cut off")
    storages[key] = _decode(content, code)
  return _tensors(tree, storages, where)


def _tensors(
  tree: Any, storages: Mapping[str, np.ndarray], where: str
) -> dict[str, np.ndarray]:
  """Returns the tensors of a state dict, also of one inside a checkpoint."""
  for wrapper in _WRAPPERS:
    if isinstance(tree, dict) and isinstance(tree.get(wrapper), dict):
      tree = tree[wrapper]
  if not isinstance(tree, dict):
    raise ValueError("no state dict; save the one of the model")
  found = {
    str(name): tensor
    for name, tensor in tree.items()
    if isinstance(tensor, _Tensor)
  }
  sizes = (
    math.prod(tensor.layout[1]) * storages[tensor.storage].itemsize
    for tensor in found.values()
  )
  foreign.afford(where, sum(sizes), _MAX_BYTES)
  return {
    name: _view(storages[tensor.storage], *tensor.layout)
    for name, tensor in found.items()
  }


def _view(
  storage: np.ndarray,
  offset: int,
  size: tuple[int, ...],
  stride: tuple[int, ...],
) -> np.ndarray:
  """Copies a tensor out of its storage, after checking that it lies inside."""
  if len(size) != len(stride):
    raise ValueError(f"a tensor of size {size} and stride {stride}")
  count = math.prod(size)
  foreign.check_shape(size, count)
  steps = zip(size, stride, strict=True)
  last = offset + sum((length - 1) * step for length, step in steps)
  if count > len(storage) or (count and last >= len(storage)):
    raise ValueError("a tensor that reaches beyond its storage")
  view = np.lib.stride_tricks.as_strided(
    storage[offset:], size, [step * storage.itemsize for step in stride]
  )
  return view.copy()
