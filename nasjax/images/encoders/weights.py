"""Files of weights, read with numpy alone.

torch files (both the format before 1.6 and the zip of today) are pickles: they
may name tensors, storages and ordered dictionaries, and nothing else. A
safetensors file is a JSON header and raw values.
"""

import collections
import io
import json
import math
import pathlib
import zipfile
from collections.abc import Callable
from typing import IO, Any

import numpy as np

from nasjax import errors
from nasjax.benchmarks import safe_pickle

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
_MAX_HEADER = 100_000_000
_WRAPPERS = ("state_dict", "model")


class _Tensor:
  """Stands in for a torch tensor: where its values lie."""

  def __init__(self, storage, offset, size, stride, *_):
    self.storage = storage
    self.layout = int(offset), tuple(size), tuple(stride)


def _parameter(tensor: _Tensor, *_) -> _Tensor:
  """Stands in for the constructor of `torch.nn.Parameter`."""
  return tensor


_ALLOWED = {
  ("collections", "OrderedDict"): collections.OrderedDict,
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
    UserError: the file is missing, damaged, names code, or holds no arrays.
  """
  where = repr(str(path))
  try:
    with open(path, "rb") as file:
      arrays = _reader(path)(file, where)
  except errors.UserError:
    raise
  except FileNotFoundError as error:
    raise errors.UserError(f"no such file of weights: {where}") from error
  except (
    OSError,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    OverflowError,
    RecursionError,
    zipfile.BadZipFile,
  ) as error:
    raise errors.UserError(
      f"{where} is not a complete file of weights ({error}); fetch it again"
    ) from error
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
  del where
  length = int.from_bytes(file.read(8), "little")
  if not 0 < length <= _MAX_HEADER:
    raise ValueError(f"a header of {length} bytes")
  header = json.loads(file.read(length))
  content = file.read()
  arrays = {}
  for name, entry in header.items():
    if name == "__metadata__":
      continue
    code = _SAFETENSORS[entry["dtype"]]
    start, end = entry["data_offsets"]
    shape = entry["shape"]
    size = math.prod(shape) * _item_size(code)
    if not 0 <= start <= end <= len(content) or end - start != size:
      raise ValueError(f"{name} lies outside the file")
    arrays[name] = _decode(content[start:end], code).reshape(shape)
  return arrays


def _read_pickle(file: IO[bytes], where: str) -> dict[str, np.ndarray]:
  content = safe_pickle.load_arrays(file, where)
  arrays = {}
  for name, value in content.items():
    values = value if isinstance(value, (list, tuple)) else [value]
    for number, array in enumerate(values):
      arrays[f"{name}.{number}"] = np.asarray(array, np.float32)
  return arrays


def _read_torch_zip(file: IO[bytes], where: str) -> dict[str, np.ndarray]:
  with zipfile.ZipFile(file) as archive:
    pickles = [n for n in archive.namelist() if n.endswith("/data.pkl")]
    if len(pickles) != 1:
      raise ValueError("no data.pkl")
    home = pickles[0].removesuffix("data.pkl")

    def resolve(pid: Any) -> np.ndarray:
      _, code, key, _, count = pid
      member = archive.getinfo(f"{home}data/{key}")
      if member.file_size != count * _item_size(code):
        raise ValueError(f"storage {key} has {member.file_size} bytes")
      return _decode(archive.read(member), code)

    if archive.getinfo(pickles[0]).file_size > _MAX_HEADER:
      raise ValueError("data.pkl is too large")
    stream = io.BytesIO(archive.read(pickles[0]))
    tree = safe_pickle.load(stream, _ALLOWED, where, resolve=resolve)
  return _tensors(tree, lambda storage: storage)


def _read_torch_legacy(file: IO[bytes], where: str) -> dict[str, np.ndarray]:
  stored: dict[str, tuple[str, int]] = {}

  def resolve(pid: Any) -> str:
    _, code, key, _, count, *_ = pid
    stored[key] = code, int(count)
    return key

  def load() -> Any:
    return safe_pickle.load(file, _ALLOWED, where, resolve=resolve)

  if load() != _LEGACY_MAGIC or load() != _LEGACY_VERSION:
    raise ValueError("no file that torch.save wrote")
  load()  # byte order and sizes of the machine that wrote it
  tree = load()
  storages = {}
  for key in load():
    code, count = stored[key]
    if int.from_bytes(file.read(8), "little") != count:
      raise ValueError(f"storage {key} has another length than its tensors say")
    content = file.read(count * _item_size(code))
    if len(content) != count * _item_size(code):
      raise ValueError(f"storage {key} is cut off")
    storages[key] = _decode(content, code)
  return _tensors(tree, storages.__getitem__)


def _tensors(
  tree: Any, storage_of: Callable[[Any], np.ndarray]
) -> dict[str, np.ndarray]:
  """Returns the tensors of a state dict, also of one inside a checkpoint."""
  for wrapper in _WRAPPERS:
    if isinstance(tree, dict) and isinstance(tree.get(wrapper), dict):
      tree = tree[wrapper]
  if not isinstance(tree, dict):
    raise ValueError("no state dict; save the one of the model")
  return {
    str(name): _view(storage_of(tensor.storage), *tensor.layout)
    for name, tensor in tree.items()
    if isinstance(tensor, _Tensor)
  }


def _view(
  storage: np.ndarray,
  offset: int,
  size: tuple[int, ...],
  stride: tuple[int, ...],
) -> np.ndarray:
  """Copies a tensor out of its storage, after checking that it lies inside."""
  if len(size) != len(stride) or min((offset, *size, *stride)) < 0:
    raise ValueError(f"a tensor of size {size} and stride {stride}")
  count = math.prod(size)
  steps = zip(size, stride, strict=True)
  last = offset + sum((length - 1) * step for length, step in steps)
  if count > len(storage) or (count and last >= len(storage)):
    raise ValueError("a tensor that reaches beyond its storage")
  view = np.lib.stride_tricks.as_strided(
    storage[offset:], size, [step * storage.itemsize for step in stride]
  )
  return view.copy()
