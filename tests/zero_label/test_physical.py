"""Physical features: worked by hand, equal for equal work, and in any space."""

import numpy as np
import pytest

from nasjax import operators
from nasjax.features import cell_physical, columns, tables
from nasjax.spaces import registry as spaces
from nasjax.zero_label import architectures, kernels

# Two paths: a 3x3 convolution, an identity, a pooling; and an identity alone.
CELL = (
  "|nor_conv_3x3~0|+|none~0|skip_connect~1|+"
  "|skip_connect~0|none~1|avg_pool_3x3~2|"
)


def features_of(space, archs):
  space = spaces.get_space(space)
  found = tables.table(space, space.parse(archs), "physical")
  return [dict(zip(cell_physical.NAMES, row, strict=True)) for row in found]


def test_a_cell_worked_by_hand():
  (found,) = features_of("nb201", [CELL])
  expected = {
    "nodes (spatial)": 1,
    "nodes (1x1)": 0,
    "nodes (pool)": 1,
    "nodes (skip)": 2,
    "most on paths (conv)": 1,
    "least on paths (conv)": 0,
    "mean on paths (conv)": 0.5,
    "spread on paths (conv)": 0.5,
    "walks on paths (conv)": 0.5,
    "most on paths (field)": 4,
    "most on paths (hops)": 2,
    "most without pool (conv)": 0,
    "share of paths without conv": 0.5,
    "share of paths without pool": 0.5,
    "some path without conv": 1,
    "width (conv)": 1,
    "log2 kernel area": np.log2(10),
    "share of pool nodes": 0.5,
    "edges": 4,
    "log2 paths": np.log2(3),
    "edges input to spatial": 1,
    "edges spatial to pool": 1,
    "edges pool to output": 1,
    "edges input to output": 1,
    "edges input to pool": 0,
  }
  for name, value in expected.items():
    assert found[name] == pytest.approx(value, abs=1e-5), name


def test_dead_operations_count_nothing():
  live_too = CELL.replace("none~1", "nor_conv_3x3~1")
  cut = "|nor_conv_3x3~0|+|none~0|none~1|+|skip_connect~0|none~1|none~2|"
  alone = "|none~0|+|none~0|none~1|+|skip_connect~0|none~1|none~2|"
  first, second, live = features_of("nb201", [cut, alone, live_too])
  assert first == second
  assert live["nodes (spatial)"] == 2


def test_the_same_work_is_equal_in_two_spaces():
  chain = "|nor_conv_3x3~0|+|none~0|nor_conv_1x1~1|+|none~0|none~1|"
  (first,) = features_of("nb201", [chain + "skip_connect~2|"])
  (second,) = features_of(
    "nb101",
    ["0100/0010/0001/0000:input+conv3x3-bn-relu+conv1x1-bn-relu+output"],
  )
  skips = {"nodes (skip)"}
  for name in set(first) - skips:
    assert first[name] == pytest.approx(second[name]), name


@pytest.mark.parametrize(
  ("operator", "work"),
  [
    ("conv_3x3", (1, 1, 2, 0, 0, 9)),
    ("conv_1x1", (1, 0, 0, 0, 0, 1)),
    ("sep_conv_3x3", (2, 2, 4, 0, 0, 2 * (1 + 9 / 64))),
    ("dil_conv_5x5", (1, 1, 8, 0, 0, 1 + 25 / 64)),
    ("max_pool_3x3", (0, 0, 2, 1, 0, 0)),
    ("skip_connect", (0, 0, 0, 0, 1, 0)),
  ],
)
def test_work_of_an_operator(operator, work):
  found = [
    each[operators.operator_id(operator)] for each in cell_physical.work()
  ]
  assert found == pytest.approx(work)


def test_nothing_from_input_to_output_is_zero():
  space = spaces.get_space("nb201")
  none = np.zeros((1, 6), np.int8)
  assert not tables.table(space, none, "physical").any()
  found, is_live = architectures.features(space, none)
  assert not found.any()
  assert not is_live.any()


def test_isomorphic_cells_are_equal(rng):
  space = spaces.get_space("nb201")
  cells = space.sample(500, rng)
  _, place = np.unique(space.fingerprint(cells), return_inverse=True)
  found = columns.of_kind(space, cells, "physical")
  mean = np.stack(
    [np.bincount(place, column) / np.bincount(place) for column in found.T]
  )
  np.testing.assert_allclose(mean[:, place], found.T, atol=1e-5)


def test_normal_cells_have_nine_tenths_of_the_weight(rng):
  space = spaces.get_space("darts")
  cells = space.sample(3, rng)
  normal, reduction = np.split(
    tables.table(space, cells, "physical"), 2, axis=1
  )
  found, is_live = architectures.features(space, cells)
  np.testing.assert_allclose(found, 0.9 * normal + 0.1 * reduction, rtol=1e-5)
  assert is_live.all()


def test_the_sets_of_features_hold_all_of_them():
  few, middle, rest = kernels.GROUPS
  assert len(few) == 15
  every = np.sort(np.concatenate([few, middle, rest]))
  np.testing.assert_array_equal(every, np.arange(len(cell_physical.NAMES)))
