"""Files of weights: three formats give the same arrays, and none runs code."""

import io
import json
import os
import pickle
import struct
import zipfile

import numpy as np
import pytest
import torch_writer as writer

from nasjax import errors
from nasjax.images.encoders import weights


@pytest.fixture
def arrays(rng):
  return {
    "conv.weight": rng.standard_normal((2, 3, 1, 1)).astype(np.float32),
    "transposed": rng.standard_normal((4, 3)).astype(np.float32).T,
    "half": np.array([1.5, -2], np.float16),
    "double": rng.standard_normal(3),
    "num_batches_tracked": np.array(7, np.int64),
  }


def torch_bytes(form, arrays, monkeypatch, wrap=lambda state: state):
  writer.install(monkeypatch)
  state = writer.state_dict(arrays)
  write = writer.legacy if form == "legacy" else writer.modern
  return write(wrap(state), list(state.values()))


def check(path, arrays):
  got = weights.read(path)
  assert list(got) == list(arrays)
  for name, array in arrays.items():
    np.testing.assert_array_equal(got[name], array)
    assert got[name].dtype == array.dtype


@pytest.mark.parametrize("form", ["legacy", "modern"])
def test_torch(form, arrays, monkeypatch, tmp_path):
  path = tmp_path / "weights.pth"
  path.write_bytes(torch_bytes(form, arrays, monkeypatch))
  check(path, arrays)
  inside = {"epoch": 3, "lr": 0.1}
  content = torch_bytes(
    form, arrays, monkeypatch, lambda state: {**inside, "state_dict": state}
  )
  path.write_bytes(content)
  check(path, arrays)


def test_safetensors(arrays, tmp_path):
  path = tmp_path / "weights.safetensors"
  path.write_bytes(writer.safetensors(arrays))
  check(path, arrays)


def test_bfloat16(tmp_path):
  header = {"a": {"dtype": "BF16", "shape": [3], "data_offsets": [0, 6]}}
  text = json.dumps(header).encode()
  halves = struct.pack("<3H", 0x3F80, 0xC040, 0x0000)
  path = tmp_path / "weights.safetensors"
  path.write_bytes(struct.pack("<Q", len(text)) + text + halves)
  assert weights.read(path)["a"].tolist() == [1.0, -3.0, 0.0]


def test_pickled_arrays(tmp_path):
  path = tmp_path / "weights.pkl"
  path.write_bytes(pickle.dumps({"conv": [np.eye(2), np.zeros(2)]}))
  got = weights.read(path)
  assert list(got) == ["conv.0", "conv.1"]
  np.testing.assert_array_equal(got["conv.0"], np.eye(2))


class Attack:
  def __reduce__(self):
    return os.mkdir, ("ATTACKED",)


@pytest.mark.parametrize("form", ["legacy", "modern", "pickle"])
def test_code_is_refused(form, arrays, monkeypatch, tmp_path):
  monkeypatch.chdir(tmp_path)
  path = tmp_path / ("weights.pkl" if form == "pickle" else "weights.pth")
  if form == "pickle":
    path.write_bytes(pickle.dumps({"a": Attack()}))
  else:
    content = torch_bytes(form, arrays, monkeypatch, lambda _: [Attack()])
    path.write_bytes(content)
  with pytest.raises(errors.UserError, match=r"names (posix|nt)\.mkdir"):
    weights.read(path)
  assert os.listdir(tmp_path) == [path.name]


@pytest.mark.parametrize(
  "layout",
  [
    (1, (2, 3), (3, 1)),
    (0, (2, 3), (4, 1)),
    (-1, (2,), (1,)),
    (0, (2,), (-1,)),
    (0, (10**6, 10**6), (0, 0)),
    (0, (2, 3), (1,)),
  ],
)
@pytest.mark.parametrize("form", ["legacy", "modern"])
def test_tensors_outside_their_storage(form, layout, monkeypatch, tmp_path):
  writer.install(monkeypatch)
  tensor = writer.Tensor(np.zeros(6, np.float32), "0", layout)
  write = writer.legacy if form == "legacy" else writer.modern
  path = tmp_path / "weights.pth"
  path.write_bytes(write({"a": tensor}, [tensor]))
  with pytest.raises(errors.UserError, match=r"not a complete|would take"):
    weights.read(path)


