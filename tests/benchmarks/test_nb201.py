"""NAS-Bench-201: table, folder of NATS-Bench, and pickles of NASLib."""

import bz2
import collections
import os
import pickle
from typing import Any

import numpy as np
import pytest

from nasjax import errors
from nasjax.benchmarks import nb201, nb201_official, registry

ARCHS = [
  "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+"
  "|skip_connect~0|nor_conv_3x3~1|nor_conv_3x3~2|",
  "|none~0|+|none~0|none~1|+|none~0|none~1|avg_pool_3x3~2|",
]
GENOTYPES = [[3, 3, 3, 1, 3, 3], [0, 0, 0, 0, 0, 4]]


class Attack:
  def __reduce__(self):
    return os.system, ("touch ATTACKED",)


def write_pbz2(path, content):
  path.write_bytes(bz2.compress(pickle.dumps(content, protocol=4)))


def run(**accuracies):
  """One run in the layout of NATS-Bench; keys like `x_valid=(...)`."""
  return {
    "name": "infer.tiny",
    "net_state_dict": None,
    "train_acc1es": {0: 30.0, 1: 40.0},
    "train_times": collections.OrderedDict({0: 1.5}),
    "arch_config": {"channel": 16, "num_cells": 5},
    "params": np.float64(0.129306),
    "latency": [0.01],
    "eval_acc1es": accuracies,
  }


def evaluations(split, epochs, last):
  return {f"{split}@{epoch}": 10.0 for epoch in range(epochs - 1)} | {
    f"{split}@{epochs - 1}": last
  }


def recipe(epochs, accuracies):
  """`accuracies`: (data set, seed) -> {split: final accuracy}."""
  results = {}
  for key, splits in accuracies.items():
    merged = {}
    for split, last in splits.items():
      merged |= evaluations(split, epochs, last)
    results[key] = run(**merged)
  return {"arch_index": 0, "all_results": results, "clear_net_done": True}


FULL = {
  ("cifar10-valid", 888): {"x-valid": 90.5, "ori-test": 1.0},
  ("cifar10-valid", 777): {"x-valid": 90.0, "ori-test": 1.0},
  ("cifar10", 777): {"ori-test": 93.0},
  ("cifar10", 888): {"ori-test": 94.0},
  ("cifar10", 999): {"ori-test": 95.0},
  ("cifar100", 777): {"x-valid": 70.0, "x-test": 71.0, "ori-test": 1.0},
  ("ImageNet16-120", 777): {"x-valid": 44.0, "x-test": 45.0},
}
SHORT = {("cifar10", 777): {"ori-test": 80.0}}
NOTHING = {("cifar10", 777): {"ori-test": 10.0}}


def write_nats(root):
  folder = root / nb201.NATS_FOLDER
  folder.mkdir()
  write_pbz2(folder / "meta.pickle.pbz2", {"meta_archs": ARCHS})
  full = {"12": recipe(12, SHORT), "200": recipe(200, FULL)}
  write_pbz2(folder / "000000.pickle.pbz2", full)
  poor = {"200": recipe(200, NOTHING)}
  write_pbz2(folder / "000001.pickle.pbz2", poor)
  return folder


def test_nats_folder(tmp_path):
  write_nats(tmp_path)
  benchmark = registry.get_benchmark("nb201", tmp_path)
  assert benchmark.genotypes.tolist() == GENOTYPES
  nan = np.nan
  expected = {
    "cifar10/val": [90.0, nan],
    "cifar10/val_mean": [90.25, nan],
    "cifar10/test": [94.0, 10.0],
    "cifar10/test_oneseed": [93.0, 10.0],
    "cifar10/test12_oneseed": [80.0, nan],
    "cifar100/val": [70.0, nan],
    "cifar100/test": [71.0, nan],
    "imagenet16/val": [44.0, nan],
    "imagenet16/test": [45.0, nan],
    "imagenet16/test12_oneseed": [nan, nan],
  }
  for name, column in expected.items():
    np.testing.assert_array_equal(benchmark.values(name), column)
  assert len(benchmark.columns) == 15
  assert "half of the training images" in benchmark.describe("cifar10/val")
  assert benchmark.labels["cifar10/test12_oneseed"].epochs == 12
  assert "official folder" in benchmark.source


def test_folder_itself_and_the_cache(tmp_path, monkeypatch):
  folder = write_nats(tmp_path)
  first = registry.get_benchmark("nb201", folder)

  def never(folder):
    raise AssertionError(folder)

  monkeypatch.setattr(nb201_official, "convert_nats", never)
  second = registry.get_benchmark("nb201", tmp_path)
  for name, column in first.columns.items():
    np.testing.assert_array_equal(second.values(name), column)


