"""MATLAB files: what scipy writes is read, anything else is one line."""

import io
import struct
import zlib

import numpy as np
import pytest
import scipy.io
import scipy.sparse

from nasjax import errors
from nasjax.images import load_images, matfile

HEADER = b"MATLAB 5.0 MAT-file".ljust(124)
Y = np.array([[10], [1], [9]])


@pytest.fixture
def images(rng):
  return rng.integers(0, 256, (32, 32, 3, 3), np.uint8)


def saved(compress=False, **arrays):
  stream = io.BytesIO()
  scipy.io.savemat(stream, arrays, do_compression=compress)
  return stream.getvalue()


def refused(content, tmp_path, message):
  path = tmp_path / "set.mat"
  path.write_bytes(content)
  with pytest.raises(errors.UserError, match=message) as raised:
    load_images(path)
  assert "\n" not in str(raised.value)


def element(code, data, order="<"):
  head = struct.pack(order + "II", code, len(data))
  return head + data + bytes(-len(data) % 8)


def matrix(name, array, klass, stored, order="<", flags=0, dtype=None):
  """A variable as MATLAB writes it; `dtype` is that of the stored values."""
  values = array.astype(dtype or array.dtype).tobytes(order="F")
  body = element(6, struct.pack(order + "II", klass | flags, 0), order)
  axes = struct.pack(f"{order}{array.ndim}i", *array.shape)
  body += element(5, axes, order) + element(1, name.encode(), order)
  return element(14, body + element(stored, values, order), order)


@pytest.mark.parametrize("compress", [False, True])
@pytest.mark.parametrize(
  "kind", ["u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f4", "f8"]
)
def test_every_type_of_labels_that_scipy_writes(
  kind, compress, images, tmp_path
):
  other = {"note": "text", "more": {"a": 1}}
  content = saved(compress, X=images, y=Y.astype(kind), **other)
  (tmp_path / "set.mat").write_bytes(content)
  got = load_images(tmp_path / "set.mat")
  assert got.labels.tolist() == [0, 1, 9]
  assert got.labels.dtype == np.int32
  np.testing.assert_array_equal(got.images, images.transpose(3, 0, 1, 2))
  found = matfile.variables(content)
  assert sorted(found) == ["X", "more", "note", "y"]
  assert found["X"].shape == (32, 32, 3, 3)
  assert found["note"].kind == "char"
  assert found["more"].kind == "struct"


def test_both_byte_orders_and_narrow_storage(images, tmp_path):
  content = HEADER + b"\1\0MI"
  content += matrix("X", images, 9, 2, ">")
  content += matrix("y", Y.T.astype(float), 6, 2, ">", dtype="u1")
  (tmp_path / "set.mat").write_bytes(content)
  got = load_images(tmp_path / "set.mat")
  assert got.labels.tolist() == [0, 1, 9]
  np.testing.assert_array_equal(got.images, images.transpose(3, 0, 1, 2))


@pytest.mark.parametrize(
  ("labels", "message"),
  [
    (np.array([[3.7], [1], [2]]), "got the label 3.7"),
    (np.array([[np.nan], [1], [2]]), "got the label nan"),
    (np.array([[np.inf], [1], [2]]), "got the label inf"),
    (np.array([[2**32 + 1], [1], [2]]), "got the label 4294967297"),
    (np.array([[-1], [1], [2]]), "got the label -1"),
    (np.array([[11], [1], [2]], np.uint8), "got the label 11"),
    (np.array([[1 + 2j], [1], [2]]), "complex double"),
    (np.array([[True], [False], [True]]), "logical"),
    ("abc", "char"),
    (np.array([["a"], ["b"], ["c"]], object), "cell"),
    ({"a": 1}, "struct"),
    (scipy.sparse.csc_matrix(Y.astype(float)), "sparse"),
    (np.ones((2, 1)), r"y \[2, 1\]"),
    (np.ones((3, 2)), r"y \[3, 2\]"),
  ],
)
@pytest.mark.parametrize("compress", [False, True])
def test_labels_that_are_no_digits(labels, message, compress, images, tmp_path):
  refused(saved(compress, X=images, y=labels), tmp_path, message)


