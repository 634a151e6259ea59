"""The estimator of scikit-learn keeps the rules of scikit-learn."""

import pickle

import numpy as np
import pytest
import tiny

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
DIGITS = 5
UNFIT = {
  "check_regressor_multioutput": "one label for each architecture",
  "check_regressors_no_decision_function": "",
}


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
    cells[:, :width] = np.floor(4 * X[:, :width]) % DIGITS
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
