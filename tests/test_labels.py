"""Labels: which are read, which are refused, and any unit."""

import collections
import datetime
import decimal
import fractions
import math

import jax.numpy as jnp
import numpy as np
import pytest
import tiny

import nasjax
from nasjax import errors, labels
from nasjax.predictors import exporting, predictor
from nasjax.scoring import streaming
from nasjax.systems.architecture import multitask

SPACE = nasjax.get_space("nb201")
Point = collections.namedtuple("Point", "x y z")


class Series:
  """Looks as a pandas Series to numpy: values in the order of the rows."""

  def __init__(self, values, index):
    self._values, self.index = np.asarray(values), index

  def __array__(self, dtype=None, copy=None):
    return self._values if dtype is None else self._values.astype(dtype)

  def __iter__(self):
    return iter(self._values)


@pytest.mark.parametrize(
  ("given", "expected"),
  [
    ([1, 2.5, -3], [1, 2.5, -3]),
    ((1, 2, 3), [1, 2, 3]),
    (Point(1, 2, 3), [1, 2, 3]),
    (range(3), [0, 1, 2]),
    ([True, False, 2], [1, 0, 2]),
    (np.array([True, False, True]), [1, 0, 1]),
    (np.arange(3, dtype=np.uint8), [0, 1, 2]),
    (np.arange(3, dtype=np.float16), [0, 1, 2]),
    (np.arange(3, dtype=np.longdouble), [0, 1, 2]),
    (jnp.arange(3.0), [0, 1, 2]),
    (jnp.arange(3, dtype=jnp.bfloat16), [0, 1, 2]),
    ([jnp.float32(0.5), np.float32(1), 2], [0.5, 1, 2]),
    (np.array([1, 2.5, np.float32(3)], object), [1, 2.5, 3]),
    ([decimal.Decimal("0.5"), fractions.Fraction(1, 4), 1], [0.5, 0.25, 1]),
    ([10**30, 1, 2], [1e30, 1, 2]),
    (np.ma.masked_array([1.0, 2, 3], mask=np.zeros(3, bool)), [1, 2, 3]),
    (Series([3.0, 1.0, 2.0], index=[2, 0, 1]), [3, 1, 2]),
  ],
)
def test_numbers_count_by_their_position(given, expected):
  found = labels.read(given, (3,))
  assert found.dtype == np.float64
  assert found.tolist() == expected


def test_pandas_series_count_by_their_position():
  pandas = pytest.importorskip("pandas", reason="pandas is not installed")
  series = pandas.Series([3.0, 1.0, 2.0], index=[2, 0, 1])
  assert labels.read(series, (3,)).tolist() == [3, 1, 2]
  named = pandas.Series(SPACE.format(SPACE.enumerate()[:3]), index=[9, 8, 7])
  rows = predictor.as_genotypes(SPACE, named)
  np.testing.assert_array_equal(rows, SPACE.enumerate()[:3])
  with pytest.raises(errors.UserError, match="label 1 is nan"):
    labels.read(pandas.Series([1, None, 3], dtype="Int64"), (3,))


@pytest.mark.parametrize(
  ("given", "message"),
  [
    (
      np.ma.masked_array([1, 2, -1e6], mask=np.arange(3) == 2),
      "label 2 is masked",
    ),
    ([1.0, np.ma.masked, 3.0], "label 1 is masked"),
    ([1j, 2, 3], "expected real numbers, got an array of complex128"),
    (np.array([1, 1j, 3], object), "label 1 is 1j: expected a real number"),
    (np.array(["2020", "2021", "2022"], "M8[Y]"), r"array of datetime64\[Y\]"),
    ([np.timedelta64(1, "s")] * 3, r"array of timedelta64\[s\]"),
    ([datetime.date(2020, 1, 2)] * 3, "label 0 is datetime.date"),
    ({1.0, 2.0, 3.0}, "expected numbers, got set"),
    ({0: 1.0, 1: 2.0, 2: 3.0}, "expected numbers, got dict"),
    (["a", "b", "c"], "expected real numbers, got an array of <U1"),
    (["1", "2", "3"], "expected real numbers, got an array of <U1"),
    ([b"1", b"2", b"3"], "expected real numbers, got an array of .S1"),
    ("abc", "expected numbers, got str"),
    ([[1], [1, 2], 3], "got a list that is no array of numbers"),
    ((x for x in (1, 2, 3)), "expected numbers, got generator"),
    (map(float, "123"), "expected numbers, got map"),
    (None, "expected numbers, got NoneType"),
    ([None, 1, 2], "label 0 is None: expected a real number"),
    ([1, {}, 2], "label 1 is {}: expected a real number"),
    ([10**400, 1, 2], "label 0: expected a number that a float64 can hold"),
    ([10**5000, 1, 2], "label 0: expected a number that a float64 can hold"),
    ([1.0, 2.0], r"expected shape \[3\].*got \[2\]"),
    (bytearray(b"123"), "expected numbers, got bytearray;"),
    (memoryview(b"123"), "expected numbers, got memoryview;"),
    ({0: 1, 1: 2, 2: 4}.values(), "for each architecture, got one dict_values"),
    (map(float, "124"), "expected numbers, got map;"),
    ((each for each in "124"), "expected numbers, got generator;"),
    (3.0, "one number for each architecture, got one float;"),
    (np.zeros((3, 1)), r"got \[3, 1\]"),
    ([np.timedelta64(1), None, 2], "label 0 is np.timedelta64"),
    ([1, float("nan"), 2], "label 1 is nan: expected finite"),
    ([1, 2, float("-inf")], "label 2 is -inf: expected finite"),
    (np.zeros(3, [("a", float)]), "expected real numbers"),
  ],
)
def test_what_is_no_number_is_refused_in_one_line(given, message):
  with pytest.raises(errors.UserError, match=message) as caught:
    labels.read(given, (3,))
  assert "\n" not in str(caught.value)
  assert len(str(caught.value)) < 500


