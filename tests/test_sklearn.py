"""The estimator of scikit-learn keeps the rules of scikit-learn."""

import pickle
import warnings

import numpy as np
import pytest

import nasjax
from nasjax import errors

pytest.importorskip("sklearn", reason="the extra sklearn")

from sklearn import base, model_selection
from sklearn.exceptions import DataConversionWarning, NotFittedError
from sklearn.utils import estimator_checks, validation

from nasjax.integrations import sklearn as integration

Regressor = integration.PredictorRegressor
SPACE = nasjax.get_space("nb201")
CELLS = SPACE.sample(24, np.random.default_rng(3))
TEXTS = SPACE.format(CELLS)
LABELS = CELLS.astype(float) @ np.arange(1.0, 7.0)
CODES = 5


class Binned(Regressor):
  """Takes tables of numbers, as the checks of scikit-learn give them.

  Each row becomes a cell of NAS-Bench-201, by its first columns.
  """

  def fit(self, X, y):
    if y is None:
      return super().fit(X, y)
    X, y = validation.validate_data(self, X, y, y_numeric=True)
    return super().fit(self._cells(X), y)

  def predict(self, X, return_std=False):
    validation.check_is_fitted(self)
    X = validation.validate_data(self, X, reset=False)
    return super().predict(self._cells(X), return_std)

  @staticmethod
  def _cells(X):
    cells = np.zeros((len(X), 6), np.int8)
    width = min(X.shape[1], 6)
    cells[:, :width] = np.floor(4 * X[:, :width]) % CODES
    return cells

  def __sklearn_tags__(self):
    tags = super().__sklearn_tags__()
    tags.input_tags.two_d_array = True
    tags.input_tags.string = False
    tags.regressor_tags.poor_score = True
    return tags


def test_it_is_a_public_name():
  assert nasjax.sklearn is integration
  assert nasjax.integrations.sklearn is integration
  assert "sklearn" in dir(nasjax)
  assert "sklearn" not in nasjax.__all__


def test_its_tags_say_that_it_takes_texts():
  tags = Regressor().__sklearn_tags__()
  assert tags.input_tags.string
  assert not tags.input_tags.two_d_array
  assert base.is_regressor(Regressor())


@pytest.mark.slow
def test_it_passes_the_checks_of_scikit_learn():
  with warnings.catch_warnings():
    warnings.simplefilter("ignore", DataConversionWarning)
    results = estimator_checks.check_estimator(
      Binned(), on_skip=None, on_fail=None
    )
  passed = [each for each in results if each["status"] == "passed"]
  assert len(passed) >= 40
  failed = [each for each in results if each["status"] == "failed"]
  assert failed == []


QUICK = (
  "check_estimator_cloneable",
  "check_no_attributes_set_in_init",
  "check_estimators_unfitted",
  "check_get_params_invariance",
  "check_set_params",
  "check_requires_y_none",
  "check_valid_tag_types",
  "check_mixin_order",
)


@pytest.mark.parametrize("name", QUICK)
def test_it_passes_the_checks_that_train_nothing(name):
  found = [
    (estimator, check)
    for estimator, check in estimator_checks.estimator_checks_generator(
      Binned()
    )
    if check.func.__name__ == name
  ]
  assert found
  for estimator, check in found:
    check(estimator)


@pytest.fixture(scope="module")
def fitted():
  return Regressor().fit(TEXTS, LABELS)


@pytest.mark.parametrize(
  "shape", ["list", "array", "objects", "column", "genotypes", "rows"]
)
def test_architectures_in_every_shape(fitted, shape):
  given = {
    "list": TEXTS,
    "array": np.array(TEXTS),
    "objects": np.array(TEXTS, object),
    "column": np.array(TEXTS)[:, None],
    "genotypes": CELLS,
    "rows": CELLS.tolist(),
  }[shape]
  expected = fitted.predict(TEXTS)
  np.testing.assert_array_equal(fitted.predict(given), expected)


