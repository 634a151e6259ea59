"""Benchmarks by name, the error where data is missing, the command line."""

import dataclasses
import functools
import hashlib

import numpy as np
import pytest

from nasjax import errors
from nasjax.benchmarks import registry
from nasjax.commands import data as command
from nasjax.commands import data_run
from nasjax.spaces import registry as spaces

from . import test_download, test_nb101, test_nb201


@pytest.fixture(autouse=True)
def _nowhere(tmp_path, monkeypatch):
  monkeypatch.delenv("NASJAX_DATA", raising=False)
  monkeypatch.setenv("NASJAX_CACHE", str(tmp_path / "cache"))


def test_names_and_defaults():
  names = registry.benchmark_names()
  assert {"nb201_analog", "nb201", "nb101", "nb301", "darts545"} <= set(names)
  assert registry.default_benchmark("nb201") == "nb201_analog"
  assert registry.default_benchmark("nb101") == "nb101"
  assert registry.default_benchmark("darts") == "nb301"
  for name in names:
    space = registry.get_entry(name).space
    assert spaces.get_space(space).name == space
  with pytest.raises(errors.UserError, match="unknown space 'x': expected one"):
    registry.default_benchmark("x")
  with pytest.raises(errors.UserError, match="unknown benchmark 'nb2': expect"):
    registry.get_benchmark("nb2")


@pytest.mark.parametrize(
  ("name", "ways"),
  [
    ("nb201", ["nb201_full.npz", "NATS-tss", "benchmark=nb201_analog"]),
    ("nb101", ["nb101_full.npz + nb101_records.npz", "get nb101", "own CSV"]),
    ("nb301", ["darts_nb301yahpo11221.npz", "nb_301_v13", "configs/custom.py"]),
    ("darts545", ["darts_oncenas545.npz", "configs/custom.py"]),
    ("nb201_9x199", ["nb201_9x199.npz", "benchmark=nb201_analog"]),
  ],
)
def test_missing_data_names_every_way(name, ways, tmp_path):
  for data_dir, where in ((None, "no folder was named"), (tmp_path, "got ")):
    with pytest.raises(errors.UserError, match="no data for") as caught:
      registry.get_benchmark(name, data_dir)
    message = str(caught.value)
    assert "\n" not in message
    for part in (name, "--data_dir", "NASJAX_DATA", where, *ways):
      assert part in message


def test_named_folder_must_exist(tmp_path):
  with pytest.raises(errors.UserError, match="expected an existing folder"):
    registry.get_benchmark("nb201", tmp_path / "nowhere")


def test_folder_by_argument_and_by_environment(tmp_path, monkeypatch):
  first, second = tmp_path / "1", tmp_path / "2"
  for folder, genotype in ((first, [0] * 6), (second, [4] * 6)):
    folder.mkdir()
    test_nb201.write_table(folder / "nb201_full.npz", [genotype])
  monkeypatch.setenv("NASJAX_DATA", str(first))
  assert registry.get_benchmark("nb201").genotypes.tolist() == [[0] * 6]
  named = registry.get_benchmark("nb201", str(second))
  assert named.genotypes.tolist() == [[4] * 6]


def test_damaged_table(tmp_path):
  path = tmp_path / "nb201_full.npz"
  test_nb201.write_table(path, [[0] * 6])
  path.write_bytes(path.read_bytes()[:-30])
  with pytest.raises(errors.UserError, match="is not a complete"):
    registry.get_benchmark("nb201", tmp_path)


def test_columns_of_unequal_length(tmp_path):
  test_nb201.write_table(tmp_path / "nb201_full.npz", [[0] * 6])
  table = dict(np.load(tmp_path / "nb201_full.npz"))
  table["val200_cifar10"] = np.zeros(2)
  np.savez(tmp_path / "nb201_full.npz", **table)
  with pytest.raises(errors.UserError, match="expected columns of one length"):
    registry.get_benchmark("nb201", tmp_path)


@pytest.fixture
def server(tmp_path):
  path = test_nb101.write_official(tmp_path / "source.tfrecord")
  return test_download.Server(content=path.read_bytes())


def _get(server, *words):
  """Runs `data get` with a server of downloads."""
  work = functools.partial(data_run.get, opener=server)
  return dataclasses.replace(command.GET, run=work).main(["data get", *words])


def test_get_downloads_and_converts(server, tmp_path, capsys):
  digest = hashlib.sha256(server.content).hexdigest()
  arguments = ["nb101", "--sha256", digest]
  assert _get(server, *arguments) == 0
  out = capsys.readouterr().out
  assert "storage.googleapis.com/nasbench/nasbench_only108.tfrecord" in out
  assert f"sha256 {digest}" in out
  assert "nb101: 2 cells" in out
  assert "cifar10/test: cifar10 test accuracy, 108 epochs, mean of 3" in out
  assert (tmp_path / "cache/downloads/nasbench_only108.tfrecord").exists()
  assert len(registry.get_benchmark("nb101")) == 2  # found without a folder


def test_get_into_a_folder_and_the_full_file(server, tmp_path, capsys):
  folder = tmp_path / "data"
  folder.mkdir()
  digest = hashlib.sha256(server.content).hexdigest()
  arguments = ["nb101", "--full", "--sha256", digest]
  assert _get(server, *arguments, "--data_dir", str(folder)) == 0
  assert (folder / "nasbench_full.tfrecord").read_bytes() == server.content
  assert "nasbench_full.tfrecord" in capsys.readouterr().out


def test_get_checks_the_published_checksum(server, capsys):
  assert _get(server, "nb101") == 2
  error = capsys.readouterr().err.splitlines()[-1]
  assert error.startswith("error: https://storage.googleapis.com/nasbench/")
  assert "expected sha256 4c39c3936e36a852" in error
  with pytest.raises(errors.UserError, match="no data for benchmark 'nb101'"):
    registry.get_benchmark("nb101")


def test_get_what_a_person_must_fetch(capsys):
  assert command.main(["data", "get", "nb201"]) == 2
  assert "error: no data for benchmark 'nb201'" in capsys.readouterr().err
  assert command.main(["data", "get", "nb5"]) == 2
  assert "unknown benchmark 'nb5'" in capsys.readouterr().err


def test_get_what_is_installed(capsys):
  assert command.main(["data", "get", "nb201_analog"]) == 0
  assert "nb201_analog: 15625 cells; AnalogNAS" in capsys.readouterr().out


def test_list(tmp_path, capsys):
  assert command.main(["data", "list"]) == 0
  out = capsys.readouterr().out
  for name in registry.benchmark_names():
    assert f"{name} (" in out
  assert "SURROGATE" in out
  assert "data folder: none" in out
  assert command.main(["data", "list", "--data_dir", str(tmp_path)]) == 0
  assert f"data folder: {tmp_path}" in capsys.readouterr().out


def test_usage_error_exits_with_2(capsys):
  assert command.main(["data", "get"]) == 2
  (line,) = capsys.readouterr().err.splitlines()
  assert line.startswith("error: no NAME: expected name of a benchmark")