def test_missing_labels_of_data_sets():
  given = np.ma.masked_array(
    [[1.0, 2], [np.nan, 4]], mask=np.eye(2)[::-1] == [[1], [2]]
  )
  found = labels.read(given, (2, 2), missing=True)
  np.testing.assert_array_equal(found, [[1, np.nan], [np.nan, 4]])
  with pytest.raises(errors.UserError, match="label 3 is inf"):
    labels.read([[1, np.nan], [2, np.inf]], (2, 2), missing=True)


@pytest.mark.parametrize(
  "unit", [1.0, 1e155, 1e160, 5e307, -1e300, 1e-170, 1e-310, 5e-324]
)
def test_labels_of_any_unit_are_standardised(unit):
  found, mean, std = labels.normalize(np.array([1.0, 3.0, 2.0]) * unit, 3)
  expected = np.sign(unit) * np.sqrt(1.5) * np.array([-1.0, 1.0, 0.0])
  np.testing.assert_allclose(found, expected, rtol=1e-12)
  assert mean == 2 * unit
  assert std == pytest.approx(
    abs(unit) * math.sqrt(2 / 3), rel=1e-9, abs=5e-324
  )


def test_ends_of_the_range_and_a_large_offset():
  found, mean, _ = labels.normalize([-1.7e308, 1.7e308, 0.0], 3)
  np.testing.assert_allclose(found, np.sqrt(1.5) * np.array([-1, 1, 0]))
  assert mean == 0
  found, mean, _ = labels.normalize([1e15, 1e15 + 1, 1e15 + 2], 3)
  np.testing.assert_allclose(found, np.sqrt(1.5) * np.array([-1, 0, 1]))


@pytest.mark.parametrize(
  ("offset", "spread"),
  [(80, 5), (0, 1), (1e-3, 1e-5), (-1e6, 3e2), (1e60, 1e55)],
)
def test_usual_units_keep_every_bit(offset, spread, rng):
  values = offset + spread * rng.normal(size=101)
  found, mean, std = labels.normalize(values, 101)
  np.testing.assert_array_equal(found, (values - values.mean()) / values.std())
  assert (mean, std) == (values.mean(), values.std())
  raw = rng.normal(size=(3, 101)).astype(np.float32)
  scale, shift = labels.calibrate(raw, values)
  expected = values.std() / raw.std(axis=1, dtype=np.float64)
  np.testing.assert_array_equal(scale, expected)
  scores = raw * scale[:, None] + shift[:, None]
  mean, std = labels.combine(scale, shift, raw)
  np.testing.assert_array_equal(mean, scores.mean(axis=0))
  np.testing.assert_array_equal(std, scores.std(axis=0))


def test_equal_scores_are_not_stretched(rng):
  """What is rounding alone has the scale of standardised labels."""
  values = 80 + rng.normal(size=20)
  equal = np.full(20, 3.7, np.float32)
  rounded = np.nextafter(
    equal, np.where(rng.random(20) < 0.5, 0, 9), dtype="f4"
  )
  told_apart = np.linspace(3.7, 3.701, 20, dtype=np.float32)
  raw = np.stack([equal, rounded, 0 * equal, told_apart])
  scale, shift = labels.calibrate(raw, values)
  np.testing.assert_allclose(scale[:3], values.std())
  np.testing.assert_allclose(
    scale[3], values.std() / raw[3].std(dtype=np.float64)
  )
  middle = raw.mean(axis=1) * scale + shift
  np.testing.assert_allclose(middle, values.mean(), rtol=1e-4)


