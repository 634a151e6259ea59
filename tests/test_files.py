"""Files: atomic writes, checked caches, clear errors."""

import fcntl
import os
import signal
import subprocess
import sys
import threading
import tracemalloc
import zipfile

import npz_faults
import numpy as np
import pytest

from nasjax import errors, files, foreign


def test_npz_round_trip(tmp_path):
  path = tmp_path / "a" / "x.npz"
  files.save_npz(path, rows=np.arange(4), names=np.array(["a", "b"]))
  got = files.load_npz(path)
  np.testing.assert_array_equal(got["rows"], np.arange(4))
  assert got["names"].tolist() == ["a", "b"]
  assert os.listdir(path.parent) == ["x.npz"]


def test_same_arrays_give_the_same_bytes(tmp_path):
  for name in ("a.npz", "b.npz"):
    files.save_npz(tmp_path / name, rows=np.arange(9.0))
  assert files.sha256(tmp_path / "a.npz") == files.sha256(tmp_path / "b.npz")


def test_tampered_npz(tmp_path):
  path = tmp_path / "x.npz"
  files.save_npz(path, rows=np.arange(4))
  arrays = files.read_npz(path)
  np.savez(path, rows=arrays["rows"] + 1, _sha256=arrays["_sha256"])
  with pytest.raises(errors.UserError, match="does not match its checksum"):
    files.load_npz(path)


def test_truncated_npz(tmp_path):
  path = tmp_path / "x.npz"
  files.save_npz(path, rows=np.arange(4))
  path.write_bytes(path.read_bytes()[:-40])
  with pytest.raises(errors.UserError, match=r"not a complete \.npz file"):
    files.load_npz(path)


def test_missing_npz(tmp_path):
  with pytest.raises(errors.UserError, match="no such file"):
    files.read_npz(tmp_path / "none.npz")


def test_pickled_objects_are_refused(tmp_path):
  path = tmp_path / "x.npz"
  np.savez(path, rows=np.array([{"a": 1}], dtype=object))
  with pytest.raises(errors.UserError, match=r"not a complete \.npz file"):
    files.read_npz(path)
  assert zipfile.is_zipfile(path)


@pytest.mark.parametrize("fault", npz_faults.FAULTS)
def test_every_fault_of_an_npz_is_one_line(tmp_path, fault):
  path = tmp_path / "x.npz"
  path.write_bytes(npz_faults.FAULTS[fault])
  for read in (files.read_npz, files.load_npz):
    tracemalloc.start()
    with pytest.raises(errors.UserError, match=r"x\.npz") as caught:
      read(path)
    assert "\n" not in str(caught.value)
    assert tracemalloc.get_traced_memory()[1] < 10 << 20
    tracemalloc.stop()


@pytest.mark.slow
def test_npz_bombs_are_refused_before_they_are_unpacked(tmp_path):
  path = tmp_path / "x.npz"
  path.write_bytes(npz_faults.bomb(16 << 20))
  assert path.stat().st_size < 2 << 20
  tracemalloc.start()
  with pytest.raises(errors.UserError, match=r"would take 1.1 GiB of memory"):
    files.load_npz(path)
  assert tracemalloc.get_traced_memory()[1] < 1 << 20
  tracemalloc.stop()


def test_large_tables_may_take_more(tmp_path, monkeypatch):
  """Own tables may take four times their size."""
  monkeypatch.setattr(foreign, "MAX_BYTES", 1000)
  monkeypatch.setattr(foreign.budget, "__defaults__", (1000,))
  path = tmp_path / "x.npz"
  noise = np.random.default_rng(0).random(1000)
  files.save_npz(path, noise=noise)
  np.testing.assert_array_equal(files.load_npz(path)["noise"], noise)
  files.save_npz(path, zeros=np.zeros(10_000))
  with pytest.raises(errors.UserError, match="would take"):
    files.load_npz(path)


def test_arrays_of_every_kind_come_back(tmp_path):
  path = tmp_path / "x.npz"
  arrays = {
    "none": np.zeros((0, 3)),
    "texts": np.array(["", "é"]),
    "bytes": np.array([b"ab"]),
    "one": np.array(3),
    "big": np.array([1, 2], ">i4"),
    "columns": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
    "complex": np.array([1j]),
    "flags": np.array([True]),
  }
  np.savez(path, **arrays)
  got = files.read_npz(path)
  assert list(got) == list(arrays)
  for name, array in arrays.items():
    np.testing.assert_array_equal(got[name], array)
    assert got[name].dtype == array.dtype
    got[name][...] = got[name]  # it can be written to


