"""The cache of converted files."""

import os
import warnings

import npz_faults
import numpy as np
import pytest

from nasjax.io import cache


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
  monkeypatch.setenv("NASJAX_CACHE", str(tmp_path / "cache"))
  return tmp_path / "cache" / "benchmarks"


def counted(value):
  calls = []

  def make():
    calls.append(value)
    return {"genotypes": np.full(3, value), "cifar10/val": np.array([0.5])}

  return make, calls


def test_made_once_per_source(folder):
  make, calls = counted(1)
  first = cache.cached("x", "ab" * 32, make)
  again = cache.cached("x", "ab" * 32, make)
  assert calls == [1]
  assert again["genotypes"].tolist() == first["genotypes"].tolist() == [1] * 3
  assert again["cifar10/val"].tolist() == [0.5]
  other, other_calls = counted(2)
  assert cache.cached("x", "cd" * 32, other)["genotypes"].tolist() == [2] * 3
  assert other_calls == [2]
  assert len(list(folder.iterdir())) == 2


@pytest.mark.parametrize("damage", ["truncate", "flip", "empty"])
def test_damaged_file_is_made_again(folder, damage):
  make, calls = counted(1)
  cache.cached("x", "ab" * 32, make)
  (path,) = folder.iterdir()
  content = bytearray(path.read_bytes())
  if damage == "flip":
    content[len(content) // 2] ^= 0xFF
  path.write_bytes(
    {"truncate": content[:-9], "empty": b""}.get(damage, content)
  )
  with pytest.warns(UserWarning, match="rebuilding it now"):
    arrays = cache.cached("x", "ab" * 32, make)
  assert arrays["genotypes"].tolist() == [1] * 3
  assert cache.cached("x", "ab" * 32, make)["cifar10/val"].tolist() == [0.5]
  assert calls == [1, 1]


@pytest.mark.parametrize("fault", npz_faults.FAULTS)
def test_every_fault_is_made_again(folder, fault):
  make, calls = counted(1)
  cache.cached("x", "ab" * 32, make)
  (path,) = folder.iterdir()
  path.write_bytes(npz_faults.FAULTS[fault])
  with pytest.warns(UserWarning, match="rebuilding it now"):
    arrays = cache.cached("x", "ab" * 32, make)
  assert arrays["genotypes"].tolist() == [1] * 3
  assert cache.cached("x", "ab" * 32, make)["cifar10/val"].tolist() == [0.5]
  assert calls == [1, 1]


def test_what_is_no_file_costs_only_time(folder):
  """A folder, or a link to nowhere, in place of a cache file."""
  make, _ = counted(1)
  (folder / f"x-{'ab' * 8}.npz").mkdir(parents=True)
  with warnings.catch_warnings(record=True) as warned:
    warnings.simplefilter("always")
    arrays = cache.cached("x", "ab" * 32, make)
  told = [str(warning.message) for warning in warned]
  assert "rebuilding it now" in told[0]
  assert "not cached" in told[1]
  assert arrays["genotypes"].tolist() == [1] * 3
  (folder / f"x-{'cd' * 8}.npz").symlink_to(folder / "nowhere")
  with pytest.warns(UserWarning, match="rebuilding"):
    cache.cached("x", "cd" * 32, make)
  assert cache.cached("x", "cd" * 32, make)["genotypes"].tolist() == [1] * 3


def test_cache_that_cannot_be_written_costs_only_time(folder):
  folder.parent.mkdir()
  folder.write_text("a file where a folder should be")
  make, _ = counted(1)
  with pytest.warns(UserWarning, match="not cached: cannot write"):
    arrays = cache.cached("x", "ab" * 32, make)
  assert arrays["genotypes"].tolist() == [1] * 3


def test_source_key_follows_name_size_and_time(tmp_path):
  path = tmp_path / "a"
  path.write_bytes(b"1")
  os.utime(path, ns=(1, 1))
  key = cache.source_key([path])
  assert key == cache.source_key([path])
  os.utime(path, ns=(1, 2))
  later = cache.source_key([path])
  path.write_bytes(b"12")
  os.utime(path, ns=(1, 2))
  larger = cache.source_key([path])
  assert len({key, later, larger, cache.source_key([path, path])}) == 4
