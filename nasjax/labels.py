"""Labels as users give them, and scores in their unit.

Any unit will do. Numbers whose squares a float64 cannot hold are divided by a
power of two first, which changes no digit.

Dimensions: `n` architectures, `R` members of an ensemble.
"""

import collections.abc
import decimal
import math
import numbers
import warnings
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from nasjax import errors

LARGEST = 1e290
"""Size of a label beyond which scores in its unit might not be finite."""
SMALLEST_SPREAD = 1e-290
"""Standard deviation of labels below which scores might not be told apart."""
_RELATIVE_SPREAD = 1e-12
_ROUNDING = 1e-5  # of float32 scores that are sums in several orders
_SAFE_EXPONENT = 300
_NO_SEQUENCES = (
  str,
  bytes,
  bytearray,
  memoryview,
  collections.abc.Mapping,
  collections.abc.Set,
  collections.abc.Iterator,
)
_ADVICE = "give a list or an array of numbers"


def exponent(largest: float) -> int:
  """Returns the power of two by which numbers are divided before squaring.

  Args:
    largest: size of the largest number.

  Returns:
    0 where squares and sums are safe as they are, which is so for sizes from
    about 1e-90 to 1e90.
  """
  found = math.frexp(largest)[1]
  return 0 if not largest or abs(found) <= _SAFE_EXPONENT else found - 1


def read(labels: Any, shape: tuple[int, ...], missing: bool = False) -> Any:
  """Reads labels as numbers.

  Args:
    labels: a list, tuple, array (also of JAX) or pandas Series of numbers;
      values count by their position. Booleans are 0 and 1.
    shape: the shape that they must have.
    missing: whether NaN, or a masked entry, stands for no label; otherwise
      both are refused.

  Returns:
    A new array of that shape, float64; finite, or NaN with `missing`.

  Raises:
    UserError: the kind or the shape is another one, or a label is no number,
      masked, infinite or too large for a float64.
  """
  array = _as_array(labels)
  if array.shape != shape:
    raise errors.UserError(
      f"labels: expected shape {list(shape)}, one for each architecture, got "
      f"{list(array.shape)}"
    )
  hidden = np.flatnonzero(np.ma.getmaskarray(array))
  if hidden.size and not missing:
    raise errors.UserError(
      f"label {hidden[0]} is masked: expected finite numbers; drop "
      "architectures without a label"
    )
  values = _numbers(np.ma.getdata(array))
  values.ravel()[hidden] = np.nan
  bad = ~np.isfinite(values) & ~(missing & np.isnan(values))
  if bad.any():
    at = int(np.flatnonzero(bad)[0])
    raise errors.UserError(
      f"label {at} is {values.ravel()[at]}: expected finite numbers; drop "
      "architectures without a label"
    )
  return values


def _as_array(labels: Any) -> np.ndarray:
  """Returns labels as an array of any dtype; a mask is kept."""
  if labels is None or isinstance(labels, _NO_SEQUENCES):
    raise errors.UserError(
      f"labels: expected numbers, got {type(labels).__name__}; {_ADVICE}"
    )
  if isinstance(labels, np.ma.MaskedArray):
    return labels
  if isinstance(labels, list | tuple):
    for at, label in enumerate(labels):
      if label is np.ma.masked:
        raise errors.UserError(
          f"label {at} is masked: expected finite numbers; drop architectures "
          "without a label"
        )
  try:
    with warnings.catch_warnings():
      warnings.simplefilter("error")
      array = np.asarray(labels)
  except Exception as error:
    reason = " ".join(str(error).split())[:120]
    raise errors.UserError(
      "labels: expected one number for each architecture, got a "
      f"{type(labels).__name__} that is no array of numbers ({reason}); "
      f"{_ADVICE}"
    ) from error
  if array.ndim == 0:
    raise errors.UserError(
      "labels: expected one number for each architecture, got one "
      f"{type(labels).__name__}; {_ADVICE}"
    )
  return array


def _numbers(array: np.ndarray) -> np.ndarray:
  """Converts an array of any dtype to a new one of float64."""
  is_real = array.dtype.kind in "fiub"
  if is_real or jnp.issubdtype(array.dtype, np.floating):
    with np.errstate(over="ignore"):
      return array.astype(np.float64)
  if array.dtype.kind != "O":
    raise errors.UserError(
      f"labels: expected real numbers, got an array of {array.dtype}; {_ADVICE}"
    )
  values = [_number(at, each) for at, each in enumerate(array.ravel())]
  return np.array(values, np.float64).reshape(array.shape)