@pytest.mark.slow
def test_equal_cells_with_other_labels_give_scores_in_their_range(rng):
  """Nothing can be learnt of them, and nothing is said of other cells."""
  one = SPACE.sample(1, rng)
  values = rng.uniform(70, 80, size=20)
  model = nasjax.Predictor("nb201", config=tiny.config(num_members=2))
  model.fit(np.repeat(one, 20, axis=0), values)
  scores, std = model.predict(SPACE.sample(200, rng), return_std=True)
  assert 40 < scores.min() < scores.max() < 110
  assert std.max() < 30
  np.testing.assert_allclose(model.predict(one), values.mean(), atol=1e-3)


def fit(values):
  cells = SPACE.sample(len(values), np.random.default_rng(3))
  layers = {"model.num_layers": 0, "model.encoder_layers": 0}
  config = tiny.config(
    epochs=1, num_members=2, **layers, **{"model.features": "none"}
  )
  return nasjax.Predictor("nb201", config=config).fit(cells, values), cells


def test_scores_are_in_the_unit_of_the_labels(tmp_path):
  values = 80 + 5 * np.random.default_rng(1).normal(size=16)
  model, cells = fit(values)
  scores, std = model.predict(cells, return_std=True)
  power = 531  # 1e160: a power of two changes no digit of labels or scores
  other, _ = fit(np.ldexp(values, power))
  again, spread = other.predict(cells, return_std=True)
  np.testing.assert_array_equal(again, np.ldexp(scores, power))
  np.testing.assert_array_equal(spread, np.ldexp(std, power))
  other.save(tmp_path / "model")
  loaded = nasjax.Predictor.load(tmp_path / "model")
  np.testing.assert_array_equal(loaded.predict(cells), again)
  with pytest.raises(errors.UserError, match="scores as float32"):
    exporting.to_program(other)


@pytest.mark.parametrize("power", [531, 960, -566, -960])
def test_members_are_calibrated_and_joined_in_any_unit(power, rng):
  values, raw = 80 + rng.normal(size=9), rng.normal(size=(3, 9))
  scale, shift = labels.calibrate(raw, values)
  found = labels.calibrate(raw, np.ldexp(values, power))
  np.testing.assert_array_equal(found, np.ldexp((scale, shift), power))
  joined = labels.combine(*found, raw)
  expected = np.ldexp(labels.combine(scale, shift, raw), power)
  np.testing.assert_array_equal(joined, expected)


@pytest.mark.parametrize(
  ("values", "message"),
  [
    ([1e308, 0.5e308, 0.0], "expected sizes up to 1e\\+290"),
    ([0.0, 1e-300, 2e-300], "a spread of at least 1e-290"),
    ([1e15, 1e15 + 1e2, 1e15 + 2e2], "subtract a constant first"),
  ],
)
def test_units_without_room_for_scores_are_refused(values, message):
  with pytest.raises(errors.UserError, match=message):
    fit(values)


def test_data_sets_are_standardised_in_any_unit():
  values = np.array([[1.0, 3.0], [3.0, np.nan], [2.0, 7.0]])
  expected = multitask.normalize_within(values)
  unusual = values * [1e200, 1e-200]
  found = multitask.normalize_within(unusual)
  np.testing.assert_allclose(found, expected, rtol=1e-6)
  assert found.dtype == np.float32
  np.testing.assert_array_equal(unusual, values * [1e200, 1e-200])


def test_moments_of_a_stream_in_any_unit(tmp_path):
  def value(cells):
    return 80 + (cells * [0.3, 1.7, 0.11, 0.9, 2.3, 0.77]).sum(axis=1)

  usual = streaming.stream_top_k(value, SPACE, 192, 5, batch_size=64)
  for power in (531, -566):
    state = tmp_path / f"{power}.npz"
    best = streaming.stream_top_k(
      lambda cells, power=power: np.ldexp(value(cells), power),
      SPACE,
      192,
      5,
      batch_size=64,
      state=state,
      save_every=1,
    )
    for found in (best, streaming.load(state, " nb201 0 5 64")):
      scaled = [np.ldexp(x, -power) for x in (found.mean, found.std)]
      np.testing.assert_allclose(scaled, (usual.mean, usual.std), rtol=1e-12)
    np.testing.assert_array_equal(best.genotypes, usual.genotypes)


def test_scores_are_shown_in_few_digits():
  scores = [93.51234, -2.0, 0.0, 2e160, -3.25e-170, 1e9]
  shown = ["93.5123", "-2.0000", "0.0000", "2e+160", "-3.25e-170", "1e+09"]
  assert [labels.show(score) for score in scores] == shown
