"""The report `proxies`: which cells, which correlations, what is said."""

import json

import numpy as np
import pytest
import reproduce_tiny
from scipy import stats

from nasjax import errors
from nasjax.benchmarks import registry
from nasjax.reproduce import catalog, proxies

STUDY = catalog.STUDIES[1]


@pytest.fixture
def folder(tmp_path):
  """Tables in which the published score is the cube of the parameters."""
  reproduce_tiny.write_table(tmp_path)
  benchmark = registry.get_benchmark("nb201", tmp_path)
  counts = benchmark.space.num_params(benchmark.genotypes[10:50])
  scores = np.stack([-counts.astype(float), (counts / 1e5) ** 3], 1)
  np.savez(
    tmp_path / proxies.TABLE,
    index=np.arange(10, 50, dtype=np.int32),
    proxy_names=np.array(["flops", "params"]),
    cifar10=scores.astype(np.float32),
  )
  return tmp_path


def run(folder, *words):
  return reproduce_tiny.run(
    "proxies", f"--data_dir={folder}", f"--workdir={folder}/work", *words
  )


def test_rows_of_two_counts(folder, capsys):
  words = "--methods=params,az_complexity", "--sizes=20", "--dataset=cifar10"
  assert run(folder, *words) == 0
  data = json.loads((folder / "work/results/proxies.json").read_text())
  found = {(row["method"], row["metric"]): row for row in data["rows"]}
  assert set(found) == {
    ("params", "spearman_published"),
    ("params", "tau_published"),
    ("params", "tau"),
    ("az_complexity", "tau"),
  }
  params = found["params", "spearman_published"]
  assert params["size"] == 20
  assert params["failed"] == 0
  assert params["note"] == "official skeleton"
  page = (folder / "work/results/proxies.md").read_text()
  assert "| params | 20 |" in page
  assert page in capsys.readouterr().out


def test_correlations_leave_out_cells_without_a_score():
  own = np.array([1.0, np.nan, 3.0, 2.0, 4.0])
  known = np.array([1.0, 2.0, 3.0, np.nan, 2.0])
  labels = np.array([10.0, 20.0, 30.0, 40.0, 50.0])
  each = proxies.Measured("nwot", np.arange(5), own, known, 1.0, "")
  rows = {row["metric"]: row for row in proxies.rows(STUDY, each, labels)}
  both = stats.spearmanr([1, 3, 4], [1, 3, 2]).statistic
  np.testing.assert_allclose(rows["spearman_published"]["mean"], both)
  expected = stats.kendalltau([1, 3, 2, 4], [10, 30, 40, 50]).statistic
  np.testing.assert_allclose(rows["tau"]["mean"], expected, atol=1e-6)
  expected = stats.kendalltau([1, 2, 3, 2], [10, 20, 30, 50]).statistic
  np.testing.assert_allclose(rows["tau_published"]["mean"], expected, atol=1e-6)
  assert rows["tau"]["failed"] == 1
  assert rows["tau"]["distinct"] == 4


def test_mistakes_are_one_line(folder, capsys):
  assert run(folder, "--methods=nvot") == 2
  assert "nvot" in capsys.readouterr().err
  assert run(folder, "--space=nb101") == 2
  assert "nb201" in capsys.readouterr().err
  (folder / proxies.TABLE).unlink()
  with pytest.raises(errors.UserError, match="nothing can be compared"):
    proxies.read(str(folder))
