"""Cells that compute the same function: numbers, representatives, features."""

import jax.numpy as jnp
import numpy as np
import pytest
import tiny

from nasjax import errors
from nasjax.spaces import nb201
from nasjax.spaces import registry as spaces

SPACE = nb201.NB201()
FUNCTIONS = SPACE.functions()
CELLS = SPACE.enumerate()


def _number(operations):
  """Number of the function of six operations, e.g. `"s-3--p"`."""
  codes = ["-s13p".index(operation) for operation in operations]
  return FUNCTIONS.numbers[SPACE.index(np.array([codes]))[0]]


def _outputs(cells, rng):
  """Runs cells `[n, 6]` on one vector; each kind of convolution is one map."""
  width = 5
  pool, point, conv = rng.normal(size=(3, width, width)) / width**0.5
  maps = (
    np.zeros_like,
    lambda x: x,
    lambda x: np.tanh(x @ point),
    lambda x: np.tanh(x @ conv),
    lambda x: x @ pool,
  )
  states = [np.broadcast_to(rng.normal(size=width), (len(cells), width))]
  for node in (1, 2, 3):
    total = np.zeros((len(cells), width))
    for edge, (source, target) in enumerate(nb201.EDGES):
      if target == node:
        applied = np.stack([apply(states[source]) for apply in maps])
        total += applied[cells[:, edge], np.arange(len(cells))]
    states.append(total)
  return states[-1]


def test_cells_of_one_function_compute_the_same(rng):
  cells = FUNCTIONS.cells[FUNCTIONS.numbers]
  first, second = (
    _outputs(each, np.random.default_rng(3)) for each in (CELLS, cells)
  )
  np.testing.assert_allclose(first, second, atol=1e-12)


def test_there_are_5044_functions():
  assert len(FUNCTIONS.cells) == 5044
  np.testing.assert_array_equal(np.unique(FUNCTIONS.numbers), np.arange(5044))
  # Isomorphic cells always have one function.
  pairs = np.stack([SPACE.fingerprint(CELLS), FUNCTIONS.numbers], axis=1)
  assert len(np.unique(pairs, axis=0)) == 8765


@pytest.mark.parametrize(
  ("one", "two", "same"),
  [
    ("s-3--s", "-3---s", True),  # node 1 is the input under another name
    ("pps--3", "spp--3", True),  # pooling before a sum, or behind it
    ("pss--3", "ssp--3", True),  # the input as it is and pooled, added up
    ("------", "333---", True),  # nothing leads to the output
    ("33--ss", "3-s-ss", False),  # two convolutions, or one counted twice
    ("p33--s", "pss--3", False),  # convolutions of two tensors, or of the sum
    ("sss--3", "-s---3", False),  # the input counted twice, or once
    ("---1--", "---3--", False),
    ("p---s-", "p---p-", False),  # one pooling, two poolings
  ],
)
def test_which_functions_are_equal(one, two, same):
  assert (_number(one) == _number(two)) == same


def test_the_representative_has_the_fewest_operations():
  own = SPACE.index(FUNCTIONS.cells)
  np.testing.assert_array_equal(FUNCTIONS.numbers[own], np.arange(5044))
  live = SPACE.canonical(CELLS)
  fewest = np.full(5044, 9)
  np.minimum.at(fewest, FUNCTIONS.numbers, np.sum(live > 0, axis=1))
  np.testing.assert_array_equal(np.sum(FUNCTIONS.cells > 0, axis=1), fewest)


def test_rows_are_indices(rng):
  cells = SPACE.sample(50, rng)
  np.testing.assert_array_equal(
    SPACE.rows(jnp.asarray(cells)), SPACE.index(cells)
  )


def test_graphs_of_functions_have_mean_features(rng):
  chosen = FUNCTIONS.numbers[SPACE.index(SPACE.sample(1, rng))[0]]
  members = CELLS[FUNCTIONS.numbers == chosen]
  drawn = tiny.cells(SPACE, members, by_function=True)
  own = tiny.cells(SPACE, members).features["graph"]
  np.testing.assert_allclose(
    drawn.features["graph"],
    np.broadcast_to(np.mean(own, axis=0), own.shape),
    atol=1e-5,
  )
  repeated = np.repeat(FUNCTIONS.cells[[chosen]], len(members), axis=0)
  representative = tiny.cells(SPACE, repeated)
  for field in ("ops", "details", "adjacency", "mask"):
    np.testing.assert_array_equal(
      getattr(drawn, field), getattr(representative, field)
    )


def test_other_spaces_do_not_tell(rng):
  assert spaces.get_space("nb101").functions() is None
  space = spaces.get_space("darts")
  assert space.functions() is None
  with pytest.raises(errors.UserError, match="does not number its cells"):
    space.rows(jnp.zeros((1, space.genotype_length)))
  with pytest.raises(errors.UserError, match="compute the same function"):
    tiny.cells(space, space.sample(2, rng), by_function=True)