def test_tables_and_series_of_pandas(fitted):
  pandas = pytest.importorskip("pandas", reason="for its tables")
  table = pandas.DataFrame({"arch": TEXTS}, index=range(100, 124))
  expected = fitted.predict(TEXTS)
  np.testing.assert_array_equal(fitted.predict(table), expected)
  np.testing.assert_array_equal(fitted.predict(table["arch"]), expected)


def test_it_predicts_what_a_predictor_predicts(fitted):
  model = nasjax.Predictor("nb201", model={"name": "regression"})
  model.fit(CELLS, LABELS)
  scores, std = fitted.predict(TEXTS, return_std=True)
  expected, spread = model.predict(CELLS, return_std=True)
  np.testing.assert_array_equal(scores, expected)
  np.testing.assert_array_equal(std, spread)
  assert fitted.score(TEXTS, LABELS) > 0.5
  assert integration.kendall_tau(fitted, TEXTS, LABELS) > 0.7


def test_clone_forgets_the_training(fitted):
  other = base.clone(fitted)
  assert other.get_params() == fitted.get_params()
  with pytest.raises(NotFittedError):
    other.predict(TEXTS)
  other.set_params(random_state=3, fields={"kernel": {"power": 1.0}})
  assert other.fit(TEXTS, LABELS) is other
  assert other.predictor_.config.seed == 3
  assert other.predictor_.config.kernel.power == 1.0


def test_cross_validation_and_grid_search():
  scores = model_selection.cross_val_score(
    Regressor(),
    np.array(TEXTS),
    LABELS,
    cv=model_selection.KFold(2),
    scoring=integration.kendall_tau,
    error_score="raise",
  )
  assert scores.shape == (2,)
  assert (scores > 0.3).all()
  powers = [{"kernel": {"power": power}} for power in (1.0, 1.5)]
  search = model_selection.GridSearchCV(
    Regressor(), {"fields": powers}, cv=2, error_score="raise"
  ).fit(TEXTS, LABELS)
  assert search.best_params_["fields"] in powers
  assert search.predict(TEXTS).shape == (24,)


def test_it_is_pickled_with_its_training(fitted):
  other = pickle.loads(pickle.dumps(fitted))
  scores, std = fitted.predict(TEXTS, return_std=True)
  again, spread = other.predict(TEXTS, return_std=True)
  np.testing.assert_array_equal(again, scores)
  np.testing.assert_array_equal(spread, std)


@pytest.mark.parametrize(
  ("name", "expected"), [("default", "architecture"), ("mlp", "mlp")]
)
def test_a_network_is_an_option(name, expected, monkeypatch):
  monkeypatch.setattr(nasjax.Predictor, "fit", lambda self, *_: self)
  model = Regressor(model=name, fields={"epochs": 1}).fit(TEXTS, LABELS)
  assert model.predictor_.config.model.name == expected
  assert model.predictor_.config.epochs == 1


def test_a_column_of_labels_is_flattened_with_a_warning():
  with pytest.warns(DataConversionWarning):
    model = Regressor().fit(TEXTS, LABELS[:, None])
  assert model.predict(TEXTS[:2]).shape == (2,)


@pytest.mark.parametrize(
  ("options", "archs", "labels", "message"),
  [
    ({"model": "forest"}, TEXTS, LABELS, "unknown model 'forest'"),
    ({"space": "nb999"}, TEXTS, LABELS, "nb999"),
    ({"fields": {"speed": 1}}, TEXTS, LABELS, "speed"),
    ({"random_state": -1}, TEXTS, LABELS, "seed"),
    ({}, ["|x|"] * 24, LABELS, "expected the form"),
    ({}, TEXTS, LABELS[:3], "expected shape"),
    ({}, TEXTS, np.full(24, np.nan), "label 0 is nan"),
    ({}, TEXTS, np.ones(24), "two different values"),
    ({}, TEXTS, None, "the target y is None"),
  ],
)
def test_mistakes_are_one_line(options, archs, labels, message):
  with pytest.raises(errors.UserError, match=message) as caught:
    Regressor(**options).fit(archs, labels)
  assert "\n" not in str(caught.value)
