"""Few trainings: rows, checkpoints, protocols; a toy table and two seeds."""

import json

import numpy as np
import pytest
import reproduce_tiny

from nasjax.reproduce import catalog
from nasjax.reproduce.few_trainings import (
  curves,
  methods,
  problems,
  report,
  runs,
  table,
)

CHEAP = "random,evolution,local"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
  found = tmp_path_factory.mktemp("table")
  reproduce_tiny.write_table(found)
  return found


def words(folder, root, *more):
  return [
    *("few_trainings", "--space=nb201", "--num_seeds=2", "--sizes=6,12"),
    *(f"--data_dir={folder}", f"--workdir={root / 'runs'}"),
    *(f"--results={root / 'results'}", *more),
  ]


def rows_of(root):
  path = root / "results" / "few_trainings.json"
  return json.loads(path.read_text())["rows"]


@pytest.mark.slow
def test_rows_pictures_and_a_second_run_that_reads(
  folder, tmp_path, monkeypatch, capsys
):
  pytest.importorskip("matplotlib", reason="needs the extra 'plots'")
  arguments = words(folder, tmp_path, f"--methods={CHEAP}")
  assert reproduce_tiny.run(*arguments) == 0
  printed = capsys.readouterr().out
  assert "### Trainings until the best cell, limit 12" in printed
  rows = rows_of(tmp_path)
  # Methods, data sets; two sizes of two protocols, and the trainings.
  assert len(rows) == 3 * 3 * 5
  found = {(r["dataset"], r["method"], r["metric"], r["size"]): r for r in rows}
  for dataset in reproduce_tiny.DATASETS:
    early, late = (
      found[dataset, "random", "best", size]["seeds"] for size in (6, 12)
    )
    assert len(early) == 2
    assert all(a <= b for a, b in zip(early, late, strict=True))
    until = found[dataset, "local", "until_best", 12]
    assert until["num_cut"] == sum(
      value < until["best"] - 1e-6
      for value in found[dataset, "local", "best", 12]["seeds"]
    )
    # The test label is the validation label + 1: one choice.
    assert found[dataset, "random", "chosen", 12]["seeds"] == late
  pictures = {path.name for path in (tmp_path / "results").glob("*.png")}
  assert pictures == {"few_trainings_nb201.png"}

  def fail(*_, **__):
    raise AssertionError("searched again")

  monkeypatch.setattr(runs.search, "run", fail)
  assert reproduce_tiny.run(*arguments) == 0
  assert rows_of(tmp_path) == rows


def test_a_killed_run_goes_on_with_the_seed_that_is_missing(
  folder, tmp_path, monkeypatch
):
  study = catalog.get_studies(("nb201",), ("cifar10",), ("nb201",))[0]
  problem = problems.make(study, str(folder))[1]
  whole = runs.measure(problem, "random", 12, range(3), tmp_path)
  paths = sorted(tmp_path.rglob("*.npz"))
  assert [path.name for path in paths] == ["0.npz", "1.npz", "2.npz"]
  paths[1].unlink()
  assert not runs.is_finished(problem, "random", 12, range(3), tmp_path)
  seeds = []
  search_run = runs.search.run

  def run(strategy, space, score_fn, budget, seed, **keywords):
    seeds.append(seed)
    return search_run(strategy, space, score_fn, budget, seed, **keywords)

  monkeypatch.setattr(runs.search, "run", run)
  again = runs.measure(problem, "random", 12, range(3), tmp_path)
  assert seeds == [1]
  np.testing.assert_array_equal(again.searched, whole.searched)
  assert runs.is_finished(problem, "random", 12, range(3), tmp_path)
  assert not runs.is_finished(problem, "random", 13, range(3), tmp_path)


def some_runs(searched, reported):
  study = catalog.get_studies(("nb201",), ("cifar10",), ("nb201",))[0]
  problem = problems.Problem(
    study=study,
    protocol=problems.VALIDATION,
    space=reproduce_tiny.SPACE,
    searched=lambda cells: cells[:, 0],
    reported=lambda cells: cells[:, 0],
    seconds=None,
    best=9.0,
    note="search: one | report: other | few",
    digest="",
  )
  searched, reported = np.array(searched), np.array(reported)
  return runs.Runs(
    problem=problem,
    method="random",
    seeds=range(len(searched)),
    genotypes=np.zeros((*searched.shape, 6), np.int8),
    searched=searched,
    reported=reported,
    seconds_of_trainings=np.full(searched.shape, np.nan),
    seconds=1.0,
    commits=("abc",),
  )