def test_a_failed_write_keeps_the_former_file(tmp_path):
  path = tmp_path / "x.txt"
  files.write_atomic(path, lambda file: file.write(b"former"))

  def full(file):
    file.write(b"half")
    raise OSError(28, "No space left on device")

  with pytest.raises(errors.UserError, match=r"No space left.*nothing was"):
    files.write_atomic(path, full)
  assert path.read_bytes() == b"former"
  assert os.listdir(tmp_path) == ["x.txt"]


def test_json_refuses_nan(tmp_path):
  with pytest.raises(ValueError, match="not JSON compliant"):
    files.write_json(tmp_path / "x.json", {"tau": float("nan")})
  assert not os.listdir(tmp_path)


def test_data_dir(tmp_path, monkeypatch):
  monkeypatch.delenv("NASJAX_DATA", raising=False)
  assert files.data_dir() is None
  monkeypatch.setenv("NASJAX_DATA", str(tmp_path))
  assert files.data_dir() == tmp_path
  with pytest.raises(errors.UserError, match="expected an existing folder"):
    files.data_dir(tmp_path / "nowhere")


def test_cache_dir(monkeypatch, tmp_path):
  monkeypatch.setenv("NASJAX_CACHE", str(tmp_path))
  assert files.cache_dir() == tmp_path
  monkeypatch.delenv("NASJAX_CACHE")
  monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
  assert files.cache_dir() == tmp_path / "nasjax"


_HOLDER = """
import sys, time
from nasjax import files
with files.hold(sys.argv[1]):
  print("held", flush=True)
  time.sleep(600)
"""


def test_a_held_folder_is_refused_until_its_process_is_gone(tmp_path):
  folder = tmp_path / "new" / "run"
  process = subprocess.Popen(
    [sys.executable, "-c", _HOLDER, str(folder)],
    stdout=subprocess.PIPE,
    text=True,
  )
  assert process.stdout is not None
  try:
    assert process.stdout.readline() == "held\n"
    with (
      pytest.raises(errors.UserError, match="no other run"),
      files.hold(folder),
    ):
      pass
  finally:
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()
  with files.hold(folder):
    pass
  with files.hold(folder):
    pass


def test_another_run_may_wait_for_a_folder(tmp_path):
  order = []

  def second():
    with files.hold(tmp_path, wait=True):
      order.append("second")

  thread = threading.Thread(target=second, daemon=True)
  with files.hold(tmp_path):
    thread.start()
    thread.join(0.2)
    order.append("first")
  thread.join(10)
  assert order == ["first", "second"]


def test_no_folder_to_hold(tmp_path):
  (tmp_path / "file").write_text("")
  with (
    pytest.raises(errors.UserError, match="cannot write to"),
    files.hold(tmp_path / "file"),
  ):
    pass


def test_a_file_system_without_locks_is_told(tmp_path, monkeypatch, caplog):
  def no_locks(*_):
    raise OSError(95, "Operation not supported")

  monkeypatch.setattr(fcntl, "flock", no_locks)
  with files.hold(tmp_path):
    pass
  assert "no lock on" in caplog.text


@pytest.mark.parametrize(
  "name", ["", "x" * 256, "a/" * 3000, "nul\0nul", "~no-such-user-here/file"]
)
def test_names_that_no_file_can_have(name):
  with pytest.raises(errors.UserError, match="path: expected") as error:
    files.expand(name)
  assert len(str(error.value)) < 400
  assert "\n" not in str(error.value)
  assert files.expand("y" * 255).name == "y" * 255


def test_what_cannot_be_written_is_found_before(tmp_path):
  files.check_writable(tmp_path / "a" / "b" / "new.json")
  assert not (tmp_path / "a").exists()
  (tmp_path / "old").write_text("kept")
  files.check_writable(tmp_path / "old")
  for bad in (tmp_path, tmp_path / "old" / "new", "/dev/null", "/proc/x/y"):
    with pytest.raises(errors.UserError, match="cannot write"):
      files.check_writable(bad)
  assert (tmp_path / "old").read_text() == "kept"


def test_what_a_killed_process_left_is_removed(tmp_path):
  target, other = tmp_path / "a.npz", tmp_path / ".b.npz.x.part"
  left = tmp_path / ".a.npz.dead.part"
  living, young = tmp_path / ".a.npz.alive.part", tmp_path / ".a.npz.new.part"
  for path in (left, living, young, other):
    path.write_bytes(b"half")
    if path != young:
      os.utime(path, (0, 0))
  with open(living, "rb") as file:
    fcntl.flock(file, fcntl.LOCK_EX)
    files.write_atomic(target, lambda file: file.write(b"whole"))
  assert target.read_bytes() == b"whole"
  assert sorted(tmp_path.iterdir()) == sorted([target, other, living, young])
