"""AnalogNAS-Bench: the packaged data, its checks and its cache."""

import importlib.metadata
import os
import pickle
import shutil
import sys

import numpy as np
import pytest
from scipy import stats

from nasjax import errors
from nasjax.benchmarks import analog, registry


@pytest.fixture
def packaged(tmp_path, monkeypatch):
  """A copy of the packaged file that a test may change."""
  path = tmp_path / "data.anb"
  shutil.copy(analog.data_file(), path)
  monkeypatch.setattr(analog, "data_file", lambda: path)
  return path


def test_all_cells_by_index():
  benchmark = registry.get_benchmark("nb201_analog")
  assert "analognasbench" not in sys.modules
  np.testing.assert_array_equal(
    benchmark.genotypes, benchmark.space.enumerate()
  )
  assert len(benchmark.columns) == 5
  for column in benchmark.columns.values():
    assert np.isfinite(column).all()
    assert column.dtype == np.float64
  assert benchmark.values("cifar10/test").max() == pytest.approx(94.0664)
  assert benchmark.describe("cifar10/test") == (
    "cifar10 test accuracy, 200 epochs, one run; "
    "AnalogNAS-Bench, full precision"
  )


def test_operations_and_edges_are_translated():
  """The file's (0, 0, 0, 0, 0, 2): skips everywhere, 3x3 on the edge 2 -> 3."""
  benchmark = registry.get_benchmark("nb201_analog")
  arch = (
    "|skip_connect~0|+|skip_connect~0|skip_connect~1|+"
    "|skip_connect~0|skip_connect~1|nor_conv_3x3~2|"
  )
  cell = benchmark.space.parse([arch])
  found = {n: benchmark.lookup(cell, n)[0] for n in benchmark.columns}
  assert found["cifar10/test"] == pytest.approx(88.6748)
  assert found["cifar10/test_qat"] == pytest.approx(87.5788)
  assert found["cifar10/test_analog"] == pytest.approx(85.4748)


def test_cells_without_a_path_are_at_chance():
  benchmark = registry.get_benchmark("nb201_analog")
  cells = benchmark.genotypes
  empty = benchmark.space.fingerprint(cells) == 0
  assert empty.sum() > 100
  assert (benchmark.values("cifar10/test")[empty] == 10.0).all()


def test_agreement_with_nas_bench_201(data_dir):
  analog_labels = registry.get_benchmark("nb201_analog")
  official = registry.get_benchmark("nb201", data_dir)
  rows = official.rows(analog_labels.genotypes)
  new = analog_labels.values("cifar10/test")
  val = official.values("cifar10/val")[rows]
  test = official.values("cifar10/test")[rows]
  assert stats.kendalltau(new, val)[0] == pytest.approx(0.888, abs=5e-4)
  assert stats.kendalltau(new, test)[0] == pytest.approx(0.926, abs=5e-4)


def test_unknown_data_file(packaged):
  packaged.write_bytes(packaged.read_bytes() + b"\0")
  message = (
    "expected the data of analog-nasbench 0.1.3, got sha256 [0-9a-f]{64}"
  )
  with pytest.raises(errors.UserError, match=message):
    analog.load()


def test_missing_package(monkeypatch):
  def missing(name):
    raise importlib.metadata.PackageNotFoundError(name)

  monkeypatch.setattr(importlib.metadata, "distribution", missing)
  with pytest.raises(errors.UserError, match="pip install analog-nasbench"):
    analog.load()


def test_package_without_data(tmp_path, monkeypatch):
  class Distribution:
    def locate_file(self, name):
      return tmp_path / name

  monkeypatch.setattr(
    importlib.metadata, "distribution", lambda name: Distribution()
  )
  with pytest.raises(errors.UserError, match=r"expected the file .*data\.anb"):
    analog.load()


class Attack:
  def __reduce__(self):
    return os.system, ("touch ATTACKED",)


@pytest.mark.parametrize(
  ("content", "message"),
  [
    ({(0,) * 6: Attack()}, "names (posix|nt).system"),
    ({(0,) * 6: 3}, "baseline_accuracy"),
    ({(0, 9, 0, 0, 0, 0): 3}, "not one record for each architecture"),
    ([1, 2], "not one record for each architecture"),
  ],
)
def test_foreign_pickles(tmp_path, monkeypatch, content, message):
  monkeypatch.chdir(tmp_path)
  path = tmp_path / "data.anb"
  path.write_bytes(pickle.dumps(content))
  with pytest.raises(errors.UserError, match=message):
    analog.convert(path)
  assert not (tmp_path / "ATTACKED").exists()


@pytest.mark.slow
def test_damaged_cache_is_rebuilt(tmp_path, monkeypatch):
  monkeypatch.setenv("NASJAX_CACHE", str(tmp_path))
  expected = analog.load().values("cifar10/test_ptq")
  (cached,) = (tmp_path / "benchmarks").glob("nb201_analog-*.npz")
  cached.write_bytes(cached.read_bytes()[:-5000])
  with pytest.warns(UserWarning, match="rebuilding it now"):
    rebuilt = analog.load()
  np.testing.assert_array_equal(rebuilt.values("cifar10/test_ptq"), expected)
  calls = []
  monkeypatch.setattr(analog, "convert", calls.append)
  np.testing.assert_array_equal(
    analog.load().values("cifar10/test_ptq"), expected
  )
  assert calls == []
