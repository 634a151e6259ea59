"""Found cells and transfer, by hand."""

import json

import numpy as np
import pytest
import reproduce_tiny

from nasjax.reproduce import table4


def test_the_evaluated_cell_of_best_validation_accuracy_is_found():
  scores = np.array([0.1, 0.9, 0.8, 0.7, 0.2])
  val = np.array([99.0, 50.0, 70.0, 60.0, 98.0])
  test = np.array([98.0, 51.0, 52.0, 71.0, 97.0])
  # The three highest scores are cells 1, 2, 3; cell 2 has their best val.
  assert table4.found(scores, val, test, 3) == 52.0
  assert table4.found(scores, val, test, 1) == 51.0
  assert table4.found(scores, val, test, 5) == 98.0


def test_rows_of_the_table(tmp_path, monkeypatch, capsys):
  reproduce_tiny.write_table(tmp_path)
  monkeypatch.setenv("NASJAX_DATA", str(tmp_path))
  status = reproduce_tiny.run(
    *("table4", "--methods", "default", "--dataset", "cifar10"),
    *("--sizes", "20", "--num_seeds", "2"),
    *("--workdir", str(tmp_path / "runs"), "--results", str(tmp_path / "out")),
  )
  printed = capsys.readouterr()
  assert status == 0, printed.err
  assert "not measured: no data for benchmark 'nb201_9x199'" in printed.out
  rows = json.loads((tmp_path / "out" / "table4.json").read_text())["rows"]
  moved = [r for r in rows if r["method"] == "default, trained on cifar10"]
  assert {r["dataset"] for r in moved} == {"cifar100", "imagenet16"}
  assert all("| test: " + r["dataset"] in r["note"] for r in moved)
  assert all("train: cifar10 val" in r["note"] for r in moved)
  by_name = {(r["dataset"], r["metric"]): r for r in moved}
  own = {r["metric"]: r for r in rows if r["method"] == "default"}
  # The stand-in labels differ by a constant from one data set to the next.
  far = by_name["cifar100", "found_top10"]["mean"]
  assert far == pytest.approx(own["found_top10"]["mean"] - 10)
  tau = by_name["imagenet16", "tau_all"]["seeds"]
  assert tau == pytest.approx(own["tau_all"]["seeds"], abs=1e-6)