def _number(at: int, label: Any) -> float:
  try:
    is_span = isinstance(label, np.timedelta64)  # registered as an integer
    is_real = isinstance(label, numbers.Real | decimal.Decimal | jax.Array)
    if is_real and not is_span:
      return float(label)
    if isinstance(label, np.ndarray) and label.ndim == 0:
      return float(_numbers(label))
  except (TypeError, ValueError, OverflowError) as error:
    raise errors.UserError(
      f"label {at}: expected a number that a float64 can hold, got "
      f"{errors.quote(label)} ({str(error)[:80]})"
    ) from error
  raise errors.UserError(
    f"label {at} is {errors.quote(label)}: expected a real number; drop "
    "architectures without a label"
  )


def normalize(labels: Any, num: int) -> tuple[np.ndarray, float, float]:
  """Standardises labels.

  Args:
    labels: `[n]`, higher = better, any unit; see `read`.
    num: `n`.

  Returns:
    Standardised labels `[n]` float64, their mean and standard deviation.

  Raises:
    UserError: see `read`; or there are fewer than two labels, or all are equal.
  """
  values = read(labels, (num,))
  if num < 2 or values.min() == values.max():
    raise errors.UserError(
      "labels: expected at least two different values, got "
      f"{num} label(s) without a difference; nothing can be ranked"
    )
  power = exponent(float(np.abs(values).max()))
  values = np.ldexp(values, -power)
  mean, std = float(values.mean()), float(values.std())
  spread = (values - mean) / std
  return spread, math.ldexp(mean, power), math.ldexp(std, power)


def check_unit(mean: float, std: float) -> None:
  """Checks that scores in the unit of labels are finite and not all equal.

  Args:
    mean: mean of the labels.
    std: their standard deviation.

  Raises:
    UserError: the unit is too small or too large, or the labels differ by too
      little for their size.
  """
  size = max(abs(mean), std)
  if not SMALLEST_SPREAD <= std <= size <= LARGEST:
    raise errors.UserError(
      f"labels: expected sizes up to {LARGEST:g} and a spread of at least "
      f"{SMALLEST_SPREAD:g}, got a mean of {mean:g} and a standard deviation "
      f"of {std:g}; use another unit"
    )
  if std < _RELATIVE_SPREAD * size:
    raise errors.UserError(
      f"labels: expected a spread of at least {_RELATIVE_SPREAD:g} of their "
      f"size, got a mean of {mean:.17g} and a standard deviation of {std:g}; "
      "subtract a constant first"
    )


def standardise(labels: Any, num: int) -> np.ndarray:
  """Labels of one training as its targets, `[n]` float32.

  Args:
    labels: `[n]`, any unit.
    num: `n`.

  Raises:
    UserError: see `normalize` and `check_unit`.
  """
  targets, mean, std = normalize(labels, num)
  check_unit(mean, std)
  return targets.astype(np.float32)


def calibrate(
  raw: np.ndarray, labels: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
  """Maps raw scores to the label's mean and spread on the training cells.

  A member that gives all training cells one score, but for the rounding of
  float32, has a scale from standardised labels to the label's unit instead: a
  rounding error that is stretched to the spread of the labels would take the
  scores of other cells out of all bounds.

  Args:
    raw: raw scores of the training cells, `[R, n]`.
    labels: their labels, `[n]` float64.

  Returns:
    Scale `[R]` (positive, so that no rank changes) and shift `[R]`.
  """
  power = exponent(float(np.abs(labels).max()))
  labels = np.ldexp(labels, -power)
  spread = raw.std(axis=1, dtype=np.float64)
  rounding = _ROUNDING * np.abs(raw).max(axis=1)
  scale = labels.std() / np.where(spread > rounding, spread, 1.0)
  shift = labels.mean() - scale * raw.mean(axis=1, dtype=np.float64)
  return np.ldexp(scale, power), np.ldexp(shift, power)


def combine(
  scale: np.ndarray, shift: np.ndarray, raw: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
  """Mean and spread of the members, in the label's unit.

  Args:
    scale: factor of each member, `[R]`.
    shift: offset of each member, `[R]`.
    raw: raw scores `[R, n]`.

  Returns:
    Mean `[n]` and standard deviation over members `[n]`, float64.
  """
  power = exponent(float(max(np.abs(scale).max(), np.abs(shift).max())))
  scale, shift = np.ldexp(scale, -power), np.ldexp(shift, -power)
  scores = raw * scale[:, None] + shift[:, None]
  mean, std = scores.mean(axis=0), scores.std(axis=0)
  return np.ldexp(mean, power), np.ldexp(std, power)


def show(score: float) -> str:
  """Returns a score as a command prints it, whatever its unit is."""
  is_usual = not score or 1e-3 <= abs(score) < 1e9
  return f"{score:.4f}" if is_usual else f"{score:.6g}"


def ranks(values: np.ndarray) -> np.ndarray:
  """Ranks of `[n]` from 1 on, float64; equal values share their mean rank."""
  _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
  last = np.cumsum(counts)
  return (last - (counts - 1) / 2)[place]
