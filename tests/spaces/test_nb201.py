"""NAS-Bench-201: notation, order, graph, isomorphism and counts."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from nasjax import errors, operators
from nasjax.spaces import nb201, wl_hash

SPACE = nb201.NB201()
ALL = SPACE.enumerate()
OFFICIAL = (
  "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+"
  "|skip_connect~0|nor_conv_3x3~1|nor_conv_3x3~2|"
)


def cells(*rows):
  return np.array(rows, np.int8)


def test_official_string_in_both_directions():
  genotypes = SPACE.parse([OFFICIAL, OFFICIAL.replace("skip_connect", "none")])
  assert genotypes.tolist() == [[3, 3, 3, 1, 3, 3], [3, 3, 3, 0, 3, 3]]
  assert genotypes.dtype == np.int8
  assert SPACE.format(genotypes)[0] == OFFICIAL


def test_parse_inverts_format_on_the_whole_space():
  np.testing.assert_array_equal(SPACE.parse(SPACE.format(ALL)), ALL)


def test_enumeration_is_lexicographic_and_complete():
  assert ALL.shape == (15625, 6)
  assert ALL[:2].tolist() == [[0] * 6, [0, 0, 0, 0, 0, 1]]
  assert ALL[5**5].tolist() == [1, 0, 0, 0, 0, 0]
  assert sorted(map(tuple, ALL)) == list(map(tuple, ALL))
  np.testing.assert_array_equal(SPACE.index(ALL), np.arange(15625))
  np.testing.assert_array_equal(SPACE.from_index([15624]), [[4] * 6])
  np.testing.assert_array_equal(SPACE.lookup_keys(ALL), np.arange(15625))


@pytest.mark.parametrize(
  ("index", "message"),
  [
    ([15625], "expected 0 .. 15624, got 15625"),
    ([-1], "got -1"),
    ([0.5], "expected integers"),
    (3, "shape"),
  ],
)
def test_bad_index(index, message):
  with pytest.raises(errors.UserError, match=message):
    SPACE.from_index(index)


@pytest.mark.parametrize(
  "arch",
  [
    "",
    OFFICIAL[1:],
    OFFICIAL.replace("~1", "~2", 1),
    OFFICIAL.replace("+", "", 1),
    OFFICIAL + "+|none~0|",
    OFFICIAL.replace("skip_connect", "skip~connect"),
    7,
    None,
  ],
)
def test_malformed_string_is_named_by_position(arch):
  with pytest.raises(errors.UserError, match="arch 1 of 'nb201': expected"):
    SPACE.parse([OFFICIAL, arch])


def test_unknown_operation_lists_the_known_ones():
  arch = OFFICIAL.replace("skip_connect", "conv_7x7")
  with pytest.raises(errors.UserError) as caught:
    SPACE.parse([arch])
  message = str(caught.value)
  assert "arch 0" in message
  assert "'conv_7x7'" in message
  assert "'avg_pool_3x3'" in message
  assert "\n" not in message


def test_one_string_instead_of_a_list():
  with pytest.raises(errors.UserError, match="expected a list"):
    SPACE.parse(OFFICIAL)


def test_encode_draws_the_line_graph():
  graph = jax.jit(SPACE.encode)(cells([3, 0, 1, 4, 2, 3], [0] * 6))
  names = [operators.operators()[i].name for i in graph.ops[0]]
  assert names == [
    "input",
    "conv_3x3",
    "none",
    "skip_connect",
    "avg_pool_3x3",
    "conv_1x1",
    "conv_3x3",
    "output",
  ]
  edges = {
    *[(0, 1), (0, 2), (0, 4)],  # input feeds 1<-0, 2<-0, 3<-0
    *[(1, 3), (1, 5), (2, 6), (3, 6)],  # into node 1, then out of it; node 2
    *[(4, 7), (5, 7), (6, 7)],
  }
  for adjacency in np.asarray(graph.adjacency):
    assert set(zip(*np.nonzero(adjacency), strict=True)) == edges
  assert graph.mask.sum() == 16
  assert not graph.channels.any()
  assert not graph.cell_type.any()


def test_dead_operations_do_not_change_the_fingerprint():
  # 1<-0 alone leads nowhere; neither does 3<-2 when nothing reaches node 2.
  same = cells(
    [0, 0, 0, 3, 0, 0],
    [2, 0, 0, 3, 0, 0],
    [2, 1, 4, 3, 0, 0],
    [0, 0, 0, 3, 1, 4],
    [0, 0, 3, 3, 0, 2],
  )
  assert len(set(SPACE.fingerprint(same))) == 1
  other = cells([0, 0, 0, 3, 0, 0], [0, 0, 0, 2, 0, 0], [3, 0, 0, 0, 1, 0])
  assert len(set(SPACE.fingerprint(other))) == 3


def test_swapping_two_unjoined_nodes_keeps_the_fingerprint():
  unjoined = ALL[ALL[:, 2] == 0]
  swapped = unjoined[:, [1, 0, 2, 3, 5, 4]]
  np.testing.assert_array_equal(
    SPACE.fingerprint(unjoined), SPACE.fingerprint(swapped)
  )
  joined = cells([2, 3, 1, 0, 1, 4])
  assert SPACE.fingerprint(joined) != SPACE.fingerprint(
    joined[:, [1, 0, 2, 3, 5, 4]]
  )


def live_nodes(adjacency, ops):
  """Nodes on an input-output path that avoids `none`, from the definition."""
  usable = np.asarray(ops) != operators.NONE
  steps = adjacency * usable[:, None] * usable
  forward = np.linalg.matrix_power(steps + np.eye(8), 8)
  return (forward[0] > 0) & (forward[:, 7] > 0) | np.isin(np.arange(8), [0, 7])


def test_fingerprint_agrees_with_the_graph_hash_on_the_whole_space():
  graph = SPACE.encode(jnp.asarray(ALL))
  ops, adjacency = np.asarray(graph.ops), np.asarray(graph.adjacency)
  mask = np.array([live_nodes(adjacency[0], row) for row in ops])
  hashes = wl_hash.dag_hash(adjacency, ops, mask)
  pairs = set(zip(hashes, SPACE.fingerprint(ALL), strict=True))
  assert len(pairs) == len(set(hashes)) == 8765
  assert len(np.unique(SPACE.fingerprint(ALL))) == 8765


def test_num_params_and_flops_by_hand():
  # No operation: stem 3*16*9 + 32, two residual blocks, head 128 + 650.
  block1 = 16 * 32 * 9 + 64 + 32 * 32 * 9 + 64 + 16 * 32
  block2 = 32 * 64 * 9 + 128 + 64 * 64 * 9 + 128 + 32 * 64
  bare = 432 + 32 + block1 + block2 + 128 + 650
  conv1 = 5 * (16**2 + 32**2 + 64**2 + 2 * (16 + 32 + 64))
  conv3 = 5 * (9 * (16**2 + 32**2 + 64**2) + 2 * (16 + 32 + 64))
  genotypes = cells([0] * 6, [2, 0, 0, 1, 4, 0], [3, 0, 3, 1, 4, 0])
  assert bare == 73306
  assert SPACE.num_params(genotypes).tolist() == [
    bare,
    bare + conv1,
    bare + 2 * conv3,
  ]
  fixed = 1024 * 432 + 256 * (4608 + 9216 + 512) + 64 * (18432 + 36864 + 2048)
  assert SPACE.flops(genotypes).tolist() == [
    fixed + 650,
    fixed + 650 + 15 * 1024 * 16**2,
    fixed + 650 + 2 * 15 * 1024 * 9 * 16**2,
  ]


def test_num_params_equal_the_published_ones(data_dir):
  cells_of_rows = np.load(data_dir / "nb201_full.npz")["ops"]
  table = np.load(data_dir / "nb201_zero_cost.npz")
  column = table["proxy_names"].tolist().index("params")
  published = np.round(table["cifar10"][:, column] * 1e6).astype(int)
  ours = SPACE.num_params(cells_of_rows[table["index"]])
  assert len(ours) == 9445
  np.testing.assert_array_equal(ours, published)


def test_counts_equal_the_complete_table(data_dir):
  # The table lists the networks with 100 classes, to 3 and 2 decimals. 150
  # rows are off by exactly one convolution, in both columns alike; where the
  # list above has those cells, it agrees with us.
  table = np.load(data_dir / "nb201_full.npz")
  off_params = SPACE.num_params(table["ops"], num_classes=100) / 1e6
  off_params -= table["params_M"]
  off_flops = SPACE.flops(table["ops"], num_classes=100) / 1e6
  off_flops -= table["flops_M"]
  wrong = np.abs(off_params) > 5.01e-4
  np.testing.assert_array_equal(wrong, np.abs(off_flops) > 5.01e-3)
  assert wrong.sum() == 150
  is_one = np.abs(np.abs(off_params[wrong]) - 0.028) < 6e-4
  is_three = np.abs(np.abs(off_params[wrong]) - 0.24304) < 6e-4
  assert (is_one | is_three).all()


def test_samples_are_uniform(rng):
  for codes in SPACE.sample(20_000, rng).T:
    share = np.bincount(codes, minlength=5) / 20_000
    assert np.abs(share * 5 - 1).max() < 0.1


def test_mutation_covers_exactly_the_neighbours(rng):
  cell = cells([0, 1, 2, 3, 4, 0])
  neighbours = SPACE.neighbours(cell[0])
  assert len(np.unique(neighbours, axis=0)) == 24
  assert ((neighbours != cell).sum(1) == 1).all()
  children = SPACE.mutate(np.tile(cell, (5_000, 1)), rng)
  assert set(map(bytes, children)) == set(map(bytes, neighbours))
  counts = np.unique(children, axis=0, return_counts=True)[1]
  assert np.abs(counts / 5_000 * 24 - 1).max() < 0.3


def test_crossover_takes_each_edge_from_either_parent(rng):
  first, second = np.zeros((4_000, 6), np.int8), np.ones((4_000, 6), np.int8)
  children = SPACE.crossover(first, second, rng)
  assert len(np.unique(children, axis=0)) == 64
  assert np.abs(children.mean(0) - 0.5).max() < 0.05


def test_genotypes_are_checked():
  with pytest.raises(errors.UserError, match="expected shape"):
    SPACE.fingerprint(np.zeros((2, 5), np.int8))
  with pytest.raises(errors.UserError, match="expected integers"):
    SPACE.num_params(np.zeros((2, 6)))
  with pytest.raises(errors.UserError, match="genotype 1 is not a cell"):
    SPACE.format(cells([0] * 6, [0, 0, 0, 0, 0, 5]))