@pytest.mark.parametrize("form", ["legacy", "modern", "safetensors"])
def test_cut_off(form, arrays, monkeypatch, tmp_path):
  if form == "safetensors":
    content = writer.safetensors(arrays)
  else:
    content = torch_bytes(form, arrays, monkeypatch)
  path = tmp_path / f"weights.{'safetensors' if 'safe' in form else 'pth'}"
  for cut in [*range(0, len(content) - 1, 29), len(content) - 1]:
    path.write_bytes(content[:cut])
    with pytest.raises(errors.UserError, match=r"complete|no weights"):
      weights.read(path)


@pytest.mark.parametrize(
  "header",
  [
    b"[]",
    b"{",
    b'{"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 4]}}',
    b'{"a": {"dtype": "F32", "shape": [1], "data_offsets": [4, 8]}}',
    b'{"a": {"dtype": "F32", "shape": [1], "data_offsets": [-4, 0]}}',
    b'{"a": {"dtype": "X9", "shape": [1], "data_offsets": [0, 4]}}',
    b'{"a": {"shape": [1]}}',
    b"{}",
  ],
)
def test_wrong_safetensors(header, tmp_path):
  path = tmp_path / "weights.safetensors"
  path.write_bytes(struct.pack("<Q", len(header)) + header + bytes(4))
  with pytest.raises(errors.UserError, match=r"complete|no weights"):
    weights.read(path)


def test_what_is_no_state_dict(monkeypatch, tmp_path):
  path = tmp_path / "weights.pth"
  path.write_bytes(torch_bytes("modern", {}, monkeypatch, lambda _: [1]))
  with pytest.raises(errors.UserError, match="no state dict"):
    weights.read(path)
  path.write_bytes(torch_bytes("modern", {}, monkeypatch, lambda _: {"a": 1}))
  with pytest.raises(errors.UserError, match="no weights"):
    weights.read(path)
  with pytest.raises(errors.UserError, match="no such file"):
    weights.read(tmp_path / "absent.pth")


def write_safetensors(path, header):
  text = header if isinstance(header, bytes) else json.dumps(header).encode()
  path.write_bytes(struct.pack("<Q", len(text)) + text + bytes(64))
  return path


@pytest.mark.parametrize(
  "entry",
  [
    {"dtype": "F32", "shape": [[1], 10**9], "data_offsets": [0, 4]},
    {"dtype": "F32", "shape": ["1"], "data_offsets": [0, 4]},
    {"dtype": "F32", "shape": [1.0], "data_offsets": [0, 4]},
    {"dtype": "F32", "shape": [True], "data_offsets": [0, 4]},
    {"dtype": "F32", "shape": [0, 10**12], "data_offsets": [0, 0]},
    {"dtype": "F32", "shape": [10**30], "data_offsets": [0, 4 * 10**30]},
    {"dtype": ["F32"], "shape": [1], "data_offsets": [0, 4]},
    {"dtype": "F32", "shape": [1], "data_offsets": {"0": 4}},
    [1],
  ],
)
def test_entries_of_safetensors(entry, tmp_path):
  path = write_safetensors(tmp_path / "x.safetensors", {"a": entry})
  with pytest.raises(errors.UserError, match=r"complete|no weights"):
    weights.read(path)


