"""The system `regression`: the kernel regression without a network."""

import json
import time

import numpy as np
import own_space
import pytest

import nasjax
from nasjax import config as configs
from nasjax import errors
from nasjax.commands import train
from nasjax.training import metrics

SPACE = nasjax.get_space("nb201")
BENCHMARK = nasjax.get_benchmark("nb201_analog")
REGRESSION = {"name": "regression"}


def _labelled(num, seed=0):
  rows = np.random.default_rng(seed).choice(len(BENCHMARK), num, replace=False)
  return BENCHMARK.genotypes[rows], BENCHMARK.values("cifar10/test")[rows]


@pytest.fixture(scope="module")
def fitted():
  cells, labels = _labelled(60)
  return nasjax.Predictor("nb201", model=REGRESSION).fit(cells, labels)


def test_it_ranks_cells_that_it_has_not_seen(fitted):
  cells, labels = _labelled(400, seed=1)
  tau = metrics.kendall_tau(fitted.predict(cells), labels)
  assert tau > 0.6


def test_nothing_is_trained(fitted):
  """The network has no parameters; no epoch is run."""
  assert set(fitted.params["params"]) == {"kernel"}
  assert fitted.config.num_members == 1
  cells, labels = _labelled(60)
  slow = nasjax.Predictor("nb201", model=REGRESSION, epochs=10_000)
  began = time.monotonic()
  slow.fit(cells, labels)
  assert time.monotonic() - began < 30
  np.testing.assert_array_equal(slow.predict(cells), fitted.predict(cells))


def test_a_second_fit_of_the_same_size_is_the_same(fitted):
  cells, labels = _labelled(60)
  again = nasjax.Predictor("nb201", model=REGRESSION).fit(cells, labels)
  every = SPACE.sample(50, np.random.default_rng(0))
  np.testing.assert_array_equal(again.predict(every), fitted.predict(every))


def test_cells_of_one_function_have_one_score(fitted):
  functions = SPACE.functions()
  assert functions is not None
  number = np.argmax(np.bincount(functions.numbers))
  names = SPACE.enumerate()[functions.numbers == number]
  scores, stds = fitted.predict(names, return_std=True)
  assert np.ptp(scores) < 1e-4
  assert np.ptp(stds) < 1e-4


def test_it_is_saved_and_loaded_with_its_deviations(fitted, tmp_path):
  fitted.save(tmp_path / "model")
  meta = json.loads((tmp_path / "model" / "model.json").read_text())
  assert meta["config"]["model"]["name"] == "regression"
  assert len(meta["spread"]["levels"]) == len(meta["spread"]["scores"]) >= 1
  loaded = nasjax.Predictor.load(tmp_path / "model")
  cells = SPACE.sample(30, np.random.default_rng(2))
  for first, second in zip(
    fitted.predict(cells, return_std=True),
    loaded.predict(cells, return_std=True),
    strict=True,
  ):
    np.testing.assert_array_equal(first, second)


def test_units_of_the_labels_change_no_rank(fitted):
  cells, labels = _labelled(60)
  other = nasjax.Predictor("nb201", model=REGRESSION).fit(
    cells, labels * 1e-3 + 4
  )
  every = SPACE.sample(100, np.random.default_rng(3))
  scores, stds = fitted.predict(every, return_std=True)
  again, spread = other.predict(every, return_std=True)
  np.testing.assert_allclose(again, scores * 1e-3 + 4, rtol=1e-4)
  np.testing.assert_allclose(spread, stds * 1e-3, rtol=1e-2)


@pytest.mark.slow
@pytest.mark.parametrize("space", ["darts", own_space.Chain()])
def test_other_spaces(space):
  model = nasjax.Predictor(space, model=REGRESSION)
  cells = model.space.sample(40, np.random.default_rng(0))
  labels = cells @ np.arange(1.0, cells.shape[1] + 1)
  scores, stds = model.fit(cells, labels).predict(cells, return_std=True)
  assert metrics.kendall_tau(scores, labels) > 0.5
  assert (stds > 0).all()


def test_the_command_trains_it(tmp_path, capsys):
  table = tmp_path / "own.csv"
  cells, labels = _labelled(40)
  lines = [
    f"{arch},{label}"
    for arch, label in zip(SPACE.format(cells), labels, strict=True)
  ]
  table.write_text("\n".join(["arch,value", *lines]) + "\n")
  workdir = tmp_path / "run"
  arguments = [
    "train.py",
    "--config=custom",
    "--config.space=nb201",
    f"--config.table={table}",
    "--config.model.name=regression",
    "--config.num_seeds=2",
    f"--workdir={workdir}",
  ]
  assert train.main(arguments) == 0
  summary = json.loads((workdir / "summary.json").read_text())
  assert summary["num_members"] == 1
  assert summary["seeds"] == [0, 1]
  config = json.loads((workdir / "config.json").read_text())
  assert config["model"]["name"] == "regression"
  model = nasjax.Predictor.load(workdir)
  assert model.predict(cells).shape == (40,)
  assert train.main(arguments) == 0  # again: nothing is left to do
  capsys.readouterr()


def test_a_field_of_a_network_is_one_line():
  with pytest.raises(errors.UserError, match="width"):
    nasjax.Predictor("nb201", model={**REGRESSION, "width": 8})
  config = configs.override(
    configs.space_defaults(SPACE), {"model.name": "regression"}
  )
  assert config.num_members == 1
  assert config.model.functions