@pytest.mark.parametrize(
  "change",
  [
    lambda x: x.astype(float),
    lambda x: x.astype(np.int8),
    lambda x: x > 9,
    lambda x: x.transpose(3, 0, 1, 2),
    lambda x: x[:31],
    lambda x: x[..., :0],
    lambda x: x[..., 0],
    lambda x: x[..., None],
  ],
)
def test_images_of_another_kind(change, images, tmp_path):
  refused(
    saved(X=change(images), y=Y), tmp_path, r"expected X \[32, 32, 3, n\]"
  )


def test_two_variables_of_one_name(images, tmp_path):
  content = saved(X=images, y=Y)
  refused(content + saved(y=Y)[128:], tmp_path, "'y' twice")


def test_other_versions_are_named(images, tmp_path):
  refused(HEADER + b"\0\2IM" + bytes(400), tmp_path, r"version 7\.3.*-v7")
  refused(b"\x89HDF\r\n\x1a\n" + bytes(400), tmp_path, r"version 7\.3.*-v7")
  stream = io.BytesIO()
  scipy.io.savemat(stream, {"y": Y}, format="4")
  refused(stream.getvalue(), tmp_path, "version 4.*-v7")
  refused(b"words " * 100, tmp_path, "not that of version 5")


@pytest.mark.parametrize("compress", [False, True])
def test_every_truncation_and_many_changes_are_one_line(
  compress, images, tmp_path, rng
):
  content = saved(compress, X=images[..., :1], y=np.array([[7]]))
  path = tmp_path / "set.mat"
  for cut in (*range(0, 400, 9), *range(400, len(content) - 8, 307)):
    refused(content[:cut], tmp_path, "not a complete|expected X")
  for _ in range(300):
    broken = bytearray(content)
    broken[rng.integers(min(len(content), 400))] ^= 1 << rng.integers(8)
    path.write_bytes(broken)
    try:
      got = load_images(path)
    except errors.UserError:
      continue
    assert got.images.shape == (1, 32, 32, 3)


def zipped(*parts):
  pack = zlib.compressobj()
  content = b"".join(map(pack.compress, parts)) + pack.flush()
  return struct.pack("<II", 15, len(content)) + content


def test_what_unpacks_to_too_much_is_refused_before_it_is(tmp_path, images):
  axes = struct.pack("<4i", 32, 32, 3, 1_000_000)
  body = element(6, struct.pack("<II", 9, 0)) + element(5, axes)
  body += element(1, b"X") + struct.pack("<II", 2, 3_072_000_000)
  head = struct.pack("<II", 14, len(body) + 3_072_000_000)
  labels = np.ones((1_000_000, 1), np.uint8)
  content = HEADER + b"\0\1IM" + zipped(head, body, bytes(1 << 20))
  content += matrix("y", labels, 9, 2)
  refused(content, tmp_path, r"2\.9 GiB of memory: expected at most 0\.5 GiB")
  # an element that is larger, or smaller, than its array
  plain = matrix("X", images, 9, 2)
  labels = matrix("y", Y.astype("u1"), 9, 2)
  for broken in (
    zipped(plain, bytes(1 << 20)),
    zipped(struct.pack("<II", 14, 1 << 31), plain[8:]),
    zipped(plain[:-100]),
    zipped(plain)[:-4],
  ):
    refused(
      HEADER + b"\0\1IM" + broken + labels, tmp_path, "not a complete .mat"
    )


def test_many_variables_are_refused(tmp_path):
  one = zipped(matrix("v", np.ones((1, 1), np.uint8), 9, 2))
  refused(HEADER + b"\0\1IM" + one * 3, tmp_path, "'v' twice")
  many = (
    matrix(f"v{i}", np.ones((1, 1), np.uint8), 9, 2) for i in range(1_002)
  )
  refused(HEADER + b"\0\1IM" + b"".join(many), tmp_path, "too many")
