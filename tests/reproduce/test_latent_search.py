"""Searches in representations: regrets, times, seeds in step, a tiny report."""

import json

import numpy as np
import pytest
import reproduce_tiny

import nasjax
from nasjax import search
from nasjax.benchmarks import base, registry
from nasjax.reproduce import catalog
from nasjax.reproduce.latent_search import (
  lockstep,
  methods,
  problems,
  report,
  runs,
)

NUM = 150


@pytest.fixture(scope="module")
def benchmark():
  """Cells of NAS-Bench-101 with made-up labels; some have no time."""
  space = nasjax.get_space("nb101")
  rng = np.random.default_rng(0)
  drawn = space.sample(3 * NUM, rng)
  first = np.unique(space.lookup_keys(drawn), return_index=True)[1]
  cells = drawn[np.sort(first)[:NUM]]
  test = 90 + 0.2 * cells[:, :21].sum(axis=1) + rng.normal(0, 0.1, NUM)
  seconds = 1e-6 * space.flops(cells).astype(float)
  seconds[::5] = np.nan
  columns = {
    "cifar10/val": test + rng.normal(0, 0.3, NUM),
    "cifar10/test": test,
    "cifar10/seconds": seconds,
  }
  labels = {
    name: base.Label("cifar10", "test", 108, "one run", "made up")
    for name in columns
  }
  return base.Benchmark("nb101", space, cells, labels, columns, "a test")


@pytest.fixture
def made(benchmark, monkeypatch):
  monkeypatch.setattr(registry, "get_benchmark", lambda *_: benchmark)
  (study,) = catalog.get_studies(("nb101",), ("cifar10",))
  return problems.make(study, None)


def test_problems_have_labels_and_times_of_their_cells(made, benchmark):
  validation, mean = made
  assert (validation.space.size, mean.space.size) == (NUM * 4 // 5, NUM)
  guide, test, seconds = mean.labels(mean.space.enumerate())
  np.testing.assert_array_equal(guide, test)
  known = np.isfinite(benchmark.values("cifar10/seconds"))
  true = 1e-6 * benchmark.space.flops(benchmark.genotypes)
  np.testing.assert_array_equal(seconds[known], true[known])
  # The logarithm of the time is one of the columns: the prediction is exact.
  np.testing.assert_allclose(seconds[~known], true[~known], rtol=1e-3)
  assert validation.digest() != mean.digest()
  guide, test, _ = validation.labels(validation.space.enumerate())
  assert validation.end == pytest.approx(
    (test.max() - test[np.argmax(guide)]) / 100
  )
  assert mean.end == 0


def test_regrets_by_hand(made):
  problem = made[1]
  best = problem.best
  guide = np.array([1.0, 3.0, 2.0, 3.0, 4.0])
  test = best - np.array([5.0, 2.0, 0.0, 1.0, 3.0])
  found = runs.Runs(
    problem, "random", [np.stack([guide, test, np.full(5, 10.0)])], 0.0, ()
  )
  at = [np.arange(1, 7)]
  expected = [0.05, 0.02, 0.02, 0.02, 0.03, 0.03]
  np.testing.assert_allclose(found.regrets(at)[0], expected)
  after = found.after_seconds(np.array([0.0, 9.0, 20.0, 49.0, 50.0]))
  np.testing.assert_allclose(after[0], [0.05, 0.05, 0.02, 0.02, 0.03])
  assert found.num_after(49.0).tolist() == [4]


@pytest.mark.slow
def test_seeds_in_step_are_the_searches_of_the_seeds(made):
  problem = made[0]
  strategy = search.get_strategy("reinforce", steps=4)
  table = strategy.table(strategy.init(problem.space, 0, 1))
  guide, _, seconds = problem.labels(table.genotypes)
  limit = 20 * float(np.mean(seconds))
  asked = lockstep.run(strategy, problem.space, guide, seconds, [3, 8], limit)
  assert asked.shape[0] == 2
  for seed, rows in zip((3, 8), asked, strict=True):
    assert len(np.unique(rows)) == len(rows)
    assert seconds[rows].sum() >= limit
    alone = search.run(
      strategy,
      problem.space,
      lambda cells: problem.labels(cells)[0],
      len(rows),
      seed,
    )
    np.testing.assert_array_equal(table.genotypes[rows], alone.genotypes)


def test_an_embedding_is_learnt_of_the_first_cells(made, monkeypatch):
  monkeypatch.setattr(methods, "NUM_LABELLED", 10)
  problem, calls = made[0], []

  def embed(given, cells, labels):
    calls.append((cells, labels))
    return given.labels(given.space.enumerate())[0][:, None]

  strategy = methods.make("dngo_supervised")
  limit = 25 * float(np.mean(problem.labels(problem.space.enumerate())[2]))
  found = methods.run(strategy, problem, 3, limit, embed)
  ((cells, labels),) = calls
  assert len(cells) == 10
  np.testing.assert_array_equal(labels, found[0, :10])
  np.testing.assert_array_equal(problem.labels(cells), found[:, :10])
  assert found[0, 10:15].min() > labels.max()


def test_methods_are_strategies_with_their_defaults():
  for name in methods.METHODS:
    strategy = methods.make(name)
    assert name.startswith(strategy.name)
    if name.endswith("_supervised"):
      assert strategy.num_first == methods.NUM_LABELLED
    elif "_" in name:
      assert name.endswith(strategy.embedding)
  assert methods.num_seeds("model", problems.MEAN, 200) == 0
  assert methods.num_seeds("random", problems.MEAN, 200) == 200
  assert methods.num_seeds("dngo_adjacency", problems.VALIDATION, 3) == 3


@pytest.mark.slow
def test_rows_curves_and_a_second_run_that_reads(
  made, tmp_path, monkeypatch, capsys
):
  pytest.importorskip("matplotlib", reason="needs the extra 'plots'")
  monkeypatch.setattr(problems, "LIMIT", 4e4)
  words = [
    *("arch2vec_search", "--num_seeds=2", "--sizes=3,9"),
    "--methods=random,evolution,reinforce_adjacency",
    *(f"--workdir={tmp_path / 'runs'}", f"--results={tmp_path / 'results'}"),
  ]
  assert reproduce_tiny.run(*words) == 0
  printed = capsys.readouterr().out
  assert "## Search on the mean of three runs" in printed
  path = tmp_path / "results" / "arch2vec_search.json"
  rows = json.loads(path.read_text())["rows"]
  assert len(rows) == 3 * 2 * 3
  found = {(r["method"], r["metric"], r["size"]): r for r in rows}
  for method in ("random", "evolution", "reinforce_adjacency"):
    for suffix in ("", "_mean"):
      last = found[method, report.AFTER + suffix, 0]
      assert len(last["seeds"]) == 2
      assert all(0 <= value < 0.05 for value in last["seeds"])
  early = found["random", "test_regret_mean", 3]["mean"]
  assert early >= found["random", "test_regret_mean", 9]["mean"]
  assert found["random", report.AFTER, 0]["published"] == 0.00858
  for kind in ("png", "svg"):
    assert (tmp_path / "results" / f"arch2vec_search.{kind}").exists()

  def fail(*_, **__):
    raise AssertionError("it ran again")

  monkeypatch.setattr(methods, "run", fail)
  monkeypatch.setattr(lockstep, "run", fail)
  assert reproduce_tiny.run(*words) == 0
  assert json.loads(path.read_text())["rows"] == rows