def test_arrays_of_safetensors_do_not_overlap(tmp_path):
  """Else some bytes could be named as any number of arrays."""
  entry = {"dtype": "BF16", "shape": [16], "data_offsets": [0, 32]}
  path = tmp_path / "x.safetensors"
  write_safetensors(path, {str(number): entry for number in range(2)})
  assert len(weights.read(path)) == 2
  write_safetensors(path, {str(number): entry for number in range(3)})
  with pytest.raises(errors.UserError, match="lies outside the file"):
    weights.read(path)


def test_nested_json_is_one_line(tmp_path):
  path = write_safetensors(tmp_path / "x.safetensors", b"[" * 10**5)
  with pytest.raises(errors.UserError, match="recursion") as caught:
    weights.read(path)
  assert "\n" not in str(caught.value)


@pytest.mark.parametrize("form", ["legacy", "modern"])
def test_many_tensors_of_one_storage(form, monkeypatch, tmp_path):
  """Small files whose tensors would take gigabytes."""
  writer.install(monkeypatch)
  array = np.zeros(1 << 16, np.float32)
  tensors = {str(n): writer.Tensor(array, "0") for n in range(2500)}
  write = writer.legacy if form == "legacy" else writer.modern
  path = tmp_path / "weights.pth"
  path.write_bytes(write(tensors, [tensors["0"]]))
  assert path.stat().st_size < 1 << 20
  with pytest.raises(errors.UserError, match=r"would take 0\.6 GiB"):
    weights.read(path)


def test_a_storage_that_unpacks_to_gigabytes(monkeypatch, tmp_path):
  writer.install(monkeypatch)
  tensor = writer.Tensor(np.zeros(4, np.float32), "0")
  content = writer.modern({"a": tensor}, [tensor])
  path = tmp_path / "weights.pth"
  with zipfile.ZipFile(io.BytesIO(content)) as archive:
    program = archive.read("archive/data.pkl")
  count = 1 << 28
  program = program.replace(b"K\x04", b"J" + count.to_bytes(4, "little"), 1)
  with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
    archive.writestr("archive/data.pkl", program)
    archive.writestr("archive/data/0", bytes(16))
  with pytest.raises(errors.UserError, match=r"would take 1\.0 GiB"):
    weights.read(path)


def test_storages_need_a_name_and_a_number(tmp_path):
  """A persistent id may be any data."""
  for pid in (
    b"(X\1\0\0\0sctorch\nFloatStorage\n(K\1K\2tX\3\0\0\0cpuK\1t",
    b"(X\1\0\0\0sctorch\nFloatStorage\nX\1\0\0\0aX\3\0\0\0cpu"
    b"J\xff\xff\xff\xfft",
    b"N",
  ):
    path = tmp_path / "weights.pth"
    with zipfile.ZipFile(path, "w") as archive:
      archive.writestr("archive/data.pkl", b"\x80\2" + pid + b"Q.")
    with pytest.raises(errors.UserError, match="not a complete"):
      weights.read(path)


def test_a_layout_of_references_is_refused_at_once(tmp_path):
  """Sizes are checked while the pickle is read; a print would not end."""
  nest = b"K\1q\0" + b"".join(
    b"(" + b"h" + bytes([level]) + (b"h" + bytes([level])) * 9
    + b"tq" + bytes([level + 1])
    for level in range(30)
  )  # fmt: skip
  storage = b"(X\1\0\0\0sctorch\nFloatStorage\nX\1\0\0\0aX\3\0\0\0cpuK\4tQ"
  call = b"ctorch._utils\n_rebuild_tensor_v2\n(" + storage
  for layout in (
    b"h\x1eK\4\x85K\1\x85",
    b"K\0h\x1eK\1\x85",
    b"K\0K\4\x85h\x1e",
  ):
    program = b"\x80\2" + nest + b"0}" + call + layout + b"tR."
    path = tmp_path / "weights.pth"
    with zipfile.ZipFile(path, "w") as archive:
      archive.writestr("archive/data.pkl", program)
    with pytest.raises(errors.UserError, match=r"a size that is|no shape"):
      weights.read(path)
