"""The operator table."""

import numpy as np
import pytest

from nasjax import errors, operators


def test_names_are_unique_and_ids_are_positions():
  names = [operator.name for operator in operators.operators()]
  assert len(set(names)) == len(names)
  np.testing.assert_array_equal(
    operators.operator_ids(names), np.arange(operators.NUM_BUILT_IN)
  )
  assert names[operators.INPUT] == "input"
  assert names[operators.OUTPUT] == "output"
  assert names[operators.NONE] == "none"


def test_detail_by_hand():
  table = operators.detail_table()
  conv = table[operators.operator_id("conv_3x3")]
  # height, width, padding, stride, dilation over 4; depthwise; repeats over 2
  np.testing.assert_allclose(conv[:7], [0.75, 0.75, 0.25, 0.25, 0.25, 0, 0.5])
  dilated = table[operators.operator_id("dil_conv_5x5")]
  np.testing.assert_allclose(dilated[:7], [1.25, 1.25, 1, 0.25, 0.5, 1, 0.5])
  pool = table[operators.operator_id("avg_pool_3x3")]
  np.testing.assert_allclose(pool[7:12], [0, 1, 0.75, 0.25, 0.25])
  for name in ("input", "output", "none", "skip_connect"):
    assert not table[operators.operator_id(name)].any()


def test_details_tell_all_other_operators_apart():
  table = operators.detail_table()
  rows = table[table.any(axis=1)]
  assert len(np.unique(rows, axis=0)) == len(rows) == 8


def test_unknown_operator():
  with pytest.raises(errors.UserError, match="unknown operator 'conv_9x9'"):
    operators.operator_id("conv_9x9")
