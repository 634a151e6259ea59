"""Transfer: one image set of mini201 held out."""

import json

import numpy as np
import pytest
import reproduce_tiny
import tiny

from nasjax import config as configs
from nasjax.benchmarks import mini201, mini201_images
from nasjax.reproduce import (
  catalog,
  reports,
  runner,
  transfer,
  transfer_table,
  transfer_training,
)
from nasjax.training import metrics


def test_the_held_out_labels_are_missing_and_cells_differ_by_seed(tmp_path):
  names = mini201_images.names()
  options = reports.Options(
    name="transfer",
    studies=catalog.get_studies(("nb201",), ("fashion", "tux")),
    methods=(),
    sizes=(),
    spec=transfer.SPEC,
    results=tmp_path,
    setup=runner.Setup(
      reproduce_tiny.recipe, reproduce_tiny.features, tmp_path, num_seeds=3
    ),
    command="",
  )
  problem = transfer_training.make_problem(options, 50)
  assert [names[column] for column in problem.held_out] == ["fashion", "tux"]
  assert problem.rows.shape == (3, 50)
  assert len({tuple(row) for row in problem.rows}) == 3
  assert not set(problem.rows[1]) & set(problem.rest(1))
  targets = transfer_training._targets(problem)
  assert targets.shape == (6, 50, 8)
  for row in range(6):
    missing = np.isnan(targets[row]).all(axis=0)
    assert np.flatnonzero(missing).tolist() == [problem.held_out[row // 3]]
    assert np.isfinite(targets[row][:, ~missing]).all()


def words(tmp_path, methods):
  return (
    *("transfer", "--methods", methods, "--dataset", "fashion,tux"),
    *("--sizes", "40", "--num_seeds", "2"),
    *("--workdir", str(tmp_path / "runs"), "--results", str(tmp_path / "out")),
  )


@pytest.mark.slow
def test_rows_and_a_second_run_that_reads(tmp_path, monkeypatch, capsys):
  small = tiny.config(benchmark="mini201", epochs=2, **reproduce_tiny.MODEL)
  small.model.head = "gcn"
  monkeypatch.setattr(
    configs, "images_defaults", small.copy_and_resolve_references
  )
  methods = "images_training,pretrained,other_sets,ceiling"
  assert reproduce_tiny.run(*words(tmp_path, methods)) == 0
  printed = capsys.readouterr().out
  assert "| **mean** |" in printed
  assert "images seen, training graph - pretrained predictor" in printed
  file = tmp_path / "out" / "transfer.json"
  rows = json.loads(file.read_text())["rows"]
  assert len(rows) == 4 * 2 * 2  # methods, image sets, metrics
  by_name = {(r["method"], r["dataset"], r["metric"]): r for r in rows}
  benchmark = mini201.load()
  first, second = (benchmark.values(f"tux/seed{seed}") for seed in (0, 1))
  ceiling = by_name["ceiling", "tux", "tau_all"]
  assert ceiling["seeds"] == pytest.approx(
    [metrics.kendall_tau(first, second)] * 2, abs=1e-6
  )
  rest = by_name["images_training", "fashion", "tau_rest"]["seeds"]
  assert len(set(rest)) == 2
  assert all(-1 <= tau <= 1 for tau in rest)

  def fail(*_, **__):
    raise AssertionError("trained again")

  monkeypatch.setattr(transfer_training.fitting, "train", fail)
  assert reproduce_tiny.run(*words(tmp_path, "images_training")) == 0
  again = json.loads(file.read_text())["rows"]
  assert again == rows


def row(method, dataset, seeds):
  return {
    **{"dataset": dataset, "method": method, "size": 10, "metric": "tau_rest"},
    **{"seeds": seeds, "mean": float(np.mean(seeds)), "std": 0.0},
    **{"commit": "abc", "seconds": 1.5, "max_steps": 0},
  }


def test_the_units_of_the_paired_test_are_image_sets():
  rows = [
    *(
      row("images_training", "a", [0.5, 0.7]),
      row("images_training", "b", [0.4]),
    ),
    *(
      row("blind_training", "a", [0.5, 0.5]),
      row("blind_training", "b", [0.2]),
    ),
  ]
  card = {
    **{"cells": 210, "trainings": 3360, "training_hours": 2.0},
    "recipe": {"epochs": 6},
  }
  data = {"rows": rows, "command": "python -m nasjax.reproduce transfer"}
  text = transfer_table.render(data, "what", transfer.METHODS, card)
  assert "| a | .600 +- .000 (2) | .500 +- .000 (2) |" in text
  assert "| **mean** | .500 | .350 |" in text
  title = "images seen, training graph - no images, training graph"
  assert f"| {title} | .150 | 2 of 2 | 3.00 | 0.2 |" in text
  assert "3 s of training" in text


def test_too_many_cells_are_refused(tmp_path, capsys):
  arguments = list(words(tmp_path, "pretrained"))
  arguments[arguments.index("40")] = "210"
  assert reproduce_tiny.run(*arguments) == 2
  assert "--sizes: expected" in capsys.readouterr().err
