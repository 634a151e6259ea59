"""Floors: one-hot codes, tree ensembles on a table that they can learn."""

import numpy as np
import pytest
import reproduce_tiny

from nasjax import errors
from nasjax.experiments import tasks
from nasjax.reproduce import catalog, extras, floors
from nasjax.training import metrics

NEEDS = {
  "random_forest_onehot": "sklearn",
  "random_forest_graph": "sklearn",
  "xgboost_onehot": "xgboost",
  "xgboost_graph": "xgboost",
  "random_forest_paths": "sklearn",
  "xgboost_paths": "xgboost",
}


@pytest.fixture(scope="module")
def task(tmp_path_factory):
  folder = tmp_path_factory.mktemp("table")
  reproduce_tiny.write_table(folder, num=200)
  config = reproduce_tiny.recipe("default", "nb201", 0)
  config.benchmark, config.num_train, config.num_seeds = "nb201", 120, 2
  return tasks.make_task(config, folder)


def test_onehot_by_hand():
  code = floors.onehot(np.array([[0, -1], [2, 3], [0, 3]]))
  assert code.dtype == np.float32
  assert code.tolist() == [[1, 0, 1, 0], [0, 1, 0, 1], [1, 0, 0, 1]]


def test_onehot_of_a_space():
  cells = reproduce_tiny.SPACE.enumerate()
  code = floors.onehot(cells)
  assert code.shape == (15625, 30)
  assert (code.sum(axis=1) == 6).all()


def test_graph_features_with_and_without_path_features(rng):
  cells = reproduce_tiny.SPACE.sample(4, rng)
  widths = [
    floors.graph_features(reproduce_tiny.SPACE, cells, paths).shape
    for paths in (False, True)
  ]
  assert widths == [(4, 63), (4, 63 + 54)]


@pytest.mark.parametrize("method", ["flops", "params"])
def test_counts(task, method):
  scores = floors.scores(method, task, reproduce_tiny.features)
  space = task.benchmark.space
  count = space.flops if method == "flops" else space.num_params
  assert scores.shape == (2, 200)
  assert scores[1].tolist() == count(task.benchmark.genotypes).tolist()


@pytest.mark.parametrize("method", NEEDS)
def test_trees_learn_their_own_sample(task, method, monkeypatch):
  pytest.importorskip(NEEDS[method], reason="needs the extra 'baselines'")
  monkeypatch.setitem(floors.XGBOOST, "n_estimators", 100)
  monkeypatch.setitem(floors.RANDOM_FOREST, "n_estimators", 20)
  scores = floors.scores(method, task, reproduce_tiny.features)
  assert scores.shape == (2, 200)
  labels = task.benchmark.values(task.train_label)
  for split, row in zip(task.splits, scores, strict=True):
    seen = metrics.kendall_tau(row[split.train], labels[split.train])
    unseen = metrics.kendall_tau(row[split.rest], labels[split.rest])
    assert 0.2 < unseen < seen
    assert seen > (0.8 if method.endswith("onehot") else 0.4)
  again = floors.scores(method, task, reproduce_tiny.features)
  assert (again == scores).all()
  told = floors.correlations(task, scores)
  split = task.splits[1]
  test = task.benchmark.values(task.test_label)
  assert told["tau_rest"][1] == metrics.kendall_tau(
    scores[1][split.rest], test[split.rest]
  )
  assert list(told) == ["tau_rest", "tau_all", "spearman_rest"]


def test_settings_are_those_of_the_document():
  assert floors.settings("xgboost_graph") == {
    "n_estimators": 1000,
    "learning_rate": 0.03,
    "max_depth": 6,
  }
  assert floors.settings("random_forest_onehot") == {"n_estimators": 100}
  assert floors.settings("flops") == {}
  assert set(NEEDS) | {"flops", "params"} == set(catalog.FLOORS)


def test_features_of_a_wrong_shape_are_a_defect(task):
  pytest.importorskip("sklearn", reason="needs the extra 'baselines'")
  with pytest.raises(ValueError, match="expected shape"):
    floors.scores("random_forest_graph", task, lambda *_: np.zeros((3, 2)))


def test_a_missing_package_names_the_extra():
  with pytest.raises(errors.UserError, match=r"'.\[baselines\]'") as error:
    extras.load("no_such_package", "baselines")
  assert "\n" not in str(error.value)
  with pytest.raises(errors.UserError, match="unknown floor 'nope'"):
    floors.scores("nope", None, reproduce_tiny.features)  # type: ignore
