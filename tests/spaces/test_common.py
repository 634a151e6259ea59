"""What every registered search space promises, on random cells."""

import jax
import numpy as np
import own_space
import pytest

from nasjax import errors, operators
from nasjax.spaces import registry

NUM = 200


@pytest.fixture(params=registry.known_names())
def named(request):
  return registry.get_space(request.param)


@pytest.fixture(params=[*registry.known_names(), own_space.Chain.name])
def space(request):
  if request.param == own_space.Chain.name:
    return registry.register_space(own_space.Chain())
  return registry.get_space(request.param)


def test_unknown_space_lists_the_known_ones():
  with pytest.raises(errors.UserError, match="'nb101', 'nb201', 'darts'"):
    registry.get_space("nb102")


def test_registered_under_its_name(space):
  assert registry.get_space(space.name) is space
  assert space.op_names


def test_samples_are_valid_and_follow_the_generator(space, rng):
  genotypes = space.sample(NUM, rng)
  assert genotypes.shape == (NUM, space.genotype_length)
  assert genotypes.dtype == np.int8
  assert space.is_valid(genotypes).all()
  again = space.sample(NUM, np.random.default_rng(0))
  np.testing.assert_array_equal(genotypes, again)
  other = space.sample(NUM, np.random.default_rng(1))
  assert (genotypes != other).any()


def test_notation_round_trip(space, rng):
  genotypes = space.sample(NUM, rng)
  texts = space.format(genotypes)
  parsed = space.parse(texts)
  assert space.format(parsed) == texts
  for keys in (space.lookup_keys, space.fingerprint):
    np.testing.assert_array_equal(keys(parsed), keys(genotypes))


def test_mutation_changes_every_cell_into_a_neighbour(space, rng):
  genotypes = space.sample(NUM, rng)
  before = genotypes.copy()
  children = space.mutate(genotypes, rng)
  np.testing.assert_array_equal(genotypes, before)
  assert children.dtype == np.int8
  assert space.is_valid(children).all()
  assert (children != genotypes).any(1).all()
  for parent, child in zip(genotypes[:20], children[:20], strict=True):
    assert (space.neighbours(parent) == child).all(1).any()


def test_neighbours_are_distinct_cells(space, rng):
  for genotype in space.sample(5, rng):
    around = space.neighbours(genotype)
    assert around.dtype == np.int8
    assert len(around) >= 8
    assert space.is_valid(around).all()
    assert len(np.unique(around, axis=0)) == len(around)
    assert not (around == genotype).all(1).any()


def test_crossover_gives_valid_cells_and_keeps_equal_parents(space, rng):
  first, second = space.sample(NUM, rng), space.sample(NUM, rng)
  child = space.crossover(first, second, rng)
  assert child.shape == first.shape
  assert child.dtype == np.int8
  assert space.is_valid(child).all()
  assert (child != first).any()
  assert (child != second).any()
  same = space.crossover(first, first, rng)
  np.testing.assert_array_equal(
    space.fingerprint(same), space.fingerprint(first)
  )


def test_hashes_do_not_depend_on_the_batch(space, rng):
  genotypes = space.sample(20, rng)
  for keys in (space.fingerprint, space.lookup_keys):
    hashes = keys(genotypes)
    assert hashes.dtype == np.uint64
    assert hashes.shape == (20,)
    alone = [keys(row[None])[0] for row in genotypes]
    np.testing.assert_array_equal(hashes, alone)
  assert len(set(space.fingerprint(genotypes))) > 15


def test_counts_are_positive_integers(named, rng):
  space = named
  genotypes = space.sample(NUM, rng)
  for counts in (space.num_params(genotypes), space.flops(genotypes)):
    assert counts.dtype == np.int64
    assert counts.shape == (NUM,)
    assert counts.min() > 10_000
    assert len(np.unique(counts)) > 10
  none = space.parse([])
  assert space.num_params(none).shape == space.flops(none).shape == (0,)


def test_encoded_cells_are_padded_dags(space, rng):
  genotypes = space.sample(NUM, rng)
  cells = jax.tree.map(np.asarray, jax.jit(space.encode)(genotypes))
  n = space.num_nodes
  assert cells.ops.dtype == np.int32
  assert [x.shape[1:] for x in cells] == [(n,), (n, 2), (n,), (n, n), (n,)]
  for values in cells[1:]:
    assert values.dtype == np.float32
  assert set(np.unique(cells.mask)) <= {0, 1}
  assert set(np.unique(cells.adjacency)) == {0, 1}
  assert set(np.unique(cells.cell_type)) <= {0, 1}
  real = cells.mask[:, :, None] * cells.mask[:, None, :]
  assert not (cells.adjacency * (1 - real)).any()
  assert not (cells.ops * (1 - cells.mask)).any()
  assert not (cells.channels * (1 - cells.mask)[..., None]).any()
  assert not np.linalg.matrix_power(cells.adjacency, n).any()
  assert cells.ops.max() < len(operators.operators())
  is_input = (cells.ops == operators.INPUT) & (cells.mask > 0)
  is_output = cells.ops == operators.OUTPUT
  assert is_output.any(1).all()
  assert not cells.adjacency.transpose(0, 2, 1)[is_input].any()
  assert not cells.adjacency[is_output].any()


def test_encoding_does_not_depend_on_the_batch_or_on_jit(space, rng):
  genotypes = space.sample(4, rng)
  together = space.encode(genotypes)
  alone = jax.jit(space.encode)(genotypes[2:3])
  for one, all_rows in zip(alone, together, strict=True):
    np.testing.assert_array_equal(one[0], all_rows[2])


def test_empty_batches(space, rng):
  none = space.parse([])
  assert none.shape == (0, space.genotype_length)
  assert space.sample(0, rng).shape == none.shape
  assert space.mutate(none, rng).shape == none.shape
  assert space.crossover(none, none, rng).shape == none.shape
  assert space.format(none) == []
  for values in (space.fingerprint, space.lookup_keys):
    assert values(none).shape == (0,)
  assert space.encode(none).adjacency.shape[0] == 0


def test_check_names_the_mistake(space, rng):
  genotypes = space.sample(3, rng)
  bad = genotypes.copy()
  bad[1, -1] = 100
  mistakes = [
    (genotypes[0], "expected shape"),
    (genotypes[:, 1:], "expected shape"),
    (genotypes.astype(np.float32), "expected integers"),
    (bad, "genotype 1 is not a cell"),
    (bad.astype(np.int64) * 1000, "genotype 0 is not a cell"),
  ]
  for wrong, message in mistakes:
    with pytest.raises(errors.UserError, match=message) as caught:
      space.check(wrong)
    assert "\n" not in str(caught.value)


def test_too_large_a_space_is_not_enumerated():
  with pytest.raises(errors.UserError, match="sample it instead"):
    registry.get_space("darts").enumerate()
