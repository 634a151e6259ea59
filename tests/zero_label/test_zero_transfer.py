"""The transfer predictor: its regressions, its file, its scores."""

import os

import numpy as np
import pytest

from nasjax import errors
from nasjax.benchmarks import analog
from nasjax.spaces import registry as spaces
from nasjax.training import metrics
from nasjax.zero_label import kernels, transfer


def small_source(rng, num=40):
  width = sum(map(len, kernels.GROUPS))
  features = rng.normal(size=(num, width)).astype(np.float32)
  return features, features[:, 0] + 0.1 * rng.normal(size=num)


def test_the_regressions_solve_their_equations(rng):
  features, targets = small_source(rng)
  source = kernels.fit(features, targets)
  few, middle, _ = kernels.GROUPS
  columns = np.concatenate([few, middle])
  own = source.features[:, columns]
  apart = np.abs(own[:, None] - own[None]).mean(axis=-1)
  similar = np.exp(-kernels.LAPLACE * apart) + kernels.RIDGE * np.eye(40)
  place = kernels.MODELS.index("most, Laplace")
  solved = np.linalg.solve(similar, targets)
  np.testing.assert_allclose(source.coefficients[place], solved, atol=1e-4)
  weights = np.eye(len(kernels.MODELS))[place]
  found = kernels.predict(source, features[:7], weights)
  expected = (similar - kernels.RIDGE * np.eye(40))[:7] @ solved
  np.testing.assert_allclose(found, expected, atol=1e-4)


def test_a_prediction_depends_on_no_other_cell(rng):
  source = kernels.fit(*small_source(rng))
  others, _ = small_source(rng, 150)
  weights = np.full(len(kernels.MODELS), 1 / len(kernels.MODELS))
  whole = kernels.predict(source, others, weights)
  alone = kernels.predict(source, others[100:103], weights)
  np.testing.assert_allclose(whole[100:103], alone, atol=1e-6)


def test_it_ranks_a_space_whose_labels_it_never_saw():
  known = analog.load()
  some = np.random.default_rng(0).choice(len(known), 192, replace=False)
  cells, truth = known.genotypes[some], known.values("cifar10/test")[some]
  scores = transfer.load("nb101").predict(known.space, cells)
  assert metrics.kendall_tau(scores, truth) > 0.6


def test_what_computes_nothing_is_last(rng):
  space = spaces.get_space("nb201")
  cells = np.concatenate([np.zeros((1, 6), np.int8), space.sample(9, rng)])
  scores = transfer.load("nb101").predict(space, cells)
  assert scores[0] == transfer.DEAD
  assert scores[1:].max() > transfer.DEAD + 5
  assert transfer.load("nb101").predict(space, cells[:0]).shape == (0,)


def test_a_source_that_was_not_learnt_is_one_line():
  with pytest.raises(errors.UserError, match="nb101") as caught:
    transfer.load("darts")
  assert "\n" not in str(caught.value)


def test_a_file_of_other_features_is_one_line(tmp_path, rng, monkeypatch):
  monkeypatch.setattr(transfer, "FOLDER", tmp_path)
  transfer.load.cache_clear()
  source = kernels.fit(*small_source(rng))
  transfer.save(transfer.path_of("nb101"), [source, source])
  loaded = transfer.load("nb101")
  np.testing.assert_array_equal(loaded.samples[1].features, source.features)
  transfer.load.cache_clear()
  monkeypatch.setattr(kernels, "MODELS", ("other",))
  with pytest.raises(errors.UserError, match="zero_label"):
    transfer.load("nb101")
  transfer.load.cache_clear()


def test_the_files_are_small():
  sizes = [transfer.path_of(name).stat().st_size for name in transfer.SOURCES]
  assert sum(sizes) < 3e6


@pytest.mark.slow
@pytest.mark.skipif(
  "NASJAX_DATA" not in os.environ, reason="needs the NAS-Bench-201 table"
)
def test_the_file_is_what_its_command_learns():
  from nasjax.benchmarks import registry

  known = registry.get_benchmark("nb201")
  labels = known.values("cifar10/test")
  found = transfer.fit(known.space, known.genotypes, labels, 1)
  kept = transfer.load("nb201_transnas").samples[1]
  np.testing.assert_allclose(found.features, kept.features, atol=1e-5)
  np.testing.assert_allclose(found.coefficients, kept.coefficients, atol=1e-3)