def test_the_model_names_a_winner_of_its_runs(folder, tmp_path):
  study = catalog.get_studies(("nb201",), ("cifar10",), ("nb201",))[0]
  on_validation = problems.make(study, str(folder))[0]
  measured = runs.measure(on_validation, "model", 14, range(2), tmp_path)
  rows = report.rows([measured], (11, 14))
  assert [(row["method"], row["size"]) for row in rows] == [
    ("model", 11),
    (methods.NAMED, 11),
    ("model", 14),
    (methods.NAMED, 14),
  ]
  assert [row["seconds"] > 0 for row in rows] == [False, False, True, False]
  for row in rows[1::2]:
    for seed, value in enumerate(row["seeds"]):
      tried = measured.reported[seed, : row["size"]]
      assert np.isclose(tried, value).any()
  text = table.render(
    {"name": "few_trainings", "command": "", "rows": rows}, ""
  )
  assert methods.TITLES[methods.NAMED] in text


def test_what_is_reported_is_the_cell_of_the_best_searched_label():
  found = some_runs([[1.0, 3.0, 2.0, 3.0, 4.0]], [[5.0, 2.0, 9.0, 8.0, 3.0]])
  # The second 3.0 is no better than the first one.
  assert found.found.tolist() == [[5.0, 2.0, 2.0, 2.0, 3.0]]
  assert found.until_best(9.0).tolist() == [3.0]
  assert np.isnan(found.until_best(9.5)).all()


def test_cut_off_runs_count_with_the_limit():
  both = some_runs([[1.0, 9.0], [1.0, 2.0]], [[1.0, 9.0], [1.0, 2.0]])
  same = {**vars(both.problem), "protocol": problems.SAME}
  same = runs.Runs(**{**vars(both), "problem": problems.Problem(**same)})
  rows = {row["metric"]: row for row in report.rows([same], (1, 2))}
  until = rows["until_best"]
  assert until["seeds"] == [2.0, 2.0]
  assert until["num_cut"] == 1
  assert until["size"] == 2
  text = table.render(
    {"name": "few_trainings", "command": "x", "rows": list(rows.values())},
    "what",
  )
  assert "| random search | 2.0 | 2 | 2 - 2 | 2 | 1 of 2 |" in text


def test_published_numbers_stand_beside_their_sizes():
  row = {
    **{"space": "nb201", "benchmark": "nb201", "dataset": "cifar10"},
    **{"method": "random", "metric": "best", "mean": 93.5, "std": 0.1},
    **{"seeds": [93.4, 93.6], "note": "search: a | report: b | c"},
    **{"best": 94.37, "commit": "abc", "seconds": 1.0},
  }
  rows = [{**row, "size": size} for size in (100, 150)]
  data = {"name": "few_trainings", "command": "x", "rows": rows}
  text = table.render(data, "what")
  assert "| CARL, published | - | 94.23 |" in text


def test_regret_over_time_at_times_that_all_seeds_reach():
  pytest.importorskip("matplotlib", reason="needs the extra 'plots'")
  day = curves._DAY
  found = some_runs([[1.0, 2.0, 3.0]] * 2, [[1.0, 2.0, 9.0]] * 2)
  cost = np.array([[1.0, 1.0, 8.0], [2.0, 2.0, 2.0]]) * day
  found = runs.Runs(**{**vars(found), "seconds_of_trainings": cost})
  days, regrets = curves._over_time(found, 9.0 - found.found)
  assert days[[0, -1]].tolist() == [2.0, 6.0]
  assert regrets[:, 0].tolist() == [7.0, 8.0]
  assert regrets[:, -1].tolist() == [7.0, 0.0]
  figure = curves.draw([(found.problem, [found])], over_time=True)
  (axis,) = figure.axes
  assert axis.get_xlabel() == "days of training"
  line = max((line.get_ydata() for line in axis.lines), key=len)
  assert line[-1] == 3.5  # the median of both


def test_every_method_is_described_and_made():
  assert set(methods.SETTINGS) == set(methods.TITLES)
  for space, first in (("nb201", 10), ("nb101", 20), ("darts", 10)):
    for name in methods.METHODS:
      method = methods.make(name, space)
      assert method.strategy.name == name.removesuffix("_prior")
      assert method.batch_size >= 1
      options = vars(method.strategy)
      assert options.get("num_first", first) == first


def test_mistakes(folder, tmp_path, capsys):
  assert reproduce_tiny.run(*words(folder, tmp_path, "--methods=flops")) == 2
  assert "unknown method 'flops'" in capsys.readouterr().err
  darts = [word.replace("nb201", "darts") for word in words(folder, tmp_path)]
  pytest.importorskip("onnxruntime", reason="needs the extra 'baselines'")
  assert reproduce_tiny.run(*darts) == 2
  assert "expected nb301_surrogate/model.onnx" in capsys.readouterr().err
