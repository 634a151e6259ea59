"""The allow-listed unpickler: plain data passes, everything else is refused."""

import collections
import io
import os
import pickle
import shutil

import numpy as np
import pytest

from nasjax import errors
from nasjax.io import safe_pickle


class Point:
  """Stands for a class of another package."""

  def __init__(self, x):
    self.x = x


class Inert:
  """What a point is read as."""

  def __setstate__(self, state):
    vars(self).update(state)


class Attack:
  """Runs a function when it is unpickled."""

  def __init__(self, function, *arguments):
    self.call = (function, arguments)

  def __reduce__(self):
    return self.call


def load(content, allowed=None):
  return safe_pickle.load(io.BytesIO(content), allowed)


@pytest.mark.parametrize("protocol", [0, 1, 2, 3, 4, 5])
def test_plain_data_comes_back(protocol):
  data = {"a": [1, 2.5, None, True], ("x", 777): {"k": (b"b", "c")}}
  allowed = safe_pickle.PLAIN  # protocols below 3 write bytes as a call
  assert load(pickle.dumps(data, protocol), allowed) == data


@pytest.mark.parametrize("protocol", [2, 4])
def test_numpy_numbers_and_ordered_dicts_become_plain(protocol):
  data = collections.OrderedDict(
    a=np.float64(1.25), b=np.int32(-7), c=np.bool_(True), d=np.float32(0.5)
  )
  got = load(pickle.dumps(data, protocol), safe_pickle.PLAIN)
  assert got == {"a": 1.25, "b": -7, "c": True, "d": 0.5}
  assert [type(value) for value in got.values()] == [float, int, bool, float]
  assert type(got) is dict


def test_big_endian_scalar():
  value = np.array([258], ">i4")[0]
  swapped = pickle.dumps(np.int32(258)).replace(b"<", b">", 1)
  assert value == 258
  assert load(swapped, safe_pickle.PLAIN) == 0x02010000


def test_allowed_class_is_mapped_to_a_stand_in():
  content = pickle.dumps(Point(3))
  point = load(content, {(__name__, "Point"): Inert})
  assert type(point) is Inert
  assert vars(point) == {"x": 3}


@pytest.mark.parametrize("protocol", [0, 2, 4])
@pytest.mark.parametrize(
  ("function", "arguments", "name"),
  [
    (os.system, ("touch ATTACKED",), r"(posix|nt)\.system"),
    (eval, ("open('ATTACKED', 'w')",), r"(__builtin__|builtins)\.eval"),
    (shutil.copy, ("source", "ATTACKED"), r"shutil\.copy"),
  ],
)
def test_code_is_refused_by_name_and_not_run(
  protocol, function, arguments, name, tmp_path, monkeypatch
):
  monkeypatch.chdir(tmp_path)
  content = pickle.dumps([1, Attack(function, *arguments)], protocol)
  with pytest.raises(errors.UserError, match=f"names {name}: expected plain"):
    load(content, safe_pickle.PLAIN)
  assert list(tmp_path.iterdir()) == []


def test_numpy_arrays_and_object_scalars_are_refused():
  with pytest.raises(errors.UserError, match="names numpy"):
    load(pickle.dumps(np.arange(3)), safe_pickle.PLAIN)
  scalar = pickle.dumps(np.datetime64("2020-01-01"))
  with pytest.raises(errors.UserError, match="not a complete pickle"):
    load(scalar, safe_pickle.PLAIN)


def test_other_encodings_are_refused():
  content = b"c_codecs\nencode\n(Vtext\nVrot13\ntR."
  with pytest.raises(errors.UserError, match="an encoding rot13"):
    load(content, safe_pickle.PLAIN)


@pytest.mark.parametrize("cut", [0, 1, 5, 20])
def test_truncated(cut, tmp_path):
  path = tmp_path / "data.pickle"
  path.write_bytes(pickle.dumps({"key": list(range(100))})[:cut])
  with (
    open(path, "rb") as file,
    pytest.raises(errors.UserError, match=r"data.pickle.*not a complete"),
  ):
    safe_pickle.load(file)


def test_every_single_byte_change_is_safe():
  """Damage gives other data or a UserError, never another exception."""
  content = pickle.dumps({"key": [1.5, "text", (2, 3)]})
  refused = 0
  for place in range(len(content)):
    for flip in (0x01, 0x20, 0x80):
      broken = bytearray(content)
      broken[place] ^= flip
      try:
        load(bytes(broken), safe_pickle.PLAIN)
      except errors.UserError:
        refused += 1
  assert refused > len(content)


@pytest.mark.parametrize("protocol", [0, 2, 4, 5])
def test_arrays_of_numbers_are_read(protocol):
  data = {
    "a": np.arange(6, dtype=">i4").reshape(2, 3),
    "b": [np.asfortranarray(np.eye(3)[:2]), (np.ones(1, np.uint8), "text")],
    "c": np.array(2.5, np.float16),
  }
  content = io.BytesIO(pickle.dumps(data, protocol))
  got = safe_pickle.load_arrays(content)
  np.testing.assert_array_equal(got["a"], data["a"])
  np.testing.assert_array_equal(got["b"][0], np.eye(3)[:2])
  assert got["b"][1][0].tolist() == [1]
  assert got["b"][1][1] == "text"
  assert got["c"] == 2.5


def test_arrays_of_objects_are_refused():
  for array in (np.array([None]), np.array(["text"]), np.array([b"b"])):
    content = io.BytesIO(pickle.dumps({"a": array}))
    with pytest.raises(errors.UserError, match=r"numbers of type|complete"):
      safe_pickle.load_arrays(content)


@pytest.mark.parametrize("protocol", [2, 5])
def test_arrays_that_are_cut_off(protocol):
  content = pickle.dumps({"a": np.arange(6).reshape(2, 3)}, protocol)
  for cut in range(len(content)):
    with pytest.raises(errors.UserError):
      safe_pickle.load_arrays(io.BytesIO(content[:cut]))


def test_persistent_ids_need_a_resolver():
  content = b"\x80\x02X\x01\x00\x00\x00kQ."
  with pytest.raises(errors.UserError, match="a persistent id"):
    load(content)
  got = safe_pickle.load(io.BytesIO(content), resolve=lambda pid: pid * 2)
  assert got == "kk"


def test_an_array_that_holds_itself():
  loop = []
  loop.append(loop)
  with pytest.raises(errors.UserError, match="a reference to itself"):
    safe_pickle.load_arrays(io.BytesIO(pickle.dumps(loop)))