def test_nats_file_missing(tmp_path):
  (write_nats(tmp_path) / "000001.pickle.pbz2").unlink()
  message = r"expected 2 files, 1 are missing \(000001.pickle.pbz2"
  with pytest.raises(errors.UserError, match=message):
    registry.get_benchmark("nb201", tmp_path)


@pytest.mark.parametrize(
  ("content", "message"),
  [
    (pickle.dumps({"200": Attack()}), r"names (posix|nt).system: expected"),
    (pickle.dumps([1]), "expected a dict, got list"),
    (pickle.dumps({"200": {}}), "'all_results'"),
    (pickle.dumps({"200": 3}), "not a file of NATS-Bench"),
    (pickle.dumps(recipe(200, FULL))[:300], "not a complete pickle"),
  ],
)
def test_damaged_nats_file(tmp_path, monkeypatch, content, message):
  monkeypatch.chdir(tmp_path)
  path = write_nats(tmp_path) / "000001.pickle.pbz2"
  path.write_bytes(bz2.compress(content))
  with pytest.raises(errors.UserError, match=rf"000001.*{message}"):
    registry.get_benchmark("nb201", tmp_path)
  assert not (tmp_path / "ATTACKED").exists()


def test_truncated_and_foreign_archives(tmp_path):
  path = write_nats(tmp_path) / "000000.pickle.pbz2"
  content = path.read_bytes()
  path.write_bytes(content[: len(content) // 2])
  with pytest.raises(errors.UserError, match=r"000000.*fetch it again"):
    registry.get_benchmark("nb201", tmp_path)
  path.write_bytes(b"<html>quota exceeded</html>")
  with pytest.raises(errors.UserError, match="not a complete pickle"):
    registry.get_benchmark("nb201", tmp_path)


def test_packed_bombs(tmp_path):
  """Some hundred bytes that unpack to 100 MiB."""
  path = write_nats(tmp_path) / "000000.pickle.pbz2"
  path.write_bytes(bz2.compress(bytes(100 << 20)))
  assert path.stat().st_size < 1000
  with pytest.raises(errors.UserError, match=r"000000.*more than 64 MiB"):
    registry.get_benchmark("nb201", tmp_path)


@pytest.mark.parametrize("accuracy", [None, "90", 900.0, -1.0, True, [90.0]])
def test_accuracies_that_are_none(tmp_path, accuracy):
  path = write_nats(tmp_path) / "000001.pickle.pbz2"
  wrong = recipe(200, {("cifar10", 777): {"ori-test": accuracy}})
  write_pbz2(path, {"200": wrong})
  with pytest.raises(errors.UserError, match=r"000001.*an accuracy"):
    registry.get_benchmark("nb201", tmp_path)
  path = tmp_path / "other" / "nb201_all.pickle"
  path.parent.mkdir()
  curves = {ARCHS[0]: {"cifar100": {"eval_acc1es": [accuracy]}}}
  path.write_bytes(pickle.dumps(curves))
  with pytest.raises(errors.UserError, match=r"nb201_all.*an accuracy"):
    registry.get_benchmark("nb201", path.parent)


def test_architectures_that_are_no_texts(tmp_path):
  folder = write_nats(tmp_path)
  for archs in ([1, 2], [ARCHS[0], None], "text"):
    write_pbz2(folder / "meta.pickle.pbz2", {"meta_archs": archs})
    with pytest.raises(errors.UserError, match=r"meta\.pickle"):
      registry.get_benchmark("nb201", tmp_path)
  path = tmp_path / "other" / "nb201_all.pickle"
  path.parent.mkdir()
  path.write_bytes(pickle.dumps({1: {}}))
  with pytest.raises(errors.UserError, match=r"an architecture that is no"):
    registry.get_benchmark("nb201", path.parent)


def test_a_cell_that_is_there_twice(tmp_path):
  write_table(tmp_path / "nb201_full.npz", [[0] * 6, [1] * 6, [0] * 6])
  with pytest.raises(errors.UserError, match="each cell once, got row 2"):
    registry.get_benchmark("nb201", tmp_path)


def test_meta_file_without_architectures(tmp_path):
  write_pbz2(write_nats(tmp_path) / "meta.pickle.pbz2", {"meta_archs": []})
  with pytest.raises(errors.UserError, match="expected a list 'meta_archs'"):
    registry.get_benchmark("nb201", tmp_path)


def test_naslib_pickles_are_merged(tmp_path):
  curves = {
    ARCHS[0]: {"cifar10-valid": {"eval_acc1es": [10.0, 50.0, 90.5]}},
    ARCHS[1]: {"cifar10-valid": {"eval_acc1es": [10.0, 10.0]}},
  }
  path = tmp_path / "nb201_cifar10_full_training.pickle"
  path.write_bytes(pickle.dumps(curves))
  ends = {
    ARCHS[0]: {
      "cifar10-valid": {"eval_acc1es": 1.0},
      "cifar100": {"eval_acc1es": np.float64(70.25), "params": 1.3},
    }
  }
  (tmp_path / "nb201_all.pickle").write_bytes(pickle.dumps(ends))
  benchmark = registry.get_benchmark("nb201", tmp_path)
  assert benchmark.genotypes.tolist() == GENOTYPES[::-1]  # by index
  assert list(benchmark.columns) == ["cifar10/val", "cifar100/val"]
  assert benchmark.values("cifar10/val").tolist() == [10.0, 90.5]
  np.testing.assert_array_equal(
    benchmark.values("cifar100/val"), [np.nan, 70.25]
  )


@pytest.mark.parametrize(
  ("content", "message"),
  [
    ({"a": Attack()}, "names (posix|nt).system"),
    ([1, 2], "not a NASLib pickle"),
    ({ARCHS[0]: {"cifar10-valid": {"acc": 3}}}, "'eval_acc1es'"),
    ({"|x~0|": {}}, "expected the form"),
  ],
)
def test_damaged_naslib_pickle(tmp_path, content, message):
  path = tmp_path / "nb201_all.pickle"
  path.write_bytes(pickle.dumps(content))
  with pytest.raises(errors.UserError, match=message):
    registry.get_benchmark("nb201", tmp_path)


def write_table(path, ops, op_names=None):
  columns: dict[str, Any] = {
    f"{kind}_{dataset}": np.full(len(ops), 50.0 + 10 * i, np.float32)
    for i, kind in enumerate(nb201._TABLE_COLUMNS.values())
    for dataset in ("cifar10", "cifar100", "imagenet16")
  }
  if op_names:
    columns["op_names"] = np.array(op_names)
  np.savez(path, ops=np.array(ops, np.int8), **columns)


def test_table_codes_are_mapped_by_name(tmp_path):
  names = ("nor_conv_3x3", "none", "avg_pool_3x3", "skip_connect")
  write_table(tmp_path / "nb201_full.npz", [[0, 1, 2, 3, 0, 0]], names)
  benchmark = registry.get_benchmark("nb201", tmp_path)
  assert benchmark.genotypes.tolist() == [[3, 0, 4, 1, 3, 3]]
  assert benchmark.values("cifar10/val").tolist() == [50.0]
  assert benchmark.values("imagenet16/test").tolist() == [60.0]
  assert benchmark.values("cifar100/test12_oneseed").tolist() == [80.0]


@pytest.mark.parametrize(
  ("ops", "names", "message"),
  [
    ([[0] * 6], ("conv7x7",), "unknown operation in nb201_full.npz 'conv7x7'"),
    (
      [[0, 1, 2, 0, 0, 0]],
      ("none", "skip_connect"),
      "0 .. 1 in column 'ops', got 0",
    ),
    ([[0] * 5], ("none",), r"of shape \[n, 6\]"),
  ],
)
def test_tables_of_other_cells(tmp_path, ops, names, message):
  write_table(tmp_path / "nb201_full.npz", ops, names)
  with pytest.raises(errors.UserError, match=message):
    registry.get_benchmark("nb201", tmp_path)


def test_official_files_win_over_tables(tmp_path):
  write_table(tmp_path / "nb201_full.npz", GENOTYPES)
  write_nats(tmp_path)
  benchmark = registry.get_benchmark("nb201", tmp_path)
  assert benchmark.values("cifar10/test").tolist() == [94.0, 10.0]


def test_complete_table(data_dir):
  benchmark = registry.get_benchmark("nb201", data_dir)
  assert len(benchmark) == 15625
  assert len(set(map(bytes, benchmark.genotypes))) == 15625
  best = {name: round(v.max(), 2) for name, v in benchmark.columns.items()}
  assert best["cifar10/test"] == 94.37
  assert best["cifar100/test"] == 73.51
  assert best["imagenet16/test"] == 47.31
  row = benchmark.values("cifar10/test").argmax()
  arch = benchmark.space.format(benchmark.genotypes[[row]])[0]
  assert arch == (
    "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+"
    "|skip_connect~0|nor_conv_3x3~1|nor_conv_1x1~2|"
  )


def test_9x199_table(data_dir):
  benchmark = registry.get_benchmark("nb201_9x199", data_dir)
  assert len(benchmark) == 199
  assert benchmark.values("svhn/val").max() == pytest.approx(96.75015)
  assert benchmark.describe("ninapro/val") == (
    "ninapro val accuracy, epochs not stated, runs not stated"
  )
