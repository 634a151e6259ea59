"""Published tables against what their paper says of them in words."""

import numpy as np
import pytest

from nasjax.benchmarks import registry
from nasjax.reproduce import catalog, published


@pytest.mark.parametrize(("metric", "gain"), [("cosine", 14.32), ("rv", 2.38)])
def test_table5_rises_by_what_section_4_4_2_says(metric, gain):
  means = {
    method: np.mean(list(values.values()))
    for method, values in published.TABLE5[metric].items()
  }
  rise = 100 * (means["paper"] / means["paper_mlp"] - 1)
  assert rise == pytest.approx(gain, abs=0.005)


def test_a_quarter_of_the_labels_does_on_nb101():
  tau = published.TABLE3["nb101"]
  assert tau["paper"][100] == pytest.approx(
    tau["neural_predictor"][424], abs=0.02
  )


def test_sizes_and_methods_are_in_the_catalogue():
  studies = {study.benchmark: study for study in catalog.STUDIES}
  for tables in (published.BEST, published.TARGETS):
    for benchmark, values in tables.items():
      assert tuple(values) == studies[benchmark].sizes
  for benchmark, methods in published.TABLE3.items():
    for method, values in methods.items():
      assert method in (*catalog.TRAINED, "NAO", "D-VAE")
      assert set(values) <= set(studies[benchmark].sizes)


def test_lookup():
  found = [
    published.lookup("nb201", dataset, "paper", 156, metric)
    for dataset, metric in (
      ("cifar10", "tau_rest"),
      ("cifar100", "tau_rest"),
      ("cifar10", "rv"),
      ("cifar10", "num_params"),
    )
  ]
  assert found == [0.647, None, 0.445, None]
  assert (
    published.lookup("darts545", "cifar10", "paper", 100, "tau_all") is None
  )


def test_labels_of_the_studies_exist(data_dir):
  for study in catalog.STUDIES:
    benchmark = registry.get_benchmark(study.benchmark, data_dir)
    assert benchmark.space.name == study.space
    both = np.ones(len(benchmark), bool)
    for label in (study.train_label, study.test_label):
      both &= np.isfinite(benchmark.values(f"{study.dataset}/{label}"))
    assert both.sum() > max(study.max_size, *study.sizes)


def test_found_cells_stand_beside_the_size_of_the_table():
  found = published.shown("table4", "nb201", "cifar100", "found_top10")
  assert found["paper, trained on cifar10"] == {156: 73.51}
  assert (
    published.lookup("nb201", "cifar10", "paper", 156, "found_top10") == 94.36
  )
  assert published.shown("table4", "nb201", "imagenet16", "found_top10") == {}
  assert published.shown("table4", "nb101", "cifar10", "found_top10") == {}
