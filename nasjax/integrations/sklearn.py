"""A predictor of architectures as an estimator of scikit-learn.

Dimensions: `n` architectures, `G` integers of a genotype.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from nasjax import errors
from nasjax.integrations import extras
from nasjax.predictors import predictor
from nasjax.spaces import base as spaces_base
from nasjax.systems import registry
from nasjax.training import metrics

extras.load("sklearn", "sklearn")

from sklearn import base  # noqa: E402
from sklearn.utils import validation  # noqa: E402

DEFAULT = "default"


class PredictorRegressor(base.RegressorMixin, base.BaseEstimator):
  """Predicts labels of architectures (`nasjax.Predictor`).

  `X` are `n` architectures: official notations as a list, an array, a pandas
  Series or the one column of a table, or genotypes `[n, G]`. By default the
  kernel regression alone is fitted, which takes about a second. `score` is the
  coefficient of determination, as for every regressor; `kendall_tau` is a
  scorer for ranks, as in `cross_val_score(..., scoring=kendall_tau)`.

  Attributes:
    predictor_: the fitted `nasjax.Predictor`, after `fit`.
  """

  def __init__(
    self,
    space: str | spaces_base.Space = "nb201",
    *,
    model: str = "regression",
    fields: Mapping[str, Any] | None = None,
    random_state: int = 0,
  ):
    """Keeps the parameters, which `fit` checks.

    Args:
      space: the search space, or its name.
      model: the name of a system (`regression`, `architecture`, ...), or
        `default` for the one of the space, network and regression.
      fields: further fields of the config, as `nasjax.Predictor` takes them.
      random_state: seed of all draws.
    """
    self.space = space
    self.model = model
    self.fields = fields
    self.random_state = random_state

  def fit(self, X: Any, y: Any) -> "PredictorRegressor":
    """Fits a predictor.

    Args:
      X: architectures.
      y: their labels, `[n]`.

    Returns:
      Itself.

    Raises:
      UserError: an architecture, a label or a parameter is bad.
    """
    if y is None:
      raise errors.UserError(
        f"{type(self).__name__} requires y to be passed, but the target y is "
        "None: expected a label for each architecture"
      )
    labels = validation.column_or_1d(y, warn=True)
    if len(labels) < 2:
      raise errors.UserError(
        "X: expected at least 2 architectures with labels, got n_samples = "
        f"{len(labels)}"
      )
    fields = dict(self.fields or {})
    names = (DEFAULT, *registry.model_names())
    errors.check_name("model", self.model, names)
    if self.model != DEFAULT:
      fields["model"] = {**fields.get("model", {}), "name": self.model}
    model = predictor.Predictor(self.space, self.random_state, **fields)
    self.predictor_ = model.fit(_archs(X), labels)
    return self

  def predict(self, X: Any, return_std: bool = False) -> Any:
    """Predicts the labels of architectures.

    Args:
      X: architectures.
      return_std: whether standard deviations are returned too.

    Returns:
      Predictions `[n]` float64; with `return_std` a pair of them and their
      standard deviations `[n]` (`nasjax.Predictor.predict`).

    Raises:
      NotFittedError: `fit` was not called.
      UserError: an architecture is bad.
    """
    validation.check_is_fitted(self, "predictor_")
    return self.predictor_.predict(_archs(X), return_std=return_std)

  def __sklearn_tags__(self) -> Any:
    tags = super().__sklearn_tags__()
    tags.input_tags.two_d_array = False
    tags.input_tags.string = True
    return tags


def kendall_tau(estimator: Any, X: Any, y: Any) -> float:
  """Kendall's tau-b of predictions and labels: a scorer of scikit-learn.

  Args:
    estimator: a fitted regressor.
    X: what it predicts.
    y: the labels, `[n]`.
  """
  return metrics.kendall_tau(estimator.predict(X), np.asarray(y))


def _archs(given: Any) -> Any:
  """Architectures out of a table or an array with one column."""
  shape = getattr(given, "shape", ())
  is_column = len(shape) == 2 and shape[1] == 1
  if is_column or hasattr(given, "iloc"):
    return np.asarray(given)[:, 0] if is_column else np.asarray(given)
  return given
