"""Features of many architectures side by side, as models read them."""

import numpy as np
import own_space
import pytest
import tiny

import nasjax
from nasjax import errors
from nasjax.features import columns, reads

SPACE = nasjax.get_space("nb201")
WHAT = reads.Reads(("graph", "paths"), by_function=False)


@pytest.mark.slow
@pytest.mark.parametrize("num", [1, 2, 3, 8, 9, 40])
def test_they_are_those_of_the_models(num, rng):
  cells = SPACE.sample(num, rng)
  found = columns.side_by_side(SPACE, cells, WHAT)
  expected = np.asarray(WHAT.side_by_side(tiny.cells(SPACE, cells)))
  assert found.dtype == np.float32
  np.testing.assert_allclose(found, expected, atol=1e-5)


def test_more_cells_than_a_block(rng, monkeypatch):
  monkeypatch.setattr(columns, "_AT_ONCE", 8)
  cells = SPACE.sample(43, rng)
  together = columns.side_by_side(SPACE, cells, WHAT)
  parts = [
    columns.side_by_side(SPACE, cells[at : at + 5], WHAT)
    for at in range(0, 43, 5)
  ]
  np.testing.assert_allclose(together, np.concatenate(parts), atol=1e-5)


def test_few_programs_serve_all_numbers_of_cells(rng):
  columns._compiled.cache_clear()
  cells = SPACE.sample(60, rng)
  for num in range(33, 61, 3):
    columns.side_by_side(SPACE, cells[:num], WHAT)
  program = columns._compiled(SPACE, WHAT, True)
  assert program._cache_size() == 1


def test_functions_share_their_features():
  functions = SPACE.functions()
  assert functions is not None
  number = np.argmax(np.bincount(functions.numbers))
  names = SPACE.enumerate()[functions.numbers == number]
  what = reads.Reads(("graph",), by_function=True, node_order=False)
  found = columns.side_by_side(SPACE, names, what)
  assert np.ptp(found, axis=0).max() < 1e-6
  apart = reads.Reads(("graph",), by_function=False)
  assert np.ptp(columns.side_by_side(SPACE, names, apart), axis=0).max() > 0.1


def test_a_kind_that_a_space_has_not_is_one_line(rng):
  what = reads.Reads(("edges",), by_function=False)
  space = own_space.Chain()
  with pytest.raises(errors.UserError, match="edge"):
    columns.side_by_side(space, space.sample(3, rng), what)


def test_what_is_connected():
  cells = SPACE.parse(
    [
      "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|",
      "|none~0|+|none~0|none~1|+|skip_connect~0|none~1|none~2|",
      "|nor_conv_3x3~0|+|none~0|none~1|+|none~0|none~1|none~2|",
      "|nor_conv_3x3~0|+|none~0|none~1|+|none~0|avg_pool_3x3~1|none~2|",
    ]
  )
  found = columns.is_connected(SPACE, cells)
  assert found.tolist() == [False, True, False, True]
