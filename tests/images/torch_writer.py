"""Writes files as `torch.save` does, with stand-ins for torch's names."""

import collections
import io
import json
import pickle
import struct
import sys
import types
import zipfile

import numpy as np

MAGIC = 0x1950A86A20F9469CFC6C
_NAMES = {"f4": "Float", "i8": "Long", "f2": "Half", "f8": "Double"}


class Tensor:
  """An array that is pickled like a torch tensor."""

  def __init__(self, array, key, layout=None):
    self.array, self.key, self.layout = array, key, layout

  def __reduce__(self):
    steps = [step // self.array.itemsize for step in self.array.strides]
    offset, size, stride = self.layout or (0, self.array.shape, tuple(steps))
    arguments = Storage(self), offset, size, stride, False, {}
    return sys.modules["torch._utils"]._rebuild_tensor_v2, arguments


class Storage:
  """The values of a tensor, pickled as a persistent id."""

  def __init__(self, tensor):
    self.tensor = tensor


def install(monkeypatch):
  """Makes the names of torch importable for the pickler."""
  package, utils = types.ModuleType("torch"), types.ModuleType("torch._utils")

  def rebuild(*arguments):
    raise AssertionError("this is never called")

  rebuild.__module__, rebuild.__qualname__ = (
    "torch._utils",
    "_rebuild_tensor_v2",
  )
  utils._rebuild_tensor_v2 = rebuild
  for name in _NAMES.values():
    kind = type(f"{name}Storage", (), {"__module__": "torch"})
    setattr(package, kind.__name__, kind)
  monkeypatch.setitem(sys.modules, "torch", package)
  monkeypatch.setitem(sys.modules, "torch._utils", utils)


class _Pickler(pickle.Pickler):
  def __init__(self, file, legacy):
    super().__init__(file, 2)
    self.legacy = legacy

  def persistent_id(self, value):
    if not isinstance(value, Storage):
      return None
    array = value.tensor.array
    name = f"{_NAMES[array.dtype.str[1:]]}Storage"
    kind = getattr(sys.modules["torch"], name)
    pid = ("storage", kind, value.tensor.key, "cpu", array.size)
    return (*pid, None) if self.legacy else pid


def state_dict(arrays):
  """An ordered dictionary of tensors with the attribute that torch adds."""
  state = collections.OrderedDict(
    (name, Tensor(array, str(number)))
    for number, (name, array) in enumerate(arrays.items())
  )
  state._metadata = collections.OrderedDict(version=1)
  return state


def _values(tensor):
  """The storage in the order of memory."""
  return tensor.array.tobytes(order="A")


def legacy(tree, tensors):
  """The format before torch 1.6."""
  stream = io.BytesIO()
  for head in (MAGIC, 1001, {"little_endian": True}):
    pickle.dump(head, stream, 2)
  _Pickler(stream, True).dump(tree)
  pickle.dump([tensor.key for tensor in tensors], stream, 2)
  for tensor in tensors:
    stream.write(struct.pack("<q", tensor.array.size) + _values(tensor))
  return stream.getvalue()


def modern(tree, tensors):
  """The zip of today."""
  stream, data = io.BytesIO(), io.BytesIO()
  _Pickler(data, False).dump(tree)
  with zipfile.ZipFile(stream, "w") as archive:
    archive.writestr("archive/data.pkl", data.getvalue())
    archive.writestr("archive/version", "3\n")
    for tensor in tensors:
      archive.writestr(f"archive/data/{tensor.key}", _values(tensor))
  return stream.getvalue()


def safetensors(arrays):
  kinds = {"f4": "F32", "i8": "I64", "f2": "F16", "f8": "F64"}
  header, data = {"__metadata__": {"format": "pt"}}, b""
  for name, array in arrays.items():
    content = np.ascontiguousarray(array).tobytes()
    header[name] = {
      "dtype": kinds[array.dtype.str[1:]],
      "shape": list(array.shape),
      "data_offsets": [len(data), len(data) + len(content)],
    }
    data += content
  text = json.dumps(header).encode()
  return struct.pack("<Q", len(text)) + text + data
