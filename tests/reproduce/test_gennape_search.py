"""The report `gennape_search`: order of trainings, fronts, a whole run."""

import json

import numpy as np
import pytest
import reproduce_tiny

import nasjax
from nasjax import search
from nasjax.benchmarks import base as benchmarks
from nasjax.computation import families
from nasjax.reproduce.gennape import evolved, fronts, search_report


def benchmark(num=60):
  """Cells of NAS-Bench-101 whose accuracy is that of their parameters."""
  space = nasjax.get_space("nb101")
  cells = space.sample(num, np.random.default_rng(0))
  part = search.Subset(space, cells)
  cells = part.enumerate()
  params = space.num_params(cells)
  label = benchmarks.Label("cifar10", "test", 108, "mean of 3")
  return benchmarks.Benchmark(
    "nb101",
    part,
    cells,
    {evolved.LABEL: label},
    {evolved.LABEL: 90 + 5 * params / params.max()},
    "drawn",
  )


def test_trainings_by_hand():
  accuracies = np.array([90.0, 93.0, 92.0, 94.5])
  assert evolved.best_after(accuracies, 3) == 93
  assert np.isnan(evolved.best_after(accuracies, 5))
  assert evolved.trainings_until(accuracies, 94.2) == 4
  assert np.isnan(evolved.trainings_until(accuracies, 95))


def test_fronts_by_hand():
  pytest.importorskip("moocore", reason="needs the extra 'pareto'")
  scores = np.array([0.0, 10.0, 5.0, 4.0])
  macs = np.array([0.0, 100.0, 50.0, 60.0])
  assert fronts.front(scores, macs).tolist() == [0, 1, 2]
  assert fronts.hypervolume(scores, macs, np.array([2])) == 0.25
  assert fronts.hypervolume(scores, macs, np.array([3])) == pytest.approx(0.16)
  assert fronts.hypervolume(scores, macs, np.array([2, 3])) == 0.25


def test_the_highest_scores_are_trained_first(monkeypatch):
  monkeypatch.setattr(evolved, "BUDGET", 20)
  cells = benchmark()
  found = evolved.trained(cells, evolved.PARAMS, 0)
  assert len(found) == 20
  assert (np.diff(found) <= 0).all()
  drawn = evolved.trained(cells, evolved.RANDOM, 0)
  assert sorted(drawn) == sorted(cells.values(evolved.LABEL))


def test_a_run(monkeypatch, tmp_path):
  pytest.importorskip("moocore", reason="needs the extra 'pareto'")
  monkeypatch.setenv("NASJAX_CACHE", str(tmp_path / "cache"))
  monkeypatch.setattr(evolved, "BUDGET", 20)
  rng = np.random.default_rng(0)
  kernels, expansions = 3 + 2 * rng.integers(0, 3, (2, 30, 20))
  codes = np.concatenate(
    [kernels, expansions, rng.integers(2, 5, (30, 5))], axis=1
  )
  family = families.get_family("ofa")
  networks = families.Labelled(
    family, family.labels[0], codes, codes.sum(axis=1) * 1.0
  )
  cells = benchmark()
  registry = search_report.benchmarks
  monkeypatch.setattr(registry, "get_benchmark", lambda *_: cells)
  monkeypatch.setattr(search_report.families, "load", lambda *_: networks)
  folders = [f"--workdir={tmp_path / 'runs'}", f"--results={tmp_path / 'out'}"]
  words = ["gennape_search", "--num_seeds=2", "--sizes=2,10,50", *folders]
  assert reproduce_tiny.run(*words) == 0
  rows = json.loads((tmp_path / "out" / "gennape_search.json").read_text())
  found = {
    (row["method"], row["metric"], row["size"]): row for row in rows["rows"]
  }
  assert found["ranker", "best", 50]["mean"] is None  # 20 were scored
  assert found["random", "best", 50]["mean"] > 90
  assert len(found["random", "hypervolume", 0]["seeds"]) == 2
  volumes = {
    name: found[name, "hypervolume", 0]["mean"]
    for name in (search_report.TRUTH, *search_report.METHODS)
  }
  assert max(volumes.values()) == volumes[search_report.TRUTH]
  text = (tmp_path / "out" / "gennape_search.md").read_text()
  assert "| the ranker that has not seen the family |" in text
  assert "100.0 %" in text
